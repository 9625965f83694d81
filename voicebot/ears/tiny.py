"""The small Vosk model that comes with the program: made of synthetic speech by ``make model``, for tests and benches.

It proves the engine, its streaming and its latency. What it hears of people is worth nothing.
"""

from pathlib import Path

TINY = Path(__file__).with_name("tiny-pl")
WARNING = "this Vosk model is made of synthetic speech, for tests and benches: never for citizens"


def is_tiny(model: Path) -> bool:
    """Whether ``model`` is the shipped one, wherever it was copied to."""
    return (model / "NEVER-FOR-CITIZENS.md").is_file()
