"""Where an utterance may be cut in two."""

from voicebot.topics.matters import MOST_CUTS, cuts, two_matters


def test_an_endless_line_is_one_matter() -> None:
    assert list(cuts("ile pcc za auto i " * 1000)) == []


def test_no_more_cuts_are_read_than_a_caller_can_mean() -> None:
    read: list[str] = []

    def best(piece: str) -> tuple[str, float]:
        read.append(piece)
        return "pcc", 0.5

    assert two_matters("i jeszcze auto " * 30, best, lambda label: True, {"pcc": 0.5}) is None
    assert 0 < len(read) <= 4 * MOST_CUTS
