"""MFCC as the exported model's ``conf/mfcc.conf`` has Kaldi make them."""

import kaldi_native_fbank as fbank
import numpy as np
import numpy.typing as npt

from .telephone import RATE

SIZE = 40
LOW, HIGH = 40, -200
STEP = RATE // 100
MIDDLE = 0.0125
"""Seconds from a frame's first sample to its middle."""


def _options() -> "fbank.MfccOptions":
    options = fbank.MfccOptions()
    options.frame_opts.samp_freq = RATE
    options.frame_opts.dither = 0
    options.mel_opts.num_bins = SIZE
    options.mel_opts.low_freq = LOW
    options.mel_opts.high_freq = HIGH
    options.num_ceps = SIZE
    options.use_energy = False
    return options


_OPTIONS = _options()


def mfcc(sound: npt.NDArray[np.int16]) -> npt.NDArray[np.float32]:
    """Frames of 25 ms, one every 10 ms: an array (frames, ``SIZE``)."""
    maker = fbank.OnlineMfcc(_OPTIONS)
    maker.accept_waveform(RATE, sound.astype(np.float32))
    maker.input_finished()
    return np.stack([maker.get_frame(index) for index in range(maker.num_frames_ready)])
