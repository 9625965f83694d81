"""The recogniser that set-up has taught, for tests with a ``var`` of their own: another takes half a minute to make."""

from pathlib import Path

from infolinia.settings import ROOT, Settings
from voicebot.topics.recogniser import ensure_model


def share_recogniser(var: Path) -> Path:
    """Put the recogniser of the shipped dialplans into ``var``; where it is. Call it before INFOLINIA_VAR is set."""
    shared = Settings().var / "topics"
    model = ensure_model(ROOT / "dialplans", shared)
    (var / "topics").mkdir(parents=True, exist_ok=True)
    (var / "topics" / model.name).symlink_to(model.resolve())
    return model
