"""``infolinia agent`` over a manager connection that is faked."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infolinia.commands import agent
from ivr.asterisk.ami import AmiError, AmiRefused, AmiReply

QUEUES = ("malopolskie-kol-pcc-sd", "malopolskie-kol-pit")


class FakeAmi:
    """Takes every action; raises ``fault`` when it is started."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.fault = fault
        self.done: list[tuple[str, dict[str, str]]] = []

    async def start(self) -> None:
        if self.fault:
            raise self.fault

    async def close(self) -> None:
        pass

    async def action(self, name: str, **headers: str) -> AmiReply:
        if self.fault:
            raise self.fault
        if name == "QueueStatus":
            return AmiReply(True, "", {}, tuple({"Event": "QueueParams", "Queue": queue} for queue in QUEUES))
        self.done.append((name, headers))
        return AmiReply(True, "", {})


@pytest.fixture
def ami(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeAmi:
    fake = FakeAmi()
    monkeypatch.setenv("INFOLINIA_VAR", str(tmp_path))
    monkeypatch.setattr(agent, "manager", lambda settings: fake)
    return fake


def run(*words: str) -> Any:
    return CliRunner().invoke(agent.app, words)


def test_a_consultant_is_added_paused_listed_and_removed(ami: FakeAmi) -> None:
    added = run("add", "konsultant1", "-q", "malopolskie-*", "--name", "Anna")
    assert (added.exit_code, added.stdout) == (0, "konsultant1 obsługuje: malopolskie-* (2)\n")
    assert run("pause", "konsultant1", "-q", "*-pit", "--reason", "obiad").exit_code == 0
    listed = run("list").stdout
    assert "Anna" in listed
    assert "obiad" in listed
    assert run("remove", "konsultant1").exit_code == 0
    assert "Nikt nie obsługuje" in run("list").stdout
    names = [name for name, _ in ami.done]
    assert names == ["QueueAdd", "QueueAdd", "QueuePause", "QueueRemove", "QueueRemove"]


def test_the_list_fits_a_terminal_and_can_be_read_by_a_program(ami: FakeAmi) -> None:
    run("add", "konsultant1", "-q", "malopolskie-*", "--name", "Anna Bardzo-Długie Nazwisko")
    run("pause", "konsultant1", "-q", "*-pit", "--reason", "obiad")
    listed = run("list").stdout.splitlines()
    assert listed[0] == "konsultant1 (Anna Bardzo-Długie Nazwisko), kolejek: 2"
    assert max(map(len, listed)) <= 80
    assert ["obiad" in line for line in listed] == [False, False, True]
    members = json.loads(run("list", "--json").stdout)
    assert [(one["queue"], one["paused"], one["reason"]) for one in members] == [
        ("malopolskie-kol-pcc-sd", False, ""),
        ("malopolskie-kol-pit", True, "obiad"),
    ]


def test_an_unknown_queue_ends_with_the_nearest_names(ami: FakeAmi) -> None:
    refused = run("add", "konsultant1", "-q", "malopolskie-kol-pitt")
    assert refused.exit_code == 2
    assert "malopolskie-kol-pit" in refused.stderr
    assert ami.done == []


def test_without_asterisk_the_list_shows_what_is_kept_and_changes_are_refused(ami: FakeAmi) -> None:
    run("add", "konsultant1", "-q", QUEUES[0])
    ami.fault = AmiError("not there")
    listed = run("list")
    assert listed.exit_code == 0
    assert "konsultant1" in listed.stdout
    assert "Asterisk nie odpowiada" in listed.stderr
    assert run("pause", "konsultant1").exit_code == 1


def test_a_refused_password_is_said_and_not_taken_for_silence(ami: FakeAmi) -> None:
    ami.fault = AmiRefused("wrong secret")
    listed = run("list")
    assert listed.exit_code == 1
    assert "nie przyjął hasła" in listed.stderr


def test_every_verb_teaches_by_example() -> None:
    for verb in ("add", "pause", "unpause", "remove", "list"):
        assert f"infolinia agent {verb}" in run(verb, "--help").stdout


def test_a_telephone_that_is_not_there_is_refused_with_those_there_are(ami: FakeAmi) -> None:
    refused = run("add", "konsultant9", "-q", "malopolskie-*")
    assert refused.exit_code == 2
    assert "konsultant1, konsultant2, konsultant3, konsultant4" in refused.stderr
    assert "INFOLINIA_CONSULTANTS=konsultant1,konsultant2,konsultant3,konsultant4,konsultant9" in refused.stderr
    assert ami.done == []


def test_queues_in_one_state_stand_together_unless_all_are_wanted(ami: FakeAmi) -> None:
    run("add", "konsultant1", "-q", "malopolskie-*")
    assert [line.split()[:2] for line in run("list").stdout.splitlines()[1:]] == [["malopolskie-*", f"({len(QUEUES)})"]]
    assert [line.split()[0] for line in run("list", "--all").stdout.splitlines()[1:]] == sorted(QUEUES)
    run("pause", "konsultant1", "-q", "*-pit", "--reason", "obiad")
    apart = [line.split()[0] for line in run("list").stdout.splitlines()[1:]]
    assert sorted(apart) == sorted(QUEUES), "two queues in two states"
