import pytest

from voicebot.topics.normalise import normalise


@pytest.mark.parametrize(
    ("said", "tokens"),
    [
        ("PIT-37", ["pit", "pit37"]),
        ("pit trzydzieści siedem", ["pit", "pit37"]),
        ("pit trzydziestka siódemka", ["pit", "pit37"]),
        ("pcc trzy", ["pcc", "pcc3"]),
        ("pe ce ce trzy", ["pcc", "pcc3"]),
        ("załącznik pcc trzy a", ["zalacznik", "pcc", "pcc3a"]),
        ("pcc trzy a notariusz", ["pcc", "pcc3", "a", "notariusz"]),
        ("pit osiem ce", ["pit", "pit8c"]),
        ("pit zet gie", ["pit", "pitzg"]),
        ("sd zet dwa", ["sd", "sdz2"]),
        ("twój e pit", ["twoj", "epit"]),
        ("w e picie", ["w", "epit"]),
        ("sto dwadzieścia tysięcy", ["120000", "_n6"]),
        ("dziewięćset złotych", ["900", "_n3", "zlotych"]),
        ("dwa trzy", ["2", "3"]),
        ("pięć dni", ["5", "dni"]),
        ("piec gazowy", ["piec", "gazowy"]),
        ("piec tysiecy", ["5000", "_n4"]),
        ("yyy no więc termin", ["termin"]),
        ("yyy", ["yyy"]),
        (" … ", []),
        ("", []),
    ],
)
def test_normalised(said: str, tokens: list[str]) -> None:
    assert normalise(said) == tokens


def test_diacritics_do_not_matter() -> None:
    assert normalise("zażółć gęślą jaźń") == normalise("zazolc gesla jazn")
