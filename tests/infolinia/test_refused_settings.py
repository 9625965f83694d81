"""What cannot be meant is refused in one sentence: the variable, its value, what is wrong, the mend."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infolinia.refused_settings import FAULTS, not_ours, refusals, unknown_variables
from infolinia.settings import ROOT, Settings


def refused(monkeypatch: pytest.MonkeyPatch, **variables: str) -> str:
    for name, value in variables.items():
        monkeypatch.setenv(f"INFOLINIA_{name}", value)
    environment = {f"INFOLINIA_{name}": value for name, value in variables.items()}
    try:
        Settings()
    except FAULTS as error:
        return "\n".join(refusals(error, environment))
    return ""


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("SIP_PORT", "0", "INFOLINIA_SIP_PORT=0: za mało; najmniej 1"),
        ("AGI_PORT", "70000", "INFOLINIA_AGI_PORT=70000: za dużo; najwięcej 65535"),
        ("PORT_SHIFT", "60000", "INFOLINIA_PORT_SHIFT=60000: INFOLINIA_EUS_PORT byłby na porcie 68461"),
        ("PORT_SHIFT", "-6000", "INFOLINIA_PORT_SHIFT=-6000: INFOLINIA_SIP_PORT byłby na porcie -940"),
        ("PORT_SHIFT", "dużo", "INFOLINIA_PORT_SHIFT=dużo: to nie jest liczba całkowita"),
        ("AGI_PORT", "5060", "port 5060 jest potrzebny dwa razy: INFOLINIA_SIP_PORT i INFOLINIA_AGI_PORT"),
        ("RTP_LAST", "20001", "zakres portów RTP jest pusty"),
        ("EUS_URL", "eus.example", "INFOLINIA_EUS_URL=eus.example: to nie jest adres"),
        ("CRM_URL", "http://crm:99999", "INFOLINIA_CRM_URL=http://crm:99999: to nie jest adres"),
        ("DRAIN_SECONDS", "-1", "INFOLINIA_DRAIN_SECONDS=-1: za mało"),
        ("JOURNAL_STALL", "0", "INFOLINIA_JOURNAL_STALL=0: musi być więcej niż 0"),
        ("HOURS", "opn", "INFOLINIA_HOURS=opn: wartością może być 'plan', 'open' albo 'closed'"),
        ("WHISPER", "może", "INFOLINIA_WHISPER=może: wartością może być true albo false"),
        ("CONSULTANTS", "Ala", "INFOLINIA_CONSULTANTS=Ala: niedozwolone znaki"),
        ("CONSULTANTS", '["a', "INFOLINIA_CONSULTANTS="),
        ("OPERATOR", "x", "INFOLINIA_OPERATOR=x"),
        ("EARS", "vosk", "INFOLINIA_EARS=vosk: to nie jest poprawny JSON"),
        ("DIALPLANS", "/nie-ma", "INFOLINIA_DIALPLANS=/nie-ma: nie ma takiego folderu"),
        ("OPERATOR__HOST", "sip.example", "INFOLINIA_OPERATOR__ADDRESSES: brak wymaganej wartości"),
    ],
)
def test_a_value_that_cannot_be_meant(monkeypatch: pytest.MonkeyPatch, name: str, value: str, why: str) -> None:
    assert why in refused(monkeypatch, **{name: value})


def test_a_password_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told = refused(monkeypatch, DATABASE="mysql://kas:tajne@baza/kas")
    assert "INFOLINIA_DATABASE=…" in told
    assert "tajne" not in told


def test_names_with_commas_are_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFOLINIA_CONSULTANTS", "anna, jan")
    assert Settings().consultants == ("anna", "jan")
    monkeypatch.setenv("INFOLINIA_CONSULTANTS", '["ewa"]')
    assert Settings().consultants == ("ewa",)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("INFOLINIA_PORTSHIFT", "czy chodziło o INFOLINIA_PORT_SHIFT?"),
        ("infolinia_hour", "czy chodziło o INFOLINIA_HOURS?"),
        ("INFOLINIA_OPERATOR__HOTS", "czy chodziło o INFOLINIA_OPERATOR__HOST?"),
        ("INFOLINIA_QQQQ", "usuń je"),
    ],
)
def test_a_variable_that_is_no_setting(name: str, near: str) -> None:
    (line,) = unknown_variables({name: "1", "PATH": "/bin", "INFOLINIA_VAR": "/x", "INFOLINIA_OPERATOR__PORT": "1"})
    assert line.startswith(f"{name}=1: nie ma takiego ustawienia")
    assert line.endswith(near)


@pytest.mark.parametrize(
    ("toml", "why"),
    [
        ("sip_port = 0", "infolinia.toml, sip_port = 0: za mało"),
        ("sip_prot = 5070", "infolinia.toml, sip_prot: nie ma takiego ustawienia; czy chodziło o sip_port?"),
        ("sip_port = ", "infolinia.toml, koniec pliku: to nie jest TOML"),
        ("[operator]\nhots = 'x'\n", "infolinia.toml, operator.hots: nie ma takiego ustawienia; czy chodziło o host?"),
        ("eus_certificate = 5", "infolinia.toml, eus_certificate = 5: to nie jest ścieżka"),
        ("voice rhvoice\nengines = 2", "infolinia.toml, wiersz 1, znak 7: to nie jest TOML"),
    ],
)
def test_a_file_that_cannot_be_meant(tmp_path: Path, toml: str, why: str) -> None:
    (tmp_path / "infolinia.toml").write_text(toml, encoding="utf-8")
    environment = {**os.environ, "INFOLINIA_VAR": str(tmp_path / "var")}
    done = subprocess.run(
        [sys.executable, "-m", "infolinia", "status"], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert why in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_in_the_place_of_the_file_is_no_settings(tmp_path: Path) -> None:
    (tmp_path / "infolinia.toml").mkdir()
    environment = {**os.environ, "INFOLINIA_VAR": str(tmp_path / "var")}
    done = subprocess.run(
        [sys.executable, "-m", "infolinia", "agent", "list", "--json"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    (line,) = json.loads(done.stdout)["settings"]
    assert line.startswith(f"{tmp_path / 'infolinia.toml'}: to nie jest plik")
    assert line in done.stderr


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("not a folder")
    done = subprocess.run(
        [sys.executable, "-m", "infolinia", "status"],
        env={**os.environ, "INFOLINIA_VAR": str(tmp_path / "var")},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, "INFOLINIA_VAR=" in done.stderr, "Traceback" in done.stderr) == (2, True, False)


def test_folders_above_the_program_are_not_for_the_hotline(tmp_path: Path) -> None:
    for place in (Path("/"), ROOT, ROOT.parent):
        assert "w którym leży program" in not_ours(Settings(var=place))[0]
    assert not_ours(Settings(var=tmp_path)) == []
    assert not_ours(Settings(var=tmp_path / "new" / "deep")) == []
