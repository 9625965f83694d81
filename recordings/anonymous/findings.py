"""What in a sentence may tell who somebody is: names, numbers, amounts, addresses, e-mails.

Rules, not a model: what they find is replaced; what they only suspect is a doubt, and a doubt is for a person to
settle. They cannot find a name that is written small, is no first name, follows no "nazywam się" and ends like any
word; so a transcript made by a person goes before one made by the ear.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from voicebot.numerals import WORDS, fold
from voicebot.redaction import MARK

Kind = Literal["osoba", "numer", "kwota", "adres", "e-mail"]
_WORD = re.compile(r"\[[^\]]*\]|[^\s,;:!?\"„”()]+")
_MONEY = re.compile(r"^(zl|zlot\w*|euro|eur|dolar\w*|grosz\w*|gr)$")
_THOUSANDS = re.compile(r"^(tys|tysi\w*|milion\w*|mln)$")
_FORMS = frozenset("pit pcc vat cit sd zap upl ops ift zaw psd jpk ord art artykul".split())  # noqa: SIM905
_YEAR = re.compile(r"^(19|20)\d\d$")
_STREET = frozenset("ulica ulicy ulice ul aleja alei aleje al osiedle osiedlu os plac placu pl".split())  # noqa: SIM905
_INTRODUCES = (("nazywam", "sie"), ("na", "imie"), ("nazwisko",), ("mowi",), ("tej", "strony"), ("imieniu",))
_LINKS = frozenset("to jest pan pani pana panstwo z tej strony".split())  # noqa: SIM905
_SURNAME = re.compile(
    r"(sk|ck|dzk)(i|a|iego|iej|iemu|im|iej|ich|imi)$|(wicz|czyk|czuk|szczak|owiak)(a|owi|em|ow|ami)?$"
)
_FIRST_NAMES = """
adam adrian agata agnieszka aleksand alicj alin andrzej aneta ann antoni arkadiusz artur barbar bartosz beata bogdan
bogumil bogusla boleslaw bozen bronislaw cecyli cezary czeslaw damian daniel dariusz dawid diana dominik dorot edward
edyt elzbiet emili ew ewelin fabian felicj feliks filip franciszek gabriel genowef grazyn grzegorz halin hann helen
henryk hubert iga ignacy iren ireneusz iwon izabel jacek jadwig jakub jan janin janusz jaroslaw jerzy joann jolant
jozef julia julian justyn kacper kamil karol karolin katarzyn kazimierz kinga klaudi konrad krystian krystyn krzysztof
lech leszek lidi lilian lucyn lukasz maciej magdalen malgorzat marcel marcin marek mari marian mariusz mart mateusz
michal mieczyslaw mikolaj miroslaw monik natali nikol norbert oliwi oskar patryk pawel piotr przemyslaw radoslaw rafal
regin renat robert roman ryszard sabin sebastian slawomir stanislaw stefan sylwi szymon tadeusz teres tomasz urszul
wacla waldemar wand weronik wieslaw wiktor wiktori witold wladyslaw wojciech zbigniew zdzislaw zofi zuzann zygmunt
""".split()  # noqa: SIM905
_ENDINGS = re.compile(r"(iego|iemu|owie|ego|emu|ach|ami|imi|iej|ich|owi|iem|ie|em|ym|im|ej|om|ow|ia|ii|io|[aeiouy])$")
_NAMES = {_ENDINGS.sub("", name) if len(name) > 5 else name for name in _FIRST_NAMES}


@dataclass(frozen=True)
class Found:
    """Something to replace: letters ``start`` to ``end`` of the sentence."""

    kind: Kind
    start: int
    end: int
    text: str


@dataclass
class Sentence:
    """A sentence with what was ``found``, in order, and ``doubts``: words that may be a name."""

    text: str
    found: list[Found] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


class Finder:
    """``known`` are names of persons that the call itself has told; ``vocabulary`` (folded) are words of the hotline's
    own business, which are nobody's name; ``kept`` (folded) are words that a person has judged to be none."""

    def __init__(self, known: Sequence[str] = (), vocabulary: Collection[str] = (), kept: Collection[str] = ()) -> None:
        self._known = [stem(word) for name in known for word in name.split() if len(word) > 2]
        self._vocabulary, self._kept = vocabulary, {fold(word) for word in kept}

    def find(self, text: str) -> Sentence:
        """What is in ``text``. Words in braces are found whatever they are: somebody has marked them."""
        words = [_word(text, match.start(), match.end()) for match in _WORD.finditer(text)]
        taken: dict[int, Kind] = {}
        for places, kind in self._kinds(words):
            for place in places:
                taken.setdefault(place, kind)
        sentence = Sentence(text)
        for place in sorted(taken):
            word, last = words[place], sentence.found[-1] if sentence.found else None
            if last is not None and last.kind == taken[place] and place - 1 in taken:
                start = last.start
                sentence.found[-1] = Found(last.kind, start, word.end, text[start : word.end])
            else:
                sentence.found.append(Found(taken[place], word.start, word.end, text[word.start : word.end]))
        sentence.doubts = [word.text for place, word in enumerate(words) if self._doubted(place, words, taken)]
        return sentence

    def _kinds(self, words: "Sequence[_Word]") -> Iterator[tuple[Sequence[int], Kind]]:
        yield from _marked(words)
        for place, word in enumerate(words):
            if "@" in word.text or word.folded == "malpa":
                yield (
                    range(max(0, place - 2), min(len(words), place + 4)) if word.folded == "malpa" else [place],
                    "e-mail",
                )
            if word.text == MARK:
                yield [place], "numer"
        yield from _numbers(words)
        for place, word in enumerate(words):
            if word.folded in _STREET:
                yield self._names_from(place + 1, words, 3, digits=True), "adres"
            if self._is_name(word):
                yield [place, *self._names_from(place + 1, words, 1)], "osoba"
            for phrase in _INTRODUCES:
                if tuple(one.folded for one in words[place : place + len(phrase)]) == phrase:
                    first = place + len(phrase)
                    while first < len(words) and words[first].folded in _LINKS:
                        first += 1
                    yield self._names_from(first, words, 3), "osoba"

    def _is_name(self, word: "_Word") -> bool:
        if word.folded in self._kept:
            return False
        if stem(word.text) in self._known:
            return True
        return word.folded not in self._vocabulary and _ENDINGS.sub("", word.folded) in _NAMES and len(word.folded) > 2

    def _names_from(self, first: int, words: "Sequence[_Word]", most: int, digits: bool = False) -> list[int]:
        """The places from ``first`` on of words that are nobody's everyday words, or are written as names are."""
        places = []
        for place in range(first, min(first + most, len(words))):
            word = words[place]
            written = word.text[:1].isupper() and not word.text.isupper() and not word.begins
            if word.folded in self._kept or (word.folded in self._vocabulary and not written):
                break
            if any(map(str.isdigit, word.text)) and not digits:
                break
            if len(word.folded) < 3 and not digits:
                break
            places.append(place)
        return places

    def _doubted(self, place: int, words: "Sequence[_Word]", taken: Collection[int]) -> bool:
        word = words[place]
        if place in taken or word.folded in self._vocabulary or word.folded in self._kept or len(word.folded) < 3:
            return False
        capital = word.text[:1].isupper() and not word.text.isupper() and not word.begins
        return capital or _SURNAME.search(word.folded) is not None


@dataclass(frozen=True)
class _Word:
    text: str
    start: int
    end: int
    begins: bool = False

    @property
    def folded(self) -> str:
        return fold(self.text.strip("{}[]."))


def _word(text: str, start: int, end: int) -> _Word:
    shown = text[start:end].strip(".-–…")
    first = start + text[start:end].find(shown)
    return _Word(shown, first, first + len(shown), not text[:start].strip() or text[:start].rstrip()[-1] in ".?!…")


def stem(word: str) -> str:
    """What a name's forms have in common."""
    folded = fold(word)
    short = _ENDINGS.sub("", folded)
    return short if len(short) > 2 else folded


def _marked(words: Sequence[_Word]) -> Iterator[tuple[Sequence[int], Kind]]:
    inside = False
    for place, word in enumerate(words):
        inside = inside or word.text.startswith("{")
        if inside:
            yield [place], "numer" if any(map(str.isdigit, word.text)) else "osoba"
        inside = inside and "}" not in word.text


def _numbers(words: Sequence[_Word]) -> Iterator[tuple[Sequence[int], Kind]]:
    place = 0
    while place < len(words):
        run = [place]
        while run[-1] < len(words) and _numeral(words[run[-1]]):
            run.append(run[-1] + 1)
        following = words[run[-1]].folded if run[-1] < len(words) else ""
        places = run[:-1]
        if places and (_MONEY.match(following) or any(_THOUSANDS.match(words[one].folded) for one in places)):
            yield places, "kwota"
        elif len(places) >= 3 or any(_long(words, one) for one in places):
            yield places, "numer"
        place = run[-1] + 1


def _numeral(word: _Word) -> bool:
    return any(map(str.isdigit, word.text)) or word.folded in WORDS or bool(_THOUSANDS.match(word.folded))


def _long(words: Sequence[_Word], place: int) -> bool:
    """Whether a word has so many digits that they may mean somebody; years and names of forms do not."""
    word, before = words[place], words[place - 1].folded if place else ""
    digits = re.sub(r"\D", "", word.text)
    form = re.match(r"[a-z]+", word.folded)
    if before in _FORMS or (form is not None and form.group() in _FORMS) or _YEAR.match(word.text):
        return False
    return len(digits) >= 3
