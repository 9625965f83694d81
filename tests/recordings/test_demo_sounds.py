"""What the demo's caller says is there, is telephone sound, and is speech."""

from pathlib import Path

import pytest

from voicebot.audio import load, read_wav, seconds
from voicebot.cut import utterances

FOLDER = Path(__file__).resolve().parents[2] / "recordings" / "demo"
ROWS = [line.split("\t") for line in (FOLDER / "transcripts.tsv").read_text(encoding="utf-8").splitlines()]


def test_every_recording_has_its_words() -> None:
    assert {row[0] for row in ROWS} == {file.name for file in FOLDER.glob("*.wav")}
    assert ["chce-zapytac-pcc-samochod.wav", "natan", "chcę zapytać o podatek od kupna samochodu"] in ROWS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_recording_is_one_utterance_of_telephone_sound(row: list[str]) -> None:
    file = FOLDER / row[0]
    assert read_wav(file.read_bytes())[1] == 8000
    assert 0.05 * len(row[2]) < seconds(load(file)) < 0.15 * len(row[2]) + 1
    assert len(utterances(load(file))) == 1
