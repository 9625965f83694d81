"""In whose case somebody calls, as people say it, and how the name of a principal is spoken.

The own case is taken only from an utterance that is about nothing else (``clearly_own``): whose case it is that is
called "mojej sąsiadki", no list of nouns knows.
"""

# ruff: noqa: SIM905 - word lists are read and edited as text

import re
from collections import Counter
from collections.abc import Iterator

from .events import Party
from .node import NONE

OWN, NUMBER, MORE, BACK = "own", "number", "more", "back"
"""Readings of the question besides the principals' references."""

Words = dict[str, tuple[str, ...]]

_OWN = tuple(
    "własnej,swojej,mojej,siebie,dla mnie,o mnie,w swoim imieniu,w moim imieniu,ja sam,ja sama,prywatnej,prywatnie,"
    "osobistej,osobiście".split(",")
)
_WOMEN = tuple(
    "matki,żony,córki,siostry,babci,wnuczki,teściowej,cioci,ciotki,szwagierki,synowej,bratowej,kuzynki".split(",")
)
_MEN = tuple("taty,ojca,ojciec,męża,mąż,syna,brata,dziadka,dziadek,wnuka,teścia,wujka,szwagra,zięcia,kuzyna".split(","))
_OTHERS = tuple(
    "rodziców,partnera,partnerki,narzeczonej,dziecka,sąsiada,sąsiadki,znajomego,znajomej,kolegi,koleżanki,przyjaciela,"
    "przyjaciółki,szefa,szefowej,podopiecznego,podopiecznej".split(",")
)
"""Somebody else who need not be among the principals even where there is one person: asked again."""
_MEN_IN_A = frozenset("kuba barnaba bonawentura kosma jarema sasza nikita mykoła illa ilia danyła zawisza".split())
_HIS, _HERS = ("ski", "cki", "dzki", "owy"), ("ska", "cka", "dzka", "owa")
_STAFF = ("pracownika", "pracownicy", "pracodawcy")
"""Never the bare words: "pracownik" is a person of the hotline."""
_MOTHER = tuple("za mamę,dla mamy,sprawie mamy,mojej mamy,mamy mojej,swojej mamy,mamusi".split(","))
"""Never the bare word: "mam" (I have) would be it in another case form."""
_FIRMS = tuple(
    "firmy,spółki,organizacji,stowarzyszenia,fundacji,spółdzielni,przedsiębiorstwa,zakładu,wspólnoty,szkoły,parafii,"
    "klubu".split(",")
)
_CLIENTS = tuple(
    "mocodawcy,klienta,klientki,podatnika,mandanta,mandantki,mocodawczyni,jako pełnomocnik,pełnomocnikiem,"
    "kogoś innego,innej osoby,cudzej,nie własnej,nie swojej".split(",")
)
_NUMBER = tuple("numer,wpisać numer,wpiszę numer,podam numer,NIP,PESEL".split(","))
_MORE = tuple("dalej,kolejne,następne,następna,następni,dalsze,pozostałe,inne,nie ma".split(","))
_BACK = tuple("poprzednie,poprzednia,poprzedni,wstecz,wróć,cofnij".split(","))

_COMMANDS = frozenset(
    "konsultant,konsultantka,człowiek,pracownik,urzędnik,operator,powtórz,wolniej,słucham,nie wiem,nie mam,jeszcze raz,"
    "własna sprawa,tak,nie".split(",")
)
"""A firm of such a name is chosen by it only with its legal form: a person is always one word away."""

_SELF = tuple("wlasn,swoj,swoi,moj,moi,prywat,osobi,osob,imie,fizyczn".split(","))
_MATTER = tuple(
    "spraw,podat,rozlicz,zezna,zwrot,deklarac,formalno,wniosk,pyt,zapyt,dowiedz,dzwon,telefon,rozmaw,rozmow,chodz,"
    "chcia,dotycz,tyczy,prosz,popros,wylaczni,wybier,wybra,oczywisci,jedynk,pierwsz,dziekuj,znacz,dzisiaj,informacj,"
    "urzed,urzad,skarbow,automat".split(",")
)
"""How words begin that say "own", and that may stand beside them without making the case somebody else's."""
_BESIDE = frozenset(
    "siebie sobie soba mnie mna sam sama samego samej jak jako dla mam chce tak tylko jest beda bedzie byc bylo dzien "
    "dobry witam halo pan pani pana panu panstwa raczej chyba jeden dobrze okej wiec teraz dzis akurat moze mozna "
    "prawie ale ten tej tym tego pit vat pcc cit eee yyy hmm mhm".split()
)
_WORD = re.compile(r"[^\W\d_]+")
_PLAIN = str.maketrans("ąćęłńóśźż", "acelnoszz")
_LITTLE = 2

_NUMBER_IN = re.compile(r"(?<!\d)\d{1,2}(?!\d)")
_TEENS = tuple(
    (words.split(":")[0], words.split(":")[1])
    for words in (
        "jeden:pierwsz dwa:drug trzy:trzeci cztery:czwart pięć:piąt sześć:szóst siedem:siódm osiem:ósm "
        "dziewięć:dziewiąt dziesięć:dziesiąt jedenaście:jedenast dwanaście:dwunast trzynaście:trzynast "
        "czternaście:czternast piętnaście:piętnast szesnaście:szesnast siedemnaście:siedemnast osiemnaście:osiemnast "
        "dziewiętnaście:dziewiętnast"
    ).split()
)
_TENS = (
    ("dwadzieścia", "dwudziest"), ("trzydzieści", "trzydziest"), ("czterdzieści", "czterdziest"),
    ("pięćdziesiąt", "pięćdziesiąt"), ("sześćdziesiąt", "sześćdziesiąt"), ("siedemdziesiąt", "siedemdziesiąt"),
    ("osiemdziesiąt", "osiemdziesiąt"), ("dziewięćdziesiąt", "dziewięćdziesiąt"),
)  # fmt: skip

_FORMS = (
    (r"sp(?:ółka|\.)? ?z ?o\. ?o\.?", "spółka z o o"),
    (r"sp\. ?k(?:om)?\.", "spółka komandytowa"),
    (r"sp\. ?j(?:aw)?\.", "spółka jawna"),
    (r"sp\. ?p(?:art)?\.", "spółka partnerska"),
    (r"S\. ?K\. ?A\.", "spółka komandytowo-akcyjna"),
    (r"P\. ?S\. ?A\.", "prosta spółka akcyjna"),
    (r"S\. ?A\.", "spółka akcyjna"),
    (r"s\. ?c\.", "spółka cywilna"),
)
_WRITTEN = tuple((re.compile(rf"(?<![\w.]){short}(?!\w)", re.I), full) for short, full in _FORMS)
_FULL = re.compile(
    r"[ ,]*\b(?:prosta )?spółka (?:z o o|z ograniczoną odpowiedzialnością|komandytowo-akcyjna|komandytowa|jawna|"
    r"partnerska|akcyjna|cywilna)\b(?: (?:i wspólnicy )?spółka komandytowa\b)?",
    re.I,
)
_ORGANISED = re.compile(
    r"\b(?:spółka|spółdzielnia|stowarzyszenie|fundacja|wspólnota|związek|szkoła|parafia|klub)\b", re.I
)


def spoken(label: str) -> str:
    """The name of a party as it is said: legal forms in words, so that no sentence ends within it ("sp. k.")."""
    for short, full in _WRITTEN:
        label = short.sub(full, label)
    return label


def organised(party: Party) -> bool:
    """Whether ``party`` is known not to be a person: an organisation account, or a name that says so."""
    return party.basis == "uko" or _ORGANISED.search(spoken(party.label)) is not None


def clearly_own(text: str) -> bool:
    """Whether ``text`` speaks of the caller's own case and of nobody else: no word in it is left over."""
    words = [word.translate(_PLAIN) for word in _WORD.findall(text.casefold())]
    known = (*_SELF, *_MATTER)
    return all(len(word) <= _LITTLE or word in _BESIDE or word.startswith(known) for word in words)


def words_for(parties: tuple[Party, ...], named: tuple[Party, ...]) -> Words:
    """What may be said where ``parties`` are the principals: each reading and the words for it. Only ``named`` ones are
    known by name, and of these none that shares it. "Spółki" means the one organisation among them, "mamy" the one
    person if that is a woman by name; where there are several, or none, it means nobody and the question is asked
    again, or the number asked for where there are no names to choose from. So is it for whoever is not of the family:
    a mandate from one person is no reason to take a neighbour for that one."""
    words: Words = {OWN: _OWN, **_names(named)}
    people = [party for party in parties if not organised(party)]
    firms = [party.ref for party in parties if organised(party)]
    nobody = NONE if named else NUMBER
    only = parties[0].ref if len(parties) == 1 else nobody
    person = people[0] if len(people) == 1 else None
    woman, man = (person.ref if person and _female(person) is sex else None for sex in (True, False))
    meant = {
        (*_CLIENTS, *_of_mine(_CLIENTS[:7])): only,
        (*_OTHERS, *_of_mine((*_OTHERS, *_STAFF))): nobody,
        (*_WOMEN, *_of_mine(_WOMEN), *_MOTHER): woman or nobody,
        (*_MEN, *_of_mine(_MEN)): man or nobody,
        _FIRMS: firms[0] if len(firms) == 1 else only,
        (*_of_mine(_FIRMS), *(f"własnej {noun}" for noun in _FIRMS)): firms[0] if len(firms) == 1 else nobody,
    }
    for phrases, ref in meant.items():
        words[ref] = (*words.get(ref, ()), *phrases)
    return words


def paging(more: bool, back: bool, number: bool) -> Words:
    """The words for what else a page of a long list offers."""
    offered = ((MORE, more, _MORE), (BACK, back, _BACK), (NUMBER, number, _NUMBER))
    return {reading: words for reading, there, words in offered if there}


def _female(party: Party) -> bool:
    """By the name, as Polish names go: the family name where it tells, else the given one."""
    words = party.label.casefold().split()
    if not words or words[-1].endswith(_HIS):
        return False
    return words[-1].endswith(_HERS) or (words[0].endswith("a") and words[0] not in _MEN_IN_A)


def _names(parties: tuple[Party, ...]) -> Words:
    """Each party with its name, and with its name but for the legal form, where nobody else has the same, the name
    before its place (", Opole") included, and where it is no command."""
    names = {party.ref: tuple(dict.fromkeys(_ways(party.label))) for party in parties}
    common = Counter(name.casefold() for found in names.values() for name in found)
    common.update(name.rpartition(", ")[0].casefold() for found in names.values() for name in found if ", " in name)
    return {
        ref: tuple(name for name in found if common[name.casefold()] == 1 and name.casefold() not in _COMMANDS)
        for ref, found in names.items()
    }


def _ways(label: str) -> Iterator[str]:
    """The name of a party as it may be said: whole or without the legal form, and its numbers in words."""
    for name in (spoken(label), short(label)):
        yield name
        for way in (_cardinal, _ordinal):
            if _NUMBER_IN.search(name):
                yield _NUMBER_IN.sub(lambda digits, way=way: way(int(digits[0])), name)  # type: ignore[misc]


def _cardinal(number: int) -> str:
    if number <= len(_TEENS):
        return ("zero", *(cardinal for cardinal, _ in _TEENS))[number]
    tens, ones = divmod(number, 10)
    return f"{_TENS[tens - 2][0]} {_cardinal(ones) if ones else ''}".strip()


def _ordinal(number: int) -> str:
    if number <= len(_TEENS):
        return ("zerowa", *(f"{ordinal}a" for _, ordinal in _TEENS))[number]
    tens, ones = divmod(number, 10)
    return f"{_TENS[tens - 2][1]}a {_ordinal(ones) if ones else ''}".strip()


def short(label: str) -> str:
    """The name of a party as people shorten it: without its legal form."""
    name = spoken(label)
    return _FULL.sub("", name).strip() or name


def _of_mine(nouns: tuple[str, ...]) -> tuple[str, ...]:
    """ "Mojej firmy", "firmy mojej", … : none of these is the own case that "mojej" alone would mean."""
    return tuple(f"{whose} {noun}" for noun in nouns for whose in ("mojej", "swojej", "naszej")) + tuple(
        f"{noun} {whose}" for noun in nouns for whose in ("mojej", "naszej")
    )
