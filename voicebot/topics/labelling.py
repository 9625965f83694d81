"""From what callers said to phrases that teach: what is worth labelling, and labelled utterances merged in."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from ruamel.yaml import YAML

from .catalogue import HUMAN, HUMAN_TOPIC, NONE, Catalogue, CatalogueError, Phrase, read_list
from .model import Space
from .normalise import normalise
from .train import likeness

ALIKE = 0.4
"""Cosine from which two utterances are shown together."""
REFUSED = 0.8
"""How far a sure "none of ours" is believed: less than a sure topic, for a matter without phrases looks the same."""
MOST = 4_000
"""Different utterances grouped at once: their likeness is a square matrix."""


@dataclass(frozen=True)
class Unsure:
    """An utterance that was not, or not surely, recognised. ``ended``: what the matter came to, for the labeller;
    ``model``: the model that read it so, empty where that is not known."""

    text: str
    suggested: tuple[tuple[str, float], ...]
    ended: str
    model: str = ""


@dataclass(frozen=True)
class Group:
    """Utterances alike; ``worth`` is how much labelling them promises: how many, and how unsure."""

    worth: float
    members: tuple[tuple[Unsure, int], ...]


def group(space: Space, heard: Sequence[Unsure]) -> list[Group]:
    """Groups ``heard`` by likeness, most worth first: an utterance said often and poorly recognised comes before one
    that was said once or nearly understood. Equal texts are counted, not repeated; silence is dropped."""
    first: dict[str, Unsure] = {}
    times: dict[str, int] = {}
    for unsure in heard:
        key = " ".join(normalise(unsure.text))
        if key:
            first.setdefault(key, unsure)
            times[key] = times.get(key, 0) + 1
    keys = sorted(first, key=lambda key: -times[key])[:MOST]
    if not keys:
        return []
    alike = likeness(space, [first[key].text for key in keys])
    _, member = sp.csgraph.connected_components(sp.csr_matrix(alike >= ALIKE), directed=False)
    groups = []
    for number in np.unique(member):
        mine = [keys[at] for at in np.flatnonzero(member == number)]
        worth = sum(times[key] * (1.0 - _sureness(first[key])) for key in mine)
        groups.append(Group(worth, tuple((first[key], times[key]) for key in mine)))
    return sorted(groups, key=lambda found: -found.worth)


def to_yaml(groups: Sequence[Group]) -> str:
    """``groups`` as a file to be labelled: ``label`` is empty until somebody fills it in."""
    entries = [
        {
            "text": unsure.text,
            "label": "",
            "times": times,
            "group": number,
            "ended": unsure.ended,
            "model": unsure.model,
            "suggested": [f"{label} {share:.2f}" for label, share in unsure.suggested[:3]],
        }
        for number, found in enumerate(groups, 1)
        for unsure, times in found.members
    ]
    stream = StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style, yaml.allow_unicode, yaml.width = False, True, 4096
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.dump({"version": 1, "utterances": entries}, stream)
    return stream.getvalue()


def read_labelled(path: Path, catalogue: Catalogue) -> list[Phrase]:
    """The labelled utterances of ``path``; those with an empty label are left out.

    Raises ``CatalogueError`` that names every fault at once: unknown labels, texts taught already or twice in the file.
    """
    taught = {" ".join(normalise(phrase.text)): phrase.label for phrase in catalogue.phrases}
    faults: list[str] = []
    found: list[Phrase] = []
    for number, entry in enumerate(read_list(path, "utterances"), 1):
        phrase = _labelled(entry, faults, number)
        if phrase is None:
            continue
        key = " ".join(normalise(phrase.text))
        if phrase.label not in catalogue.labels:
            faults.append(f"{number}: nieznana etykieta {phrase.label!r}")
        elif not key:
            faults.append(f"{number}: pusta wypowiedź")
        elif key in taught:
            faults.append(f"{number}: „{phrase.text}” jest już frazą tematu {taught[key]}")
        else:
            taught[key] = phrase.label
            found.append(phrase)
    if faults:
        raise CatalogueError(f"{path}:\n  " + "\n  ".join(faults))
    return found


def merge(dialplans: Path, phrases: Sequence[Phrase]) -> dict[Path, int]:
    """Appends ``phrases`` to the files of their labels; returns how many went to each file."""
    root = dialplans / "topics"
    parts: dict[Path, list[Phrase]] = {}
    for phrase in phrases:
        parts.setdefault(file_of(root, phrase.label), []).append(phrase)
    for path, mine in parts.items():
        before = path.read_text("utf-8")
        _replace(path, before.rstrip("\n") + "\n" + "".join(f"  - {scalar(phrase.text)}\n" for phrase in mine))
    return {path: len(mine) for path, mine in parts.items()}


def file_of(root: Path, label: str) -> Path:
    """The file of phrases of ``label`` under the topics folder ``root``."""
    if label == NONE:
        return root / "out-of-scope.yaml"
    return root / "phrases" / f"{HUMAN_TOPIC if label == HUMAN else label}.yaml"


def _labelled(entry: Any, faults: list[str], number: int) -> Phrase | None:
    fields = entry if isinstance(entry, dict) else {}
    text, label = fields.get("text"), fields.get("label")
    if not isinstance(text, str) or not isinstance(label, str | None):
        faults.append(f"{number}: potrzebne są text i label")
        return None
    return Phrase(text, HUMAN if label == HUMAN_TOPIC else label) if label else None


def scalar(text: str) -> str:
    """``text`` as one line of YAML: lower case, without the punctuation a recogniser of speech never writes."""
    plain = " ".join("".join(sign if sign.isalnum() else " " for sign in text.lower()).split())
    quoted = f"'{plain}'"
    read = YAML(typ="safe", pure=True).load(plain)
    return plain if read == plain else quoted


def _replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(name, path.stat().st_mode & 0o777)
    os.replace(name, path)


def _sureness(unsure: Unsure) -> float:
    label, share = unsure.suggested[0] if unsure.suggested else (NONE, 0.0)
    return REFUSED * share if label == NONE else share
