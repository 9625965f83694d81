"""espeak-ng as a library: sound together with its phonemes and their times, which are the labels of training."""

import ctypes
from ctypes import POINTER, Structure, Union, c_char, c_char_p, c_int, c_short, c_void_p
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

SILENCE = "sil"
_WORD, _PHONEME, _END = 1, 7, 0
_RATE, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4


class _Id(Union):
    _fields_ = (("number", c_int), ("name", c_char_p), ("string", c_char * 8))


class _Event(Structure):
    _fields_ = (
        ("type", c_int),
        ("unique", c_int),
        ("text_position", c_int),
        ("length", c_int),
        ("audio_position", c_int),
        ("sample", c_int),
        ("user_data", c_void_p),
        ("id", _Id),
    )


@dataclass
class Spoken:
    """``sound`` at ``rate`` hertz; ``phones`` begin at their second; ``words`` holds the phones of each word, in order,
    empty when espeak-ng joined words."""

    sound: npt.NDArray[np.int16]
    rate: int
    phones: list[tuple[str, float]]
    words: list[list[str]]


_pieces: list[npt.NDArray[np.int16]] = []
_events: list[tuple[int, str, float]] = []


@ctypes.CFUNCTYPE(c_int, POINTER(c_short), c_int, POINTER(_Event))
def _take(sound: Any, size: int, events: Any) -> int:
    if size > 0 and sound:
        _pieces.append(np.ctypeslib.as_array(sound, shape=(size,)).copy())
    index = 0
    while events[index].type != _END:
        event = events[index]
        if event.type in (_WORD, _PHONEME):
            name = event.id.string.decode("utf8", "ignore") if event.type == _PHONEME else ""
            _events.append((event.type, name, event.audio_position / 1000))
        index += 1
    return 0


@cache
def _library() -> tuple[Any, int]:
    library = ctypes.CDLL("libespeak-ng.so.1")
    synchronous, with_phonemes = 2, 1
    rate = library.espeak_Initialize(synchronous, 0, None, with_phonemes)
    library.espeak_SetSynthCallback(_take)
    return library, rate


def phone(mnemonic: str) -> str:
    """espeak-ng's name of a sound as the model's: length, stress and variants left out; a pause is ``sil``."""
    bare = "".join(letter for letter in mnemonic if letter not in ":',_!|#")
    return "j" if bare == ";" else bare or SILENCE


def say(text: str, voice: str = "", rate: int = 160, pitch: int = 50, spread: int = 50) -> Spoken:
    """``text`` by the Polish voice, or a variant of it. ``rate`` is words a minute, ``pitch`` and ``spread`` 0..100."""
    library, hertz = _library()
    _pieces.clear()
    _events.clear()
    library.espeak_SetVoiceByName(f"pl+{voice}".encode() if voice else b"pl")
    for parameter, value in ((_RATE, rate), (_VOLUME, 100), (_PITCH, pitch), (_RANGE, spread)):
        library.espeak_SetParameter(parameter, value, 0)
    content = text.encode() + b"\0"
    library.espeak_Synth(content, len(content), 0, 1, 0, 1, None, None)
    library.espeak_Synchronize()
    phones = [(phone(name), at) for kind, name, at in _events if kind == _PHONEME]
    spoken: list[list[str]] = []
    for kind, name, _ in _events:
        if kind == _WORD:
            spoken.append([])
        elif spoken and phone(name) != SILENCE:
            spoken[-1].append(phone(name))
    if len(spoken) != len(text.split()) or not all(spoken):
        spoken = []
    sound = np.concatenate(_pieces) if _pieces else np.zeros(0, np.int16)
    return Spoken(sound, hertz, phones, spoken)
