"""In whose case somebody calls, as people say it, and how the name of a principal is spoken."""

# ruff: noqa: SIM905 - word lists are read and edited as text

import re
from collections import Counter

from .events import Party
from .node import NONE

OWN, NUMBER, MORE, BACK = "own", "number", "more", "back"
"""Readings of the question besides the principals' references."""

Words = dict[str, tuple[str, ...]]

_OWN = tuple(
    "własnej,swojej,mojej,siebie,dla mnie,o mnie,w swoim imieniu,w moim imieniu,ja sam,ja sama,prywatnej,prywatnie,"
    "osobistej,osobiście".split(",")
)
_RELATIVES = tuple(
    "taty,ojca,ojciec,matki,rodziców,męża,mąż,żony,syna,córki,brata,siostry,babci,dziadka,dziadek,wnuka,wnuczki,teścia,"
    "teściowej,cioci,ciotki,wujka,partnera,partnerki,narzeczonej,dziecka".split(",")
)
_MOTHER = tuple("za mamę,dla mamy,sprawie mamy,mojej mamy,mamy mojej,swojej mamy,mamusi".split(","))
"""Never the bare word: "mam" (I have) would be it in another case form."""
_FIRMS = tuple(
    "firmy,spółki,organizacji,stowarzyszenia,fundacji,spółdzielni,przedsiębiorstwa,zakładu,wspólnoty,szkoły,parafii,"
    "klubu".split(",")
)
_CLIENTS = tuple(
    "mocodawcy,klienta,klientki,podatnika,jako pełnomocnik,pełnomocnikiem,kogoś innego,innej osoby,cudzej,nie własnej,"
    "nie swojej".split(",")
)
_NUMBER = tuple("numer,wpisać numer,wpiszę numer,podam numer,NIP,PESEL".split(","))
_MORE = tuple("dalej,kolejne,następne,następna,następni,dalsze,pozostałe,inne,nie ma".split(","))
_BACK = tuple("poprzednie,poprzednia,poprzedni,wstecz,wróć,cofnij".split(","))

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


def words_for(parties: tuple[Party, ...], named: tuple[Party, ...]) -> Words:
    """What may be said where ``parties`` are the principals: each reading and the words for it. Only ``named`` ones are
    known by name, and of these none that shares it. "Spółki" means the one organisation among them, "mamy" the one
    person; where there are several, or none, it means nobody and the question is asked again, or the number asked for
    where there are no names to choose from."""
    words: Words = {OWN: _OWN, **_names(named)}
    people = [party.ref for party in parties if not organised(party)]
    firms = [party.ref for party in parties if organised(party)]
    nobody = NONE if named else NUMBER
    only = parties[0].ref if len(parties) == 1 else nobody
    meant = {
        (*_CLIENTS, *_of_mine(_CLIENTS[:4])): only,
        (*_RELATIVES, *_of_mine(_RELATIVES), *_MOTHER): people[0] if len(people) == 1 else nobody,
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


def _names(parties: tuple[Party, ...]) -> Words:
    """Each party with its name, and with its name but for the legal form, where nobody else has the same."""
    names = {party.ref: tuple(dict.fromkeys((spoken(party.label), short(party.label)))) for party in parties}
    common = Counter(name.casefold() for found in names.values() for name in found)
    return {ref: tuple(name for name in found if common[name.casefold()] == 1) for ref, found in names.items()}


def short(label: str) -> str:
    """The name of a party as people shorten it: without its legal form."""
    name = spoken(label)
    return _FULL.sub("", name).strip() or name


def _of_mine(nouns: tuple[str, ...]) -> tuple[str, ...]:
    """ "Mojej firmy", "firmy mojej", … : none of these is the own case that "mojej" alone would mean."""
    return tuple(f"{whose} {noun}" for noun in nouns for whose in ("mojej", "swojej")) + tuple(
        f"{noun} mojej" for noun in nouns
    )
