"""The search graph: words as a tree of phones, and one phone more that takes what is no word.

Both are text arcs; OpenFst's tools make them the two halves that Vosk joins at run time (``HCLr.fst``, ``Gr.fst``).
"""

import math
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from .language import UNKNOWN, Bigrams
from .lexicon import Pronunciation

PLUGINS = Path("/usr/lib/x86_64-linux-gnu/fst/22")
SILENCE_COST = 0.7
TAGS = "BIES"
"""Where in a word a phone stands: begin, inside, end, single."""


@dataclass(frozen=True)
class Rejection:
    """What it costs to take a stretch of speech for no known word: once, and each frame. Less rejects more."""

    begin: float = 2.0
    frame: float = 1.0


class Phones:
    """Kaldi's numbers of phones by their place in a word. All places of a phone share its output of the network."""

    def __init__(self, names: Sequence[str]) -> None:
        self.outputs = [0]
        self.places = [""]
        self._numbers: dict[tuple[str, str], int] = {(names[0], ""): 1}
        for output, name in enumerate([*names[1:], UNKNOWN], 1):
            for tag in TAGS if name != UNKNOWN else "S":
                self._numbers[name, tag] = len(self.outputs) + 1
                self.outputs.append(output)
                self.places.append(tag)
        self.names = names

    def number(self, name: str, tag: str = "") -> int:
        return self._numbers[name, tag]

    def enter(self, name: str, tag: str = "") -> int:
        """The transition into the phone …"""
        return 2 * self.number(name, tag)

    def stay(self, name: str, tag: str = "") -> int:
        """… and the one that stays in it."""
        return 2 * self.number(name, tag) - 1


def lexicon_arcs(
    phones: Phones, lexicon: Mapping[str, Sequence[Pronunciation]], ids: Mapping[str, int], rejection: Rejection
) -> list[str]:
    """The graph from transitions to words, as OpenFst's text. State 0 is between words."""
    states = count(1)
    arcs: list[tuple[int, int, int, int, float]] = []

    def phone(source: int, name: str, tag: str, word: int = 0, cost: float = 0.0) -> int:
        state = next(states)
        arcs.append((source, state, phones.enter(name, tag), word, cost))
        arcs.append((state, state, phones.stay(name, tag), 0, 0.0))
        return state

    arcs.append((phone(0, phones.names[0], "", cost=SILENCE_COST), 0, 0, 0, 0.0))
    tree: dict[tuple[int, str, str], int] = {}
    for word in sorted(lexicon):
        for said in lexicon[word]:
            tags = "S" if len(said) == 1 else "B" + "I" * (len(said) - 2) + "E"
            place = 0
            for name, tag in zip(said[:-1], tags[:-1], strict=True):
                if (place, name, tag) not in tree:
                    tree[place, name, tag] = phone(place, name, tag)
                place = tree[place, name, tag]
            arcs.append((phone(place, said[-1], tags[-1], ids[word], math.log(len(lexicon[word]))), 0, 0, 0, 0.0))
    arcs.append((phone(0, UNKNOWN, "S", ids[UNKNOWN], rejection.begin), 0, 0, 0, 0.0))
    return [*("{} {} {} {} {:.4f}".format(*arc) for arc in arcs), "0 0"]


def write_graph(
    folder: Path, phones: Phones, lexicon: Mapping[str, Sequence[Pronunciation]], bigrams: Bigrams, rejection: Rejection
) -> None:
    """``HCLr.fst``, ``Gr.fst``, ``words.txt`` and the places of phones under ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    words = [*sorted(lexicon), UNKNOWN]
    ids = {word: number for number, word in enumerate(words, 1)}
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    (scratch / "L.txt").write_text("\n".join(lexicon_arcs(phones, lexicon, ids, rejection)) + "\n")
    (scratch / "G.txt").write_text("\n".join(bigrams.arcs(ids)) + "\n")
    _openfst(
        scratch,
        "fstcompile L.txt | fstarcsort --sort_type=olabel > L.fst",
        "fstconvert --fst_type=olabel_lookahead --save_relabel_opairs=relabel.txt L.fst ../HCLr.fst",
        "fstcompile G.txt | fstrelabel --relabel_ipairs=relabel.txt --relabel_opairs=relabel.txt"
        " | fstarcsort --sort_type=ilabel | fstconvert --fst_type=const > ../Gr.fst",
    )
    moved = dict(map(int, pair.split()) for pair in (scratch / "relabel.txt").read_text().splitlines())
    numbered = sorted((moved.get(ids[word], ids[word]), word) for word in words)
    (folder / "words.txt").write_text("<eps> 0\n" + "".join(f"{word} {number}\n" for number, word in numbered))
    (folder / "disambig_tid.int").write_text("")
    (folder / "phones").mkdir(exist_ok=True)
    kinds = {"": "nonword", "B": "begin", "I": "internal", "E": "end", "S": "singleton"}
    lines = [f"{number} {kinds[place]}\n" for number, place in enumerate(phones.places, 1)]
    (folder / "phones/word_boundary.int").write_text("".join(lines))
    for file in scratch.iterdir():
        file.unlink()
    scratch.rmdir()


def _openfst(folder: Path, *commands: str) -> None:
    environment = {**os.environ, "LD_LIBRARY_PATH": str(PLUGINS)}
    for command in commands:
        subprocess.run(["bash", "-ec", f"set -o pipefail; {command}"], cwd=folder, env=environment, check=True)
