"""Days of calls are given alike everywhere: the same errors, in Polish, exit status 2."""

import pytest
from typer.testing import CliRunner

from infolinia.cli import build


@pytest.mark.parametrize(
    "command",
    [
        ("report", "kpi2"),
        ("report", "kpi3"),
        ("topics", "select", "x.yaml"),
        ("topics", "conversations"),
        ("whatif",),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize(
    ("days", "says"),
    [
        (("--from", "15.02.2026"), "nie ma dnia"),
        (("--to", "2026-02-30"), "nie ma dnia"),
        (("--from", "2026-03-02", "--to", "2026-03-01"), "zamienić"),
        (("--from", "2090-01-01"), "jest po dzisiejszym"),
    ],
)
def test_wrong_days_are_refused(
    command: tuple[str, ...], days: tuple[str, ...], says: str, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("INFOLINIA_VAR", str(tmp_path))
    refused = CliRunner().invoke(build(command), [*command, *days])
    assert refused.exit_code == 2
    assert says in " ".join(refused.output.replace("│", " ").split())
