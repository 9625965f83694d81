"""Placeholders: the same one for the same person, number or amount, wherever it comes up in a call."""

from collections.abc import Sequence

from .findings import Finder, Kind, Sentence, stem


class Replacing:
    """Replaces what ``finder`` finds. ``named`` gives the names of persons that the call itself has told, each with the
    fictitious name that stands for it."""

    def __init__(self, finder: Finder, named: Sequence[tuple[str, str]] = ()) -> None:
        self._finder = finder
        self._named = [({stem(word) for word in name.split() if len(word) > 2}, instead) for name, instead in named]
        self._given: dict[tuple[Kind, str], str] = {}
        self._counts: dict[Kind, int] = {}
        self.doubts: list[str] = []

    def sentence(self, text: str) -> tuple[str, Sentence]:
        """``text`` with placeholders, and what was found in it."""
        sentence = self._finder.find(text)
        pieces, at = [], 0
        for one in sentence.found:
            pieces += [text[at : one.start], self._placeholder(one.kind, one.text)]
            at = one.end
        self.doubts += [word for word in sentence.doubts if word not in self.doubts]
        return "".join([*pieces, text[at:]]), sentence

    def _placeholder(self, kind: Kind, text: str) -> str:
        stems = {stem(word.strip("{}.")) for word in text.split()}
        if kind == "osoba":
            for name, instead in self._named:
                if name & stems:
                    return instead
            for (known, key), given in self._given.items():
                if known == "osoba" and set(key.split()) & stems:
                    return given
        key = " ".join(sorted(stems)) if kind == "osoba" else " ".join(text.lower().strip("{}.").split())
        if (kind, key) not in self._given:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._given[kind, key] = f"[{kind} {self._counts[kind]}]"
        return self._given[kind, key]
