"""Bad input of the two commands: told, in Polish, with exit code 2 and no call."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from infolinia.commands import consultant
from infolinia.commands import testcall as caller
from infolinia.settings import Settings

app = typer.Typer()
app.command("testcall")(caller.testcall)
app.command("consultant")(consultant.consultant)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("INFOLINIA_VAR", str(tmp_path / "var"))
    monkeypatch.chdir(tmp_path)
    Path("bad.yaml").write_text('steps:\n  - keys: "48x"\n', encoding="utf-8")
    Path("whom.yaml").write_text("to: echo\nsteps:\n  - keys: {pin_of: dz-99}\n", encoding="utf-8")
    Path("nobody.yaml").write_text("steps:\n  - hangup\n", encoding="utf-8")
    Path("tune.wav").write_bytes(b"no sound")
    Path("password").write_text("hush", encoding="utf-8")
    return CliRunner()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("testcall bad.yaml", "bad.yaml:2:5: „keys”: klawisze to cyfry"),
        ("testcall none.yaml", "nie da się odczytać scenariusza"),
        ("testcall nobody.yaml", "dokąd dzwonić"),
        ("testcall whom.yaml", "dz-99"),
        ("testcall --to 22460 --people none.yaml", "none.yaml"),
        ("testcall --to 22460 --password-file none", "none"),
        ("testcall --to 22460 --server x:y", "to nie adres"),
        ("testcall --to 'a b'", "to nie jest numer"),
        ("consultant konsultant1", "sip-konsultant1"),
        ("consultant nikt", "Nie ma telefonu „nikt”. Są: konsultant1"),
        ("consultant konsultant1 --password-file password --greeting tune.wav", "tune.wav"),
        ("consultant konsultant1 --password-file password --server :5", "to nie adres"),
    ],
)
def test_bad_input_is_told(run: CliRunner, arguments: str, said: str) -> None:
    result = run.invoke(app, arguments)
    assert said in result.output
    assert result.exit_code == 2


@pytest.mark.parametrize(
    "arguments", ["testcall 224605990", "testcall --to 224605990 --json", "consultant konsultant1"]
)
def test_a_hotline_that_does_not_run_is_told_with_the_mend(
    run: CliRunner, arguments: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFOLINIA_PORT_SHIFT", "24900")
    password = ["--password-file", "password"] if arguments.startswith("consultant") else []
    result = run.invoke(app, [*arguments.split(), *password])
    assert result.exit_code == 1
    assert "infolinia nie działa: na porcie 29960/udp nie ma Asteriska. Uruchom: infolinia up" in result.output


@pytest.mark.parametrize("verb", ["testcall", "consultant"])
def test_help_teaches_by_example(run: CliRunner, verb: str) -> None:
    result = run.invoke(app, [verb, "--help"])
    assert result.exit_code == 0
    assert f"infolinia {verb}" in result.output


def test_the_server_is_the_one_of_the_settings_unless_given(run: CliRunner) -> None:
    assert caller.sip_server(Settings(port_shift=7), None) == ("127.0.0.1", 5067)
    assert caller.sip_server(Settings(sip_bind="0.0.0.0"), None)[0] == "127.0.0.1"
    assert caller.sip_server(Settings(), "10.0.0.1:5070") == ("10.0.0.1", 5070)
    assert caller.sip_server(Settings(), "10.0.0.1") == ("10.0.0.1", 5060)
