"""``infolinia stub eus`` with a file that is no database of accounts."""

from pathlib import Path

import pytest
import typer

from infolinia.commands.stub_eus import eus


@pytest.mark.parametrize("content", [b"not a database " * 100, None])
def test_a_file_that_is_no_database_is_refused(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "konta.db"
    data.write_bytes(content) if content else data.mkdir()
    with pytest.raises(typer.Exit) as refused:
        eus(port=None, data=data)
    assert refused.value.exit_code == 2
    assert "konta.db nie jest bazą kont" in capsys.readouterr().err
