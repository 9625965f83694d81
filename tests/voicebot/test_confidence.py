"""Confidence as a probability."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.confidence import CURVES, LEAST, MOST, probability

unit = st.floats(0, 1)


@given(st.sampled_from(["typed", *CURVES]), unit, unit)
def test_it_is_a_probability(ear: str, heard: float, read: float) -> None:
    assert 0 <= probability(ear, heard, read) <= 1


@given(st.sampled_from(sorted(CURVES)), unit, unit, st.floats(0.01, 1))
def test_the_surer_the_ear_and_the_better_the_fit_the_likelier(
    ear: str, heard: float, other: float, read: float
) -> None:
    low, high = sorted((heard, other))
    assert LEAST <= probability(ear, low, read) <= probability(ear, high, read) <= MOST


@pytest.mark.parametrize("read", [0.0, 0.4, 0.98])
def test_typed_words_are_as_sure_as_they_fit(read: float) -> None:
    assert probability("", 0.9, read) == read
