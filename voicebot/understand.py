"""What an answer means: closed questions, commands that work everywhere, and numbers that must not be kept."""

# ruff: noqa: SIM905 - word lists are read and edited as text

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import dropwhile

from rapidfuzz import fuzz

from .numerals import fold
from .redaction import redact

__all__ = ["CONTROL_PHRASES", "YES_NO_PHRASES", "Phrases", "hesitates", "nods", "read_choice", "redact"]

HUMAN, REPEAT, SKIP, NONE, SLOWER = "__human__", "__repeat__", "__skip__", "__none__", "__slower__"
YES, NO = "yes", "no"
MAX_WORDS = 60
REST = 4
"""Letters that an answer has and lacks at least when it has begun inside a word."""
NEAR = 82.0
CLEARLY = 6.0

_AGREEMENT: Mapping[str, Sequence[str]] = {
    YES: (
        "tak,zgadza się,dokładnie,oczywiście,jasne,pewnie,potwierdzam,owszem,zgoda,jak najbardziej,dobrze,poproszę,"
        "właśnie tak,no pewnie,no jasne,prawda,chcę,okej,o to chodzi,może być,tak jest,ta,w porządku"
    ).split(","),
    NO: (
        "nie,nie zgadza się,wcale nie,absolutnie nie,nie dziękuję,nieprawda,nie tak,nie o to chodzi,nie chcę,"
        "nie chodzi,nie potwierdzam,raczej nie,niekoniecznie,nie prawda,coś innego,niedobrze,nie dobrze,nie bardzo"
    ).split(","),
}
_CONTROL: Mapping[str, Sequence[str]] = {
    HUMAN: (
        "konsultant,z konsultantem,konsultanta,konsultantka,połącz z konsultantem,człowiek,z człowiekiem,żywy człowiek,"
        "z kimś porozmawiać,porozmawiać z kimś,rozmawiać z kimś,chcę z kimś rozmawiać,z żywym człowiekiem,pracownik,"
        "z pracownikiem,urzędnik,z urzędnikiem,z urzędniczką,operator,z operatorem,proszę połączyć,połącz mnie,"
        "proszę mnie połączyć,z osobą,nie chcę rozmawiać z automatem,nie chcę z automatem,nie z automatem,"
        "nie będę gadać z automatem,nie z maszyną,nie z robotem,z prawdziwą osobą"
    ).split(","),
    REPEAT: (
        "powtórz,proszę powtórzyć,powtórzyć,może pan powtórzyć,jeszcze raz,nie dosłyszałem,nie dosłyszałam,"
        "nie słyszałem,nie słyszałam,słucham,co proszę,od początku"
    ).split(","),
    SLOWER: (
        "wolniej,proszę wolniej,mów wolniej,proszę mówić wolniej,może pan wolniej,trochę wolniej,za szybko,"
        "mówi pan za szybko,nie nadążam,powoli,proszę powoli"
    ).split(","),
    SKIP: (
        "nie mam,nie pamiętam,nie mam pinu,nie mam telepinu,zapomniałem,zapomniałam,pomiń,dalej bez,bez telepinu,"
        "nie znam,nie ustawiałem,nie ustawiałam,nie posiadam"
    ).split(","),
    NONE: (
        "nie wiem,nie jestem pewien,nie jestem pewna,trudno powiedzieć,żadne,żadna,żaden,żadne z nich,nie rozumiem"
    ).split(","),
}
CONTROL_PHRASES = (
    "konsultant",
    "proszę połączyć z konsultantem",
    "człowiek",
    "powtórz",
    "jeszcze raz",
    "wolniej",
    "nie wiem",
    "nie mam",
    "nie pamiętam",
)
"""What a closed question listens for besides its own answers."""

YES_NO_PHRASES = (*_AGREEMENT[YES], *_AGREEMENT[NO])
"""How yes and no are said: what a yes-no question listens for."""

_NODS = frozenset(
    "mhm yhm mm mmm hm hmm aha acha ehe uhu no tak ta dobrze dobra okej ok rozumiem jasne wiem oczywiscie y yy yyy "
    "e ee eee oj o a ach i".split()
)
_REFUSED = tuple(f" {words}" for words in ("nie chce", "nie potrzebuje", "nie lacz", "nie trzeba", "bez", "nie"))
_FILLERS = frozenset(
    "no to a o i w we z ze ja pan pani panie pana prosze prosty ten ta tu mnie mi moje moja "
    "wojewodztwo wojewodztwa wojewodztwie dzwonie mieszkam jestem chodzi chce chcialbym chcialabym "
    "wybieram poprosze raczej chyba e ee eee y yy "
    "yyy hm hmm dzien dobry z".split()
)
_HESITATION = frozenset("e ee eee y yy yyy em eem hm hmm no to i a o ze czyli bo albo oraz znaczy moment".split())
_ENDINGS = tuple(
    sorted(
        (
            "skiego:sk skiemu:sk skimi:sk skich:sk skiej:sk skim:sk skie:sk ska:sk ski:sk sko:sk sku:sk sce:sk owi: "
            "ach: ami: iem: em: ie: ia: iu: ej: ego: rze:r i: u: a: e: y: o:"
        ).split(),
        key=len,
        reverse=True,
    )
)


def hesitates(partial: str) -> bool:
    """Whether what was said so far ends like a thought that goes on ("yyy", "no to")."""
    words = fold(partial).split()
    return bool(words) and words[-1].strip(".,") in _HESITATION


def nods(text: str) -> bool:
    """Whether ``text`` only tells that somebody listens ("mhm", "tak, tak"); nothing at all is no nod."""
    words = words_of(text)
    return bool(words) and all(word in _NODS for word in words)


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """A folded word without its case ending, so that "Krakowie" and "Kraków" meet; not a lemma."""
    for rule in _ENDINGS:
        ending, _, kept = rule.partition(":")
        if word.endswith(ending) and len(word) - len(ending) + len(kept) >= 3:
            return word[: len(word) - len(ending)] + kept
    return word


def words_of(text: str) -> tuple[str, ...]:
    """The folded words of ``text``; a hyphen divides words."""
    return tuple("".join(c if c.isalnum() else " " for c in fold(text)).split())[:MAX_WORDS]


class Phrases:
    """The answers of a closed question, to tell a complete one while it is being said."""

    def __init__(self, phrases: Sequence[str]) -> None:
        self._whole = {words for words in map(words_of, phrases) if words}
        self._extended = {words[:size] for words in self._whole for size in range(1, len(words))}
        self._letters = tuple({"".join(words) for words in self._whole})

    def holds(self, text: str) -> bool:
        """Whether ``text`` is one of the answers."""
        return words_of(text) in self._whole

    def complete(self, partial: str) -> bool:
        """Whether ``partial`` is an answer that no longer one begins with."""
        words = words_of(partial)
        return words in self._whole and words not in self._extended

    def begun(self, partial: str) -> bool:
        """Whether ``partial`` is the beginning of an answer and none yet ("warmińsko", "dolno"): more will come."""
        words = words_of(partial)
        if not words or words in self._whole:
            return False
        if words in self._extended:
            return True
        bare = tuple(dropwhile(_FILLERS.__contains__, words))
        return any(self._begins("".join(said)) for said in {words, bare})

    def _begins(self, said: str) -> bool:
        """``said`` without a mere ending of an answer is no beginning: a recogniser often mistakes that."""
        return len(said) >= REST and any(
            answer.startswith(said) and len(answer) - len(said) >= REST for answer in self._letters
        )


@dataclass(frozen=True)
class _Match:
    reading: str
    start: int
    end: int
    score: float


def read_choice(text: str, words: Mapping[str, Sequence[str]]) -> list[tuple[str, float]]:
    """The readings of ``text``, best first, with a confidence 0..1 (a rank, not a calibrated probability).

    ``words`` maps each reading to the words for it, in any case form; the readings ``yes`` and ``no`` know the usual
    words without being told. Commands work everywhere: ``__human__``, ``__repeat__``, ``__slower__`` ("wolniej"),
    ``__skip__`` ("nie mam"), ``__none__`` ("nie wiem"). What is said longer wins over what is part of it; a refusal
    ("nie konsultant") is none of its words. Empty when nothing fits.
    """
    said = words_of(text)
    if not said:
        return []
    phrases = tuple((reading, phrase) for reading, phrase in _phrases(words))
    exact = _exact(said, phrases)
    found = exact or _similar(said, phrases)
    return _ranked(said, _without_refused(said, found))


def _phrases(words: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for reading, own in words.items():
        for phrase in (*own, *_AGREEMENT.get(reading, ())):
            yield reading, words_of(phrase)
    for reading, commands in _CONTROL.items():
        for phrase in commands:
            yield reading, words_of(phrase)


def _exact(said: tuple[str, ...], phrases: Sequence[tuple[str, tuple[str, ...]]]) -> list[_Match]:
    """Phrases found word by word, in any case form, or written as one or several words; longest first, no overlaps."""
    wanted: dict[str, tuple[str, int]] = {}
    for reading, phrase in phrases:
        key = "".join(map(stem, phrase))
        if key and key not in wanted:
            wanted[key] = (reading, len(phrase))
        wanted.setdefault(stem("".join(phrase)), (reading, len(phrase)))
    longest = max((size for _, size in wanted.values()), default=0) + 1
    found: list[_Match] = []
    taken: set[int] = set()
    for size in range(min(longest, len(said)), 0, -1):
        for start in range(len(said) - size + 1):
            span = range(start, start + size)
            window = said[start : start + size]
            hit = wanted.get("".join(map(stem, window))) or wanted.get(stem("".join(window)))
            if hit and not taken.intersection(span):
                taken.update(span)
                found.append(_Match(hit[0], start, start + size, 1.0))
    return found


def _similar(said: tuple[str, ...], phrases: Sequence[tuple[str, tuple[str, ...]]]) -> list[_Match]:
    """The phrase most like some words, when it is clearly more like them than any of another reading."""
    best: dict[str, _Match] = {}
    for reading, phrase in phrases:
        target = "".join(phrase)
        if len(target) < 5:
            continue
        for size in {len(phrase), len(phrase) + 1}:
            for start in range(len(said) - size + 1):
                score = fuzz.ratio("".join(said[start : start + size]), target, score_cutoff=NEAR)
                if score > (best[reading].score if reading in best else 0):
                    best[reading] = _Match(reading, start, start + size, score)
    ranked = sorted(best.values(), key=lambda match: -match.score)
    if not ranked or (len(ranked) > 1 and ranked[0].score - ranked[1].score < CLEARLY):
        return [_Match(match.reading, match.start, match.end, match.score / 200) for match in ranked[:2]]
    top = ranked[0]
    return [_Match(top.reading, top.start, top.end, top.score / 120)]


def _without_refused(said: tuple[str, ...], found: list[_Match]) -> list[_Match]:
    """Matches that are not refused in the words right before them ("nie chcę konsultanta", "nie małopolskie")."""
    agreement = {YES, NO, SKIP, NONE, REPEAT, SLOWER}
    refusals = [match for match in found if match.reading == NO]
    kept = []
    for match in found:
        before = " " + " ".join(said[max(0, match.start - 3) : match.start])
        refused = before.endswith(_REFUSED) and said[match.start] != "nie"
        if refused and match.reading == YES and not any(other.end == match.start for other in refusals):
            kept.append(_Match(NO, match.start, match.end, match.score * 0.8))
        elif not refused or match.reading in agreement:
            kept.append(match)
    return kept


def _ranked(said: tuple[str, ...], found: list[_Match]) -> list[tuple[str, float]]:
    scores: dict[str, float] = {}
    covered = sum(match.end - match.start for match in found)
    content = max(sum(word not in _FILLERS for word in said), covered, 1)
    share = 0.8 + 0.18 * covered / content
    for match in found:
        scores[match.reading] = max(scores.get(match.reading, 0.0), match.score * share)
    commands = [reading for reading in (HUMAN, SLOWER, REPEAT) if reading in scores]
    if commands:
        scores = {reading: score if reading == commands[0] else score / 2 for reading, score in scores.items()}
    elif len(scores) > 1:
        scores = {reading: score / len(scores) for reading, score in scores.items()}
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    return [(reading, round(score, 3)) for reading, score in ranked]
