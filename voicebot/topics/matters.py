"""Two matters in one breath: where an utterance may be cut, and whether its halves stand on their own."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from .normalise import fold

STRONG = (
    ("i", "jeszcze"), ("a", "jeszcze"), ("oraz",), ("a", "takze"), ("jak", "rowniez"), ("i", "przy", "okazji"),
    ("a", "przy", "okazji"), ("przy", "okazji"), ("druga", "sprawa"), ("druga", "rzecz"), ("drugie", "pytanie"),
    ("a", "drugie"), ("po", "drugie"), ("a", "poza", "tym"), ("i", "poza", "tym"), ("poza", "tym"), ("a", "do", "tego"),
    ("i", "do", "tego"), ("i", "dodatkowo"), ("a", "dodatkowo"), ("i", "tez"), ("a", "potem"), ("i", "od", "razu"),
    ("a", "druga"), ("i", "drugie"), ("i", "druga"), ("i", "rowniez"), ("plus",), ("no", "i", "jeszcze"),
)  # fmt: skip
"""Words after which another matter nearly always begins."""

WEAK = (("i",), ("a",), ("no", "i"))
OPENERS = frozenset({
    "jak", "gdzie", "kiedy", "ile", "czy", "jaki", "jaka", "jakie", "ktory", "do", "na", "skad", "co", "kto",
    "chce", "chcialem", "chcialam", "chcialbym", "chcialabym", "potrzebuje", "prosze", "musze", "mam", "moge", "od",
    "dlaczego", "czemu", "czym", "po", "w", "nie", "zapytac", "umowic", "sprawdzic",
})  # fmt: skip
ASKING = frozenset({
    "jak", "gdzie", "kiedy", "ile", "czy", "jaki", "jaka", "jakie", "jakim", "ktory", "ktorego", "skad", "co",
    "kto", "chce", "chcialem", "chcialam", "chcialbym", "chcialabym", "potrzebuje", "dlaczego", "czemu", "czym",
})  # fmt: skip
"""A bare "i" parts two matters by itself only where both halves ask something: "kupiłem auto i do którego urzędu" is
one matter."""

ANCHORS = {"pcc": ("pcc", "pecece"), "e pit": ("e pit", "epit"), "pit": (" pit", "zeznani"), "vat": ("vat",)}
"""What a half leaves unsaid because the other half said it: "gdzie wysłać PCC i na jakie konto zapłacić"."""

ROOM = 0.03
"""Confidence that the whole utterance must give each half of a doubtful cut."""
ONE = 0.95
"""Confidence of one topic above which a doubtful cut is none."""

MOST_WORDS, MOST_CUTS = 120, 12
"""Nobody says more in one breath; what is longer is read as one matter: no line of text can hold a reader up."""

SURE = 0.6
"""Confidence from which a half is read with the anchor rather than without."""


@dataclass(frozen=True)
class Two:
    """Two matters, in the order they were said, and the calibrated confidence that both are right."""

    first: str
    second: str
    confidence: float


@dataclass(frozen=True)
class Cut:
    """An utterance in two halves. ``sureness``: how surely the cut parts two matters; ``plain``: what parts them, or
    what they ask, says so by itself."""

    left: str
    right: str
    sureness: float
    plain: bool


def two_matters(
    text: str,
    best: Callable[[str], tuple[str, float]],
    is_matter: Callable[[str], bool],
    whole: Mapping[str, float],
) -> Two | None:
    """The best cut of ``text`` into two different matters; ``best`` gives label and confidence of a piece, ``whole``
    the confidence of each label for the utterance as one. A cut that is not ``plain`` counts only where the utterance
    as a whole leaves room for both."""
    found: Two | None = None
    for cut in islice(cuts(text), MOST_CUTS):
        first, second = _judge(cut.left, cut.right, best), _judge(cut.right, cut.left, best)
        if first[0] == second[0] or not (is_matter(first[0]) and is_matter(second[0])):
            continue
        room = min(whole.get(first[0], 0.0), whole.get(second[0], 0.0))
        if not cut.plain and (room < ROOM or max(whole.values()) > ONE):
            continue
        confidence = cut.sureness * first[1] * second[1]
        if found is None or confidence > found.confidence:
            found = Two(first[0], second[0], confidence)
    return found


def cuts(text: str) -> Iterator[Cut]:
    """Ways to cut ``text`` in two halves of at least two words each."""
    words = text.split()
    if len(words) > MOST_WORDS:
        return
    plain = [fold(word).strip(".,;:?!") for word in words]
    taken: set[int] = set()
    for at in range(2, len(words) - 1):
        for marker in STRONG:
            after = at + len(marker)
            if tuple(plain[at:after]) == marker and len(words) - after >= 2 and at not in taken:
                taken.update(range(at, after))
                yield Cut(" ".join(words[:at]), " ".join(words[after:]), 1.0, True)
    for at in range(2, len(words) - 2):
        for marker in WEAK:
            after = at + len(marker)
            if tuple(plain[at:after]) != marker or at in taken or len(words) - after < 2:
                continue
            asking = bool(ASKING & set(plain[:at])) + bool(ASKING & set(plain[after:]))
            both = asking == 2 and plain[after] in OPENERS
            yield Cut(" ".join(words[:at]), " ".join(words[after:]), 0.9 if both else 0.69 if asking else 0.65, both)


def _judge(half: str, other: str, best: Callable[[str], tuple[str, float]]) -> tuple[str, float]:
    """The half alone, or with the anchor it left unsaid, whichever is clearer; a sure reading with the anchor wins."""
    alone = best(half)
    anchor = _missing(half, other)
    if anchor is None:
        return alone
    anchored = best(f"{anchor} {half}")
    return anchored if anchored[1] > min(alone[1], SURE) else alone


def _missing(half: str, other: str) -> str | None:
    here, there = f" {fold(half)}", f" {fold(other)}"
    if any(sign in here for signs in ANCHORS.values() for sign in signs):
        return None
    return next((anchor for anchor, signs in ANCHORS.items() if any(sign in there for sign in signs)), None)
