"""A stack is found again with what it was started with; only what was started is stopped."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import infolinia.stack as stacks
from infolinia import running
from infolinia.asterisk import install
from infolinia.asterisk.control import pid_of
from infolinia.background import Background
from infolinia.settings import Settings
from infolinia.stack import Stack


class Sleeper(Stack):
    """A stack whose parts only sleep, and which has no Asterisk."""

    def _start(self, name: str, arguments: list[str], port: int | None = None) -> None:
        process = Background(self.settings.var, name)
        if process.pid() is None:
            self.started.append(name)
            process.start([sys.executable, "-c", "import time; time.sleep(60)"])

    def _start_asterisk(self) -> None:
        pass

    def _wait_for_engines(self) -> None:
        pass


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    settings = Settings(var=tmp_path, port_shift=24_000, hours="open")
    yield settings
    Sleeper(settings).down()


def test_what_ran_before_is_left(settings: Settings) -> None:
    first = Sleeper(settings)
    first.up()
    second = Sleeper.found(settings)
    second.up(consultants=["konsultant1"])
    assert (first.started, second.started) == (["stub-eus", "stub-crm", "serve"], ["phone-konsultant1"])
    assert second.down(second.started) == ["phone-konsultant1"]
    assert Sleeper(settings).running() == first.started
    assert sorted(Sleeper(settings).down()) == sorted(first.started)
    assert running.read(settings) is None


def test_it_is_found_with_the_settings_it_was_started_with(settings: Settings) -> None:
    now = Settings(var=settings.var, port_shift=1, hours="plan")
    assert Sleeper.found(now).settings.port_shift == 1, "nothing runs"
    Sleeper(settings).up(stubs=False)
    found = Sleeper.found(now)
    assert (found.settings.port_shift, found.settings.hours) == (24_000, "open")
    assert any(str(settings.port("agi")) in row.where for row in found.status())
    known = running.read(now)
    assert known is not None
    assert known.unlike(now) == ["INFOLINIA_PORT_SHIFT=1", "INFOLINIA_HOURS=plan"]
    assert known.stubs is False


def test_it_keeps_its_asterisk_in_a_shell_that_names_none(settings: Settings, tmp_path: Path) -> None:
    """Else `down` would look for another one, and fetch it."""
    prefix = tmp_path / "own-asterisk"
    Sleeper(settings.model_copy(update={"asterisk_prefix": prefix})).up(stubs=False)
    found = Sleeper.found(Settings(var=settings.var))
    assert found.settings.asterisk_prefix == prefix
    assert found._environment()["INFOLINIA_ASTERISK_PREFIX"] == str(prefix)
    assert "INFOLINIA_ASTERISK_PREFIX" not in Stack(settings)._environment()


def test_an_asterisk_whose_files_are_gone_is_stopped_and_none_is_fetched(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    conf = tmp_path / "asterisk" / "etc" / "asterisk.conf"
    conf.parent.mkdir(parents=True)
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", conf])
    (tmp_path / "asterisk" / "asterisk.pid").write_text(str(sleeper.pid))
    while pid_of(settings) is None:
        time.sleep(0.01)
    monkeypatch.setattr(install, "_fetch", lambda *_: pytest.fail("fetched an Asterisk only to stop one"))
    gone = settings.model_copy(update={"asterisk_prefix": tmp_path / "gone"})
    assert Sleeper(gone).down() == ["asterisk"]
    sleeper.wait(5)


def test_what_the_demo_chose_itself_waits_for_no_restart(settings: Settings) -> None:
    Sleeper(settings).up(stubs=False, own=("hours",))
    known = running.read(settings)
    assert known is not None
    same = settings.model_dump(include=set(running.FIELDS) - {"hours"})
    assert known.unlike(Settings(var=settings.var, **same)) == []
    assert known.unlike(Settings(var=settings.var, hours="plan", **same)) == ["INFOLINIA_HOURS=plan"]


def test_nothing_is_started_when_a_port_is_taken(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(settings: Settings, parts: set[str]) -> None:
        assert parts == {"stub-eus", "stub-crm", "asterisk", "serve"}
        raise stacks.NotStarted("zajęte")

    monkeypatch.setattr(stacks, "check_all_free", refuse)
    stack = Sleeper(settings)
    with pytest.raises(stacks.NotStarted):
        stack.up()
    assert stack.started == stack.running() == []


def test_children_get_the_settings_of_the_stack(settings: Settings) -> None:
    environment = Stack(settings)._environment()
    assert environment["INFOLINIA_PORT_SHIFT"] == "24000"
    assert environment["INFOLINIA_CONSULTANTS"] == "konsultant1,konsultant2,konsultant3,konsultant4"
