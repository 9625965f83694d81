import pytest

from voicebot.topics.features import Extractor, sound
from voicebot.topics.normalise import normalise


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        ("kara za spóźnienie", "karaza spuźnienie"),
        ("akcyza od auta", "aksyza odauta"),
        ("chcę przełożyć wizytę", "chcem pszełożyć wizytem"),
        ("kasa fiskalna", "kasa wiskalna"),
    ],
)
def test_what_an_ear_confuses_sounds_alike(said: str, heard: str) -> None:
    said_sounds, heard_sounds = (set(Extractor({}).blocks(text)[3]) for text in (said, heard))
    shared = len(said_sounds & heard_sounds) / len(said_sounds | heard_sounds)
    assert shared > 0.4


def test_other_words_sound_otherwise() -> None:
    assert sound(normalise("zwrot podatku")) != sound(normalise("zwrot nadpłaty"))
