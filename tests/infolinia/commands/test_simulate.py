"""``infolinia simulate`` and ``infolinia graph``, as commands."""

import re
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer
from typer.testing import CliRunner, Result

from infolinia.commands.graph import graph
from infolinia.commands.simulate import simulate
from infolinia.settings import ROOT
from infolinia.stubs.eus.in_process import People
from ivr.calendar import WARSAW
from ivr.closures import Closures
from ivr.dialogue.plan import Plan
from ivr.dialogue.script import play
from tests.fakes.taught import share_recogniser


def run(command: Any, *args: str, typed: str = "") -> Result:
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, list(args), input=typed)


@pytest.fixture(autouse=True)
def _var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    share_recogniser(tmp_path / "var")
    monkeypatch.setenv("INFOLINIA_VAR", str(tmp_path / "var"))


def test_a_piped_call_is_shown_saved_without_digits_and_plays_again(tmp_path: Path) -> None:
    people = People()
    pesel, pin = people.number("pesel", "dz-01"), people.number("telepin", "dz-01")
    saved = tmp_path / "tests" / "moja.yaml"
    typed = f"{pesel}#\n765432#\n{pin}#\n0\n!queue timeout\n\n"
    result = run(simulate, "--at", "2026-04-30 15:00", "--save", str(saved), typed=typed)
    assert result.exit_code == 0, result.output
    assert "Rozmawia z Państwem automat." in result.output
    assert "kolejka malopolskie-kol-ogolna" in result.output
    text = saved.read_text(encoding="utf-8")
    for secret in (pesel, pin, "765432"):
        assert secret not in text
    again = run(simulate, "--script", str(saved))
    assert again.exit_code == 0, again.output
    assert "zgodnie z próbą" in again.output


def test_a_telepin_said_or_typed_ahead_is_not_saved_and_a_lone_hash_goes_on(tmp_path: Path) -> None:
    people = People()
    pesel, pin = people.number("pesel", "dz-01"), people.number("telepin", "dz-01")
    saved = tmp_path / "tests" / "moja.yaml"
    typed = f"{pesel}#\nto będzie {pin}\n#\nmój telepin to {pin}\n0\n"
    result = run(simulate, "--at", "2026-04-30 15:00", "--save", str(saved), typed=typed)
    assert result.exit_code == 0, result.output
    text = saved.read_text(encoding="utf-8")
    assert pin not in text
    assert pesel not in text
    assert "node: sprawa" in text, "the lone # led on without the telePIN"
    ahead = tmp_path / "tests" / "naraz.yaml"
    result = run(simulate, "--at", "2026-04-30 15:00", "--save", str(ahead), typed=f"{pesel}#{pin}#\n0\n")
    assert result.exit_code == 0, result.output
    assert "pin_of: dz-01" in ahead.read_text(encoding="utf-8")
    again = run(simulate, "--script", str(ahead))
    assert again.exit_code == 0, again.output


P, PIN = People().number("pesel", "dz-01"), People().number("telepin", "dz-01")
PROXY = People().number("pesel", "dz-17") + "#\n" + People().number("telepin", "dz-17") + "#\n"


@pytest.mark.parametrize(
    ("typed", "holds"),
    [
        (f"{P}#{PIN}#9#\n", "pin_of: dz-01"),
        (f"{P}#{PIN}#\n1\n2\n", "pin_of: dz-01"),
        (f"{P}#000000#{PIN}#\n{PIN}#\n", "wrong_pin_of: dz-01"),
        (f"{P}\n730\n164#\n{PIN}\n", "keys: 111#"),
        (f"8503*{P}#\n48*{PIN}#\n", "pesel_of: dz-01"),
        (f"{P[:10]}\n{P[:6]}\n{P[6:]}#\n#\n", "11111#"),
        ("85831410111#\n90023112347#\n9993000027#\n#\n", "keys: 11111111111#"),
        ("85833099915#\n123456#\n#\n", "wrong_pin_of: dz-01"),
        (f"#\n{PIN}#\n9\n", None),
        (f"{PROXY}8\n9991000134#\n", "nip_of: org-klon"),
        ("osiem pięć osiem trzy jeden cztery jeden zero jeden jeden zero\nosiem pięć trzy\n#\n", None),
    ],
    ids=str,
)
def test_what_is_saved_plays_again_and_holds_no_digit_of_a_number(tmp_path: Path, typed: str, holds: str) -> None:
    saved = tmp_path / "tests" / "moja.yaml"
    result = run(simulate, "--at", "2026-04-21 10:00", "--save", str(saved), typed=typed)
    assert result.exit_code == 0, result.output
    again = run(simulate, "--script", str(saved))
    assert again.exit_code == 0, again.output
    text = saved.read_text(encoding="utf-8")
    steps = text[text.index("steps:") :].replace("90023112347", "")
    for number in (P, PIN, "730164", "9991000134", "85833099915", "9993000027", "85831410111"):
        assert not any(number[at : at + 3] in steps for at in range(len(number) - 2) if number[at : at + 3] != "111")
    assert "osiem pięć trzy" not in text
    assert holds is None or holds in text, text


@pytest.mark.parametrize(
    "line",
    [
        *(
            "48*29*15#",
            "48#29#15#",
            "85*83*14*10*11*0#",
            "48",
            "482",
            "4829",
            "48**29",
            "4 8 2",
            "4 8 2 9 1 5",
            "48 29 15",
        ),
        *("mój pin zaczyna się na 482", "cztery osiem dwa", "pesel mam osiem pięć", "four eight two nine", "⁴⁸²⁹¹⁵"),
        *("482915", "482915#", "\u0664\u0668\u0662", "chodzi o pit 37 48 29", "rok 1985", "85-83-14"),
    ],
)
@pytest.mark.parametrize("before", ["#\n", "#\nile wynosi pcc od samochodu\n"], ids=["matter", "choice"])
def test_no_part_of_a_number_gets_into_a_saved_call_wherever_and_however_it_is_given(
    tmp_path: Path, before: str, line: str
) -> None:
    saved = tmp_path / "moja.yaml"
    result = run(simulate, "--at", "2026-04-21 10:00", "--save", str(saved), typed=f"{before}{line}\n!hangup\n")
    if result.exit_code == 1:
        assert "Nie zapisano" in result.output
        assert "Próba nie może zawierać cyfr numeru" in result.output
        assert not saved.exists()
        return
    assert result.exit_code == 0, result.output
    steps = saved.read_text(encoding="utf-8").partition("steps:")[2]
    given = "".join(re.findall(r"keys: (.*)|say: (.*)", steps)[-1])
    assert not re.search(
        r"[02-9]|[^\x00-\u017f]|osiem|eight|cztery|four", given.replace("PIT", "").replace("37", "")
    ), given
    assert run(simulate, "--script", str(saved)).exit_code == 0


def test_keys_of_menus_and_forms_of_tax_returns_stand_as_they_were_given(tmp_path: Path) -> None:
    saved = tmp_path / "moja.yaml"
    typed = "#\njak złożyć pit 37\n!hangup\n"
    assert run(simulate, "--at", "2026-04-21 10:00", "--save", str(saved), typed=typed).exit_code == 0
    assert "jak złożyć pit 37" in saved.read_text(encoding="utf-8")
    typed = "#\nile wynosi pcc od samochodu\n2\n"
    result = run(simulate, "--at", "2026-04-21 10:00", "--save", str(saved), typed=typed)
    assert result.exit_code == 0, result.output
    assert "keys: '2'" in saved.read_text(encoding="utf-8")
    assert "zastępcze" not in result.output


def test_a_call_that_the_stand_ins_change_is_not_saved_and_says_why(tmp_path: Path) -> None:
    saved = tmp_path / "moja.yaml"
    for end in ("9\n", "!hangup\n"):
        typed = f"#\n730582\n{end}"
        result = run(simulate, "--at", "2026-04-21 10:00", "--save", str(saved), typed=typed)
        assert result.exit_code == 1
        assert "kroki: 3" in result.output
        assert "z nimi wychodzi inna rozmowa" in result.output
        assert "730582" not in result.output
        assert not saved.exists()


def test_the_end_of_the_input_hangs_up() -> None:
    result = run(simulate, "--at", "2026-04-21 10:00", typed="#\n")
    assert "hung up by caller" in result.output


def test_an_unknown_command_is_explained_and_a_bad_moment_refused() -> None:
    assert "!hangup" in run(simulate, "--at", "2026-04-21 10:00", typed="!co\n").output
    assert run(simulate, "--at", "jutro").exit_code == 2


def test_a_script_that_is_not_there_is_told_in_polish(tmp_path: Path) -> None:
    result = run(simulate, "--script", str(tmp_path / "brak.yaml"))
    assert result.exit_code == 2
    assert "nie ma takiego pliku" in result.output


def test_a_rehearsal_that_does_not_hold_fails(tmp_path: Path) -> None:
    text = (ROOT / "dialplans/tests/konsultant-zerem.yaml").read_text(encoding="utf-8")
    wrong = tmp_path / "zla.yaml"
    wrong.write_text(text.replace("node: tozsamosc", "node: sprawa"), encoding="utf-8")
    result = run(simulate, "--script", str(wrong))
    assert result.exit_code == 1
    assert "zla.yaml:7" in result.output


def test_a_recorded_call_is_played_through_todays_core(tmp_path: Path, plan: Plan) -> None:
    event = {"type": "CallArrived", "dialled": "224605992", "caller": None, "at": "2026-04-21T10:00:00+02:00"}
    script = {"title": "kontrprzykład", "turns": play(plan, {"turns": [{"event": event}]})}
    file = tmp_path / "kontr.yaml"
    file.write_bytes(msgspec.json.encode(script))
    assert run(simulate, "--script", str(file)).exit_code == 0
    file.write_bytes(msgspec.json.encode({**script, "turns": [{**script["turns"][0], "node": "inny"}]}))
    assert run(simulate, "--script", str(file)).exit_code == 1


def test_an_office_that_is_not_there_is_refused_by_graph() -> None:
    result = run(graph, "--office", "atlantyda")
    assert result.exit_code == 2
    assert "malopolskie" in result.output


def test_now_is_the_time_in_warsaw_wherever_the_machine_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Pacific/Honolulu")
    time.tzset()
    try:
        before = datetime.now(WARSAW).replace(second=0, microsecond=0, tzinfo=None)
        shown = re.search(r"\), (\S+)", run(simulate, typed="!hangup\n").output)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert shown is not None
    assert abs(datetime.fromisoformat(shown[1]).replace(tzinfo=None) - before) < timedelta(hours=1)


@pytest.mark.parametrize(("number", "found"), [("+48 22 460 59 92", True), ("0224605992", True), ("123", False)])
def test_a_number_is_taken_as_asterisk_takes_it(number: str, found: bool) -> None:
    result = run(simulate, "--number", number, "--at", "2026-04-21 10:00", typed="!hangup\n")
    assert result.exit_code == 0
    assert ("(malopolskie)" in result.output) is found


@pytest.mark.parametrize(
    ("at", "end"), [("2026-04-21 10:00", "kolejka krajowa-kol-ogolna"), ("2026-04-21 20:00", "Infolinia jest teraz")]
)
def test_an_unknown_number_is_announced_and_led_to_people_without_the_automaton(at: str, end: str) -> None:
    result = run(simulate, "--number", "999999999", "--at", at)
    assert result.exit_code == 0
    assert "Wybrany numer nie jest numerem infolinii." in result.output
    assert end in result.output
    assert "Rozmawia z Państwem automat" not in result.output


def test_a_closure_in_force_is_played_now_and_kept_in_the_saved_call(tmp_path: Path) -> None:
    text = "Awaria prądu :100: do jutra."
    Closures(tmp_path / "var" / "closures.json").set("malopolskie", text)
    saved = tmp_path / "moja.yaml"
    result = run(simulate, "--save", str(saved), typed="!hangup\n")
    assert f"  „{text}”" in result.output, "no part of it is taken for an emoji"
    assert text in saved.read_text(encoding="utf-8")
    assert run(simulate, "--script", str(saved)).exit_code == 0
    assert text not in run(simulate, "--at", "2026-04-21 10:00", typed="!hangup\n").output
