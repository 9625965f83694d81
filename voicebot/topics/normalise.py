"""From an utterance, as a recogniser or a chat writes it, to plain tokens.

Letters are folded to ASCII (chats and some ears leave diacritics out), number words become digits, and the names of
forms become one token: "pit trzydzieści siedem", "PIT-37" and "pit 37" all give ``pit pit37``.
"""

import re
import unicodedata
from collections.abc import Iterator

_FOLD = str.maketrans("ąćęłńóśźż", "acelnoszz")
_WORD = re.compile(r"[^\W_]+")
_LETTER_DIGIT = re.compile(r"(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])")

_UNITS = {
    1: "jeden jedna jedno jednego jednej jedynka jedynke jedynki",
    2: "dwa dwie dwoch dwu dwom dwojka dwojke dwojki",
    3: "trzy trzech trzem trojka trojke trojki",
    4: "cztery czterech czterem czworka czworke czworki",
    5: "pięć pieciu piatka piatke piatki",
    6: "szesc szesciu szostka szostke szostki",
    7: "siedem siedmiu siodemka siodemke siodemki",
    8: "osiem osmiu osemka osemke osemki",
    9: "dziewiec dziewieciu dziewiatka dziewiatke dziewiatki",
}
_TEENS = {
    10: "dziesiec dziesieciu dziesiatka dziesiatke dziesiatki",
    11: "jedenascie jedenastu jedenastka jedenastke jedenastki",
    12: "dwanascie dwunastu dwunastka",
    13: "trzynascie trzynastu",
    14: "czternascie czternastu",
    15: "pietnascie pietnastu",
    16: "szesnascie szesnastu",
    17: "siedemnascie siedemnastu",
    18: "osiemnascie osiemnastu",
    19: "dziewietnascie dziewietnastu",
}
_TENS = {
    20: "dwadziescia dwudziestu dwudziestka",
    30: "trzydziesci trzydziestu trzydziestka trzydziestke trzydziestki",
    40: "czterdziesci czterdziestu czterdziestka czterdziestke",
    50: "piecdziesiat piecdziesieciu",
    60: "szescdziesiat szescdziesieciu",
    70: "siedemdziesiat siedemdziesieciu",
    80: "osiemdziesiat osiemdziesieciu",
    90: "dziewiecdziesiat dziewiecdziesieciu",
}
_HUNDREDS = {
    100: "sto stu setka",
    200: "dwiescie dwustu",
    300: "trzysta trzystu",
    400: "czterysta czterystu",
    500: "piecset pieciuset",
    600: "szescset szesciuset",
    700: "siedemset siedmiuset",
    800: "osiemset osmiuset",
    900: "dziewiecset dziewieciuset",
}
_SCALES = {
    1000: "tysiac tysiaca tysiace tysiecy tysiacem tysiacach tys kafli",
    1000000: "milion miliona miliony milionow",
}
_NUMBERS = {
    word: value
    for table in (_UNITS, _TEENS, _TENS, _HUNDREDS, _SCALES)
    for value, words in table.items()
    for word in words.split()
}

_FORMS = {"pit", "pcc", "nip", "zap", "ppo", "upl", "opl", "pps", "sd", "cit"}
_SUFFIXES = {"c": "c", "ce": "c", "l": "l", "el": "l", "zg": "zg", "dz": "dz", "op": "op", "r": "r"}
_ALIASES = {
    "pity": "pit", "pita": "pit", "peity": "pit",
    "pitu": "pit", "picie": "pit", "pitem": "pit", "pitow": "pit", "pitach": "pit", "pitami": "pit",
    "epity": "epit", "epitu": "epit", "epicie": "epit", "epitem": "epit", "ipit": "epit", "ipitu": "epit",
    "pecece": "pcc", "pececze": "pcc", "pcct": "pcc", "zet": "z",
    "wat": "vat", "watu": "vat", "vatu": "vat", "vatem": "vat",
    "usie": "eurzad", "eusie": "eurzad", "esd": "sd", "esde": "sd", "kaesef": "ksef", "jotpeka": "jpk",
    "tys": "tysiecy", "zl": "zlotych", "zlote": "zlotych", "zloty": "zlotych", "proc": "procent", "procenta": "procent",
    "us": "urzad", "konsutant": "konsultant",
    "jo": "ja", "niy": "nie", "kaj": "gdzie", "kany": "gdzie", "wiela": "ile", "kedy": "kiedy", "kej": "kiedy",
    "teroz": "teraz", "tera": "teraz", "dej": "daj", "dejcie": "dajcie", "mom": "mam", "mosz": "masz", "musza": "musze",
    "moga": "moge", "chca": "chce", "robia": "robie", "kupuja": "kupuje", "sprzedaja": "sprzedaje", "placa": "place",
    "ino": "tylko", "tyn": "ten", "kery": "ktory", "kerego": "ktorego", "kere": "ktore", "fto": "kto",
    "trza": "trzeba", "piyndze": "pieniadze", "piyniadze": "pieniadze", "piniadze": "pieniadze", "cosik": "cos",
    "papior": "papier", "papiory": "papiery", "chop": "maz", "rajchu": "niemiec", "nazod": "spowrotem", "lo": "dla",
    "przedol": "sprzedal", "przedolech": "sprzedalem", "bajtel": "dziecko", "bajtla": "dziecko", "bajtle": "dzieci",
    "godac": "rozmawiac", "pedziec": "powiedziec", "zaboczyl": "zapomnial", "zabocyl": "zapomnial",
}  # fmt: skip
_PHRASES = (
    (("e", "pit"), "epit"), (("i", "pit"), "epit"), (("e", "pity"), "epit"), (("moj", "pit", "online"), "epit"),
    (("e", "urzad"), "eurzad"), (("e", "urzedu"), "eurzad"), (("e", "urzedzie"), "eurzad"), (("e", "us"), "eurzad"),
    (("e", "urzedem"), "eurzad"),
    (("tele", "pin"), "telepin"), (("tele", "pinu"), "telepin"), (("tele", "pina"), "telepin"),
    (("p", "c", "c"), "pcc"), (("pe", "ce", "ce"), "pcc"), (("pe", "cece"), "pcc"), (("pece", "ce"), "pcc"),
    (("fau", "a", "te"), "vat"), (("wu", "a", "te"), "vat"), (("u", "pe", "o"), "upo"), (("ka", "er", "es"), "krs"),
    (("p", "i", "t"), "pit"), (("pe", "i", "te"), "pit"), (("es", "de"), "sd"), (("zet", "gie"), "zg"),
    (("z", "g"), "zg"), (("de", "zet"), "dz"), (("d", "z"), "dz"), (("o", "p"), "op"),
    (("ka", "es", "ef"), "ksef"), (("jot", "pe", "ka"), "jpk"), (("i", "ka", "ze"), "ikze"), (("ik", "ze"), "ikze"),
    (("m", "obywatel"), "mobywatel"), (("em", "obywatel"), "mobywatel"), (("m", "obywatela"), "mobywatel"),
)  # fmt: skip
_BEGINNING = {parts[0]: [pair for pair in _PHRASES if pair[0][0] == parts[0]] for parts, _ in _PHRASES}
_BROAD = re.compile(r"(?<=[bcdfghklmnprstwzłśżźćń])oł(?=$|a?ch$|em$)")
"""The broad "a" of Silesia and Lesser Poland in verbs of the past: "dostoł", "składoł"."""
_FILLERS = frozenset(
    {"zech", "y", "yy", "yyy", "yyyy", "e", "ee", "eee", "eeee", "hm", "hmm", "mm", "mmm", "ekhm", "aha"}
)
_COURTESY = (("dzien", "dobry"), ("prosze", "pani"), ("prosze", "pana"), ("prosze", "panstwa"), ("no", "wiec"))
_AFTER_FIVE = frozenset({"zlotych", "zlotowek", "euro", "dolarow", "tysiecy", "lat", "procent", "dni", "osob"})
"""After these "piec" without its diacritics is five; elsewhere it is a furnace."""


def fold(text: str) -> str:
    """Lower-case ASCII letters; other signs are kept."""
    text = unicodedata.normalize("NFC", text).lower().translate(_FOLD)
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def normalise(text: str) -> list[str]:
    """Tokens of ``text``; none for silence. Fillers and courtesies go, unless nothing else is there."""
    words = [_ALIASES.get(word, word) for word in _joined(list(_words(text)))]
    tokens = list(_forms(list(_numbers(words))))
    plain = [token for token in _without_courtesy(tokens) if token not in _FILLERS]
    return plain or tokens


def _words(text: str) -> Iterator[str]:
    lowered = unicodedata.normalize("NFC", text).lower()
    for match in _WORD.finditer(lowered):
        word = match.group()
        yield from [word] if word == "pięć" else _LETTER_DIGIT.sub(" ", fold(_BROAD.sub("ał", word))).split()


def _joined(words: list[str]) -> Iterator[str]:
    plain = [_ALIASES.get(word, word) for word in words]
    at = 0
    while at < len(words):
        for parts, whole in _BEGINNING.get(words[at], _BEGINNING.get(plain[at], ())):
            after = at + len(parts)
            if tuple(plain[at:after]) == parts or tuple(words[at:after]) == parts:
                yield whole
                at = after
                break
        else:
            yield words[at]
            at += 1


def _numbers(words: list[str]) -> Iterator[str]:
    """Runs of number words as one number each: "sto dwadzieścia tysięcy" is 120000, "trzy cztery" stays two."""
    total = current = 0
    inside = False
    for at, word in enumerate(words):
        value = int(word) if word.isdigit() and len(word) < 9 else _NUMBERS.get(word)
        if word == "piec" and (at + 1 < len(words) and words[at + 1] in _AFTER_FIVE):
            value = 5
        if value is None:
            if inside:
                yield str(total + current)
            total = current = 0
            inside = False
            yield word
        elif value in _SCALES:
            total, current = total + (current or 1) * value, 0
            inside = True
        elif not inside or _continues(current, value):
            current += value
            inside = True
        else:
            yield str(total + current)
            total, current = 0, value
    if inside:
        yield str(total + current)


def _continues(current: int, value: int) -> bool:
    if current == 0:
        return True
    if value < 10:
        return current % 10 == 0 and current % 100 != 10
    return value < 100 and current % 100 == 0


def _forms(tokens: list[str]) -> Iterator[str]:
    at = 0
    while at < len(tokens):
        word, following = tokens[at], tokens[at + 1 : at + 3]
        yield word
        at += 1
        if word == "sd" and following[:1] == ["z"]:
            yield "sdz2"
            at += 2 if following[1:] == ["2"] else 1
        elif word in _FORMS and following and following[0].isdigit() and len(following[0]) <= 2:
            suffix = _suffix(word, following, tokens[at - 2] if at > 1 else "", at + 2 >= len(tokens))
            yield word + following[0] + suffix
            at += 2 if suffix else 1
        elif word == "pit" and following and following[0] in ("zg", "dz", "op"):
            yield word + following[0]
            at += 1
        elif word.isdigit() and int(word) > 99:
            yield f"_n{len(word)}"


def _suffix(form: str, following: list[str], before: str, last: bool) -> str:
    """The letter of a form's name. "a" is one only where it cannot be the word for "and"."""
    if len(following) < 2:
        return ""
    letter = following[1]
    if letter == "a":
        return "a" if last or following[0] == "40" or before.startswith(("zalaczn", "druk")) else ""
    return _SUFFIXES.get(letter, "") if form == "pit" else ""


def _without_courtesy(tokens: list[str]) -> Iterator[str]:
    at = 0
    while at < len(tokens):
        if tuple(tokens[at : at + 2]) in _COURTESY:
            at += 2
        else:
            yield tokens[at]
            at += 1
