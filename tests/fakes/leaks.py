"""Searches what was written for canaries: digits that nobody but a caller and the telePIN room may know.

Forms: digits as they are, with one separator throughout, or in groups; in UTF-16, hexadecimal and Base64; as Polish
words, one by one or in groups of two or three; as DTMF in WAV and raw 8 kHz files; in every cell of an SQLite database
and in its bytes, so that freed pages, overflow pages and the write-ahead log count too.
"""

import base64
import re
import sqlite3
import wave
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from voicebot.polish import cardinal

LOW, HIGH = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
PAD = ("123A", "456B", "789C", "*0#D")
BLOCK = 0.02
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_FOLDED = str.maketrans("ąćęłńóśźż", "acelnoszz")
_WORD = re.compile(r"[^\W_]+")
# A telePIN within a longer number or word, or as the fraction of a second, is none.
_ALONE = re.compile(rb"(?<![\w.:+-])[0-9]{6,11}(?![\w:-])")
_BETWEEN = rb"""(?: |\t|\r?\n|\\n|-|_|/|\.|, ?|;|:|\||\0|","|", "|','|', ')"""
_APART = re.compile(rb"(?<![\w.:+-])[0-9](?P<s>" + _BETWEEN + rb")[0-9](?:(?P=s)[0-9]){4,}(?![0-9])")
_GROUPED = re.compile(rb"(?<![\w.:+-])[0-9]{2,4}(?:[ -][0-9]{1,4})+(?![\w:-])")
_HEX = re.compile(rb"(?:3[0-9]){6,}")
_BASE64 = re.compile(rb"(?:[MNO][A-Za-z0-9]{3}){2,}")
_NUMBERS = sorted({cardinal(n).split()[-1].translate(_FOLDED) for n in (*range(100), *range(100, 1000, 100))})
_NUMERALS = re.compile(r"\b(?:{0})(?:[\W_]+(?:{0}))+\b".format("|".join(reversed(_NUMBERS))))


class Leak(NamedTuple):
    """Where a canary was found, and how it was written; not which one it was."""

    file: str
    form: str


class Search:
    """Looks for ``canaries`` (PESELs, NIPs, telePINs as text): first for whatever could be one, then whether it is."""

    def __init__(self, canaries: Iterable[str]) -> None:
        self._known = frozenset(canaries)
        self._grouped = {sep.join(_groups(one, size)) for one in self._known for size in (2, 3, 4) for sep in " -"}
        self._hex = {one.encode().hex() for one in self._known}
        self._base64 = {base64.b64encode(one.encode())[: len(one) // 3 * 4].decode() for one in self._known}
        self._spoken = {said(one, size).translate(_FOLDED) for one in self._known for size in (1, 2, 3)}

    def folder(self, folder: Path, but: Iterable[str] = ()) -> list[Leak]:
        """All leaks in the files below ``folder``, except those whose path begins with one of ``but``."""
        found: list[Leak] = []
        for path in sorted(folder.rglob("*")):
            name = str(path.relative_to(folder))
            if path.is_file() and not path.is_symlink() and not name.startswith(tuple(but)):
                found += [Leak(name, form) for form in self.file(path)]
        return found

    def file(self, path: Path) -> list[str]:
        """The forms in which ``path`` holds a canary."""
        data = path.read_bytes()
        found = self.text(data)
        if data.startswith(b"SQLite format 3\0"):
            found |= {f"{form}, in a cell" for cell in _cells(path) for form in self.text(cell)}
        if path.suffix in (".wav", ".sln", ".raw") and any(one in keys for keys in tones(path) for one in self._known):
            found.add("tones")
        return sorted(found)

    def text(self, data: bytes) -> set[str]:
        """The forms in which ``data`` holds a canary in writing."""
        found = set()
        if any(run.decode() in self._known for run in _ALONE.findall(data)):
            found.add("digits")
        if any(one in _bare(run.group()) for run in _APART.finditer(data) for one in self._known):
            found.add("digits apart")
        for form, pattern, wanted in (
            ("digits in groups", _GROUPED, self._grouped),
            ("hexadecimal", _HEX, self._hex),
            ("Base64", _BASE64, self._base64),
        ):
            if any(one in run for run in set(_runs(pattern, data)) for one in wanted):
                found.add(form)
        text = _ESCAPE.sub(lambda code: chr(int(code.group(1), 16)), data.decode("utf-8", "replace"))
        runs = {" ".join(_WORD.findall(run.group())) for run in _NUMERALS.finditer(text.lower().translate(_FOLDED))}
        if any(f" {one} " in f" {run} " for run in runs for one in self._spoken):
            found.add("words")
        return found


def _runs(pattern: re.Pattern[bytes], data: bytes) -> Iterator[str]:
    return (run.group().decode() for run in pattern.finditer(data))


def _bare(run: bytes) -> str:
    return "".join(chr(byte) for byte in run if chr(byte).isdigit())


def said(digits: str, size: int) -> str:
    """``digits`` in Polish words, in groups of ``size``: ``zero pięć osiemdziesiąt trzy`` for 0583 in twos."""
    words = []
    for group in _groups(digits, size):
        rest = group.lstrip("0")
        words += ["zero"] * (len(group) - len(rest)) + ([cardinal(int(rest))] if rest else [])
    return " ".join(words)


def _groups(digits: str, size: int) -> list[str]:
    return [digits[start : start + size] for start in range(0, len(digits), size)]


def _cells(path: Path) -> Iterator[bytes]:
    """Every value of a database, as text. The write-ahead log beside it is read with it."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            for row in database.execute(f'SELECT * FROM "{name}"'):
                for value in row:
                    yield value if isinstance(value, bytes) else str(value).encode()
    database.close()


def tones(path: Path) -> list[str]:
    """The keys heard in each channel of a sound."""
    if path.suffix == ".wav":
        with wave.open(str(path), "rb") as file:
            rate, channels = file.getframerate(), file.getnchannels()
            samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    else:
        data = path.read_bytes()
        rate, channels, samples = 8000, 1, np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2")
    return [_keys(samples[channel::channels].astype(float), rate) for channel in range(channels)]


def _keys(samples: "np.ndarray[tuple[int], np.dtype[np.float64]]", rate: int) -> str:
    size = int(rate * BLOCK)
    blocks = samples[: samples.size // size * size].reshape(-1, size)
    times = np.arange(size) / rate
    waves = np.exp(-2j * np.pi * np.outer(times, (*LOW, *HIGH)))
    power = np.abs(blocks @ waves) ** 2 * 2 / size
    energy = (blocks**2).sum(axis=1)
    keys, before, run = "", "", 0
    for strength, whole in zip(power, energy, strict=True):
        low, high = int(strength[:4].argmax()), int(strength[4:].argmax())
        pure = whole > size * 100 and strength[low] + strength[4 + high] > 0.7 * whole
        heard = PAD[low][high] if pure and min(strength[low], strength[4 + high]) > 0.1 * whole else ""
        run = run + 1 if heard == before else 1
        if heard and run == 2:
            keys += heard
        before = heard
    return keys
