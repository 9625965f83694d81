"""Confidence as a probability."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.confidence import CURVES, LEAST, MOST, Curve, probability

unit = st.floats(0, 1)


@given(st.sampled_from(["typed", *CURVES]), unit, unit)
def test_it_is_a_probability(ear: str, heard: float, read: float) -> None:
    assert 0 <= probability(ear, heard, read) <= 1


@given(unit, unit, st.floats(0.01, 1))
def test_the_surer_the_ear_the_likelier(heard: float, other: float, read: float) -> None:
    low, high = sorted((heard, other))
    CURVES["test"] = Curve(-3.0, 5.0, 1.0)
    try:
        assert LEAST <= probability("test", low, read) <= probability("test", high, read) <= MOST
    finally:
        del CURVES["test"]


def test_curves_rise() -> None:
    assert all(curve.heard >= 0 and curve.read >= 0 for curve in CURVES.values())


@pytest.mark.parametrize("read", [0.0, 0.4, 0.98])
def test_typed_words_are_as_sure_as_they_fit(read: float) -> None:
    assert probability("", 0.9, read) == read
