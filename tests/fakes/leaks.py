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
_BETWEEN = rb"""(?: |\t|\r?\n|\\n|-|_|/|\.|, ?|;|:|\||\0|","|", "|','|', ')"""


class Leak(NamedTuple):
    """Where a canary was found, and how it was written; not which one it was."""

    file: str
    form: str


class Search:
    """Looks for ``canaries``: PESELs, NIPs and telePINs as text."""

    def __init__(self, canaries: Iterable[str]) -> None:
        known = sorted(set(canaries))
        self._plain = tuple(known)
        whole = b"|".join(one.encode() for one in known)
        # A telePIN within a longer number or word, or as the fraction of a second, is none.
        alone = rb"(?<![\w.:+-])%s(?![\w:-])"
        apart = (_apart(one) for one in known)
        grouped = (sep.join(_groups(one, size)).encode() for one in known for size in (2, 3, 4) for sep in (" ", "-"))
        self._bytes = {
            "digits": re.compile(alone % (b"(?:" + whole + b")")),
            "digits apart": re.compile(b"|".join(alone % one for one in apart)),
            "digits in groups": re.compile(alone % (b"(?:" + b"|".join(grouped) + b")")),
            "hexadecimal": re.compile(b"|".join(one.encode().hex().encode() for one in known)),
            "Base64": re.compile(b"|".join(base64.b64encode(one.encode()).rstrip(b"=") for one in known)),
        }
        spoken = {said(one, size) for one in known for size in (1, 2, 3)}
        words = "|".join(r"[\W_]+".join(one.translate(_FOLDED).split()) for one in sorted(spoken))
        self._words = re.compile(rf"\b(?:{words})\b")

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
        if path.suffix in (".wav", ".sln", ".raw") and any(one in keys for keys in tones(path) for one in self._plain):
            found.add("tones")
        return sorted(found)

    def text(self, data: bytes) -> set[str]:
        """The forms in which ``data`` holds a canary in writing."""
        found = {form for form, pattern in self._bytes.items() if pattern.search(data)}
        text = _ESCAPE.sub(lambda code: chr(int(code.group(1), 16)), data.decode("utf-8", "replace"))
        if self._words.search(text.lower().translate(_FOLDED)):
            found.add("words")
        return found


def _apart(digits: str) -> bytes:
    first, *rest = (digit.encode() for digit in digits)
    name = f"s{digits}".encode()
    return first + b"(?P<" + name + b">" + _BETWEEN + b")" + (b"(?P=" + name + b")").join(rest)


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
