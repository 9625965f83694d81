"""What ``infolinia demo`` starts, leaves and says; the call itself is placed by hand and in tests/live."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infolinia.cli import build
from infolinia.commands import demo
from infolinia.demo import Outcome
from infolinia.settings import Settings
from ivr.dialogue.plan import Plan

OK = Outcome(ok=True, caller="dz-01", verdict="ok", times={"end": 1.0})


class FakeStack:
    """Notes what is asked of it. ``before``: what ran when the demo came."""

    def __init__(self, settings: Settings, before: list[str]) -> None:
        self.settings, self.before = settings, before
        self.started: list[str] = []
        self.stopped: list[str] = []
        self.asked: list[Sequence[str]] = []

    def running(self) -> list[str]:
        return self.before

    def check_ports(self) -> None:
        pass

    def up(self, **how: Any) -> None:
        parts = ["stub-eus", "stub-crm", "asterisk", "serve", "phone-konsultant1"]
        self.started = [name for name in parts if name not in self.before]

    def agents(self, arguments: Sequence[str]) -> None:
        self.asked.append(arguments)

    def down(self, only: Sequence[str]) -> list[str]:
        self.stopped += only
        return list(only)


class Scene:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, var: Path, plan: Plan) -> None:
        self._patch, self._plan = monkeypatch, plan
        self.settings = Settings(var=var, hours="open")

    def run(self, *words: str, before: Sequence[str] = (), call: Outcome | BaseException = OK) -> tuple[Any, FakeStack]:
        stack = FakeStack(self.settings, list(before))
        seats = iter([{"a"}, {"a", "b"}])

        async def place(*parts: Any) -> Outcome:
            if isinstance(call, BaseException):
                raise call
            return call

        async def queues(settings: Settings) -> set[str]:
            return next(seats)

        self._patch.setenv("INFOLINIA_VAR", str(self.settings.var))
        self._patch.setattr(demo.Stack, "found", lambda settings, say: stack)
        self._patch.setattr(demo, "prepare", lambda settings, say: self._plan)
        self._patch.setattr(demo, "_call", place)
        self._patch.setattr(demo, "_queues", queues)
        return CliRunner().invoke(build(["demo"]), ["demo", *words]), stack


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, plan: Plan) -> Scene:
    return Scene(monkeypatch, tmp_path, plan)


RUNNING = ["asterisk", "stub-eus", "stub-crm", "serve"]


def test_once_stops_what_it_started_and_no_more(scene: Scene) -> None:
    done, stack = scene.run("--once")
    assert (done.exit_code, stack.stopped) == (0, stack.started)
    assert len(stack.started) == 5
    done, stack = scene.run("--once", before=RUNNING)
    assert (done.exit_code, stack.stopped) == (0, ["phone-konsultant1"])
    assert stack.asked[-1] == ["remove", "konsultant1", "-q", "b"], "seats are as before"
    assert "działa dalej" in done.stderr


def test_without_once_all_is_left(scene: Scene) -> None:
    done, stack = scene.run()
    assert (done.exit_code, stack.stopped) == (0, [])
    assert "infolinia down" in done.stderr


def test_ctrl_c_in_the_call_leaves_the_stack_and_says_so(scene: Scene) -> None:
    done, stack = scene.run(call=KeyboardInterrupt())
    assert (done.exit_code, stack.stopped) == (130, [])
    assert "infolinia down" in done.stderr


def test_ctrl_c_with_once_stops_what_it_started(scene: Scene) -> None:
    done, stack = scene.run("--once", before=RUNNING, call=KeyboardInterrupt())
    assert (done.exit_code, stack.stopped) == (130, ["phone-konsultant1"])


def test_a_failed_call_is_told_in_json_too(scene: Scene) -> None:
    failed = Outcome(ok=False, caller="dz-08", failure="strona podaje osobę")
    done, _ = scene.run("--json", call=failed)
    assert done.exit_code == 1
    assert json.loads(done.stdout)["failure"] == "strona podaje osobę"


def test_a_caller_who_is_not_there_starts_nothing(scene: Scene) -> None:
    done, stack = scene.run("--caller", "dz-99", "--json")
    assert (done.exit_code, stack.started) == (2, [])
    assert "dz-01, dz-02" in done.stderr
    assert json.loads(done.stdout)["ok"] is False


def test_real_systems_and_closed_offices_are_refused(scene: Scene) -> None:
    scene.settings = scene.settings.model_copy(update={"eus_url": "https://eus.example"})
    done, stack = scene.run()
    assert (done.exit_code, stack.started) == (2, [])
    assert "INFOLINIA_EUS_URL" in done.stderr
    scene.settings = scene.settings.model_copy(update={"eus_url": "", "hours": "closed"})
    done, stack = scene.run(before=RUNNING)
    assert (done.exit_code, stack.started) == (2, [])
    assert "INFOLINIA_HOURS=open infolinia restart" in done.stderr
