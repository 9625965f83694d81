"""Older files are rewritten to today's language: comments stay, the old file is kept, the plan is the same."""

from pathlib import Path

import pytest

from ivr.dialplan import examine, load_plan
from ivr.dialplan.draft import VERSION
from ivr.dialplan.migrations import STEPS, migrate
from tests.ivr.dialplan.broken_plans import copy_shipped


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return copy_shipped(tmp_path)


def old(root: Path) -> Path:
    """An office's file as version 0 had it."""
    path = root / "offices" / "opolskie.yaml"
    text = path.read_text(encoding="utf-8").replace("version: 1\n", "")
    text = text.replace("  default_queue", '  announcement: "Punkt jest nieczynny."  # do maja\n  default_queue')
    path.write_text(text, encoding="utf-8")
    return path


def test_there_is_a_step_for_every_version() -> None:
    assert len(STEPS) == VERSION


def test_an_old_file_is_rewritten_and_loads(root: Path) -> None:
    path = old(root)
    before = path.read_bytes()
    assert any("--migrate" in fault.hint for fault in examine(root).faults)
    assert migrate(root) == ["offices/opolskie.yaml"]
    assert path.with_name("opolskie.yaml.v0").read_bytes() == before
    office = load_plan(root).offices["opolskie"]
    assert [announcement.text for announcement in office.announcements] == ["Punkt jest nieczynny."]
    assert path.read_text(encoding="utf-8").startswith("# Izba Administracji Skarbowej w Opolu")


def test_files_of_today_and_files_that_cannot_be_read_are_left_alone(root: Path) -> None:
    broken = root / "offices" / "lodzkie.yaml"
    broken.write_text("version: 0\noffice: [", encoding="utf-8")
    newer = root / "offices" / "slaskie.yaml"
    newer.write_text("version: 2\noffice: {}\n", encoding="utf-8")
    before = {path: path.read_bytes() for path in root.rglob("*.yaml")}
    assert migrate(root) == []
    assert {path: path.read_bytes() for path in root.rglob("*.*") if path.is_file()} == before


def test_migrating_twice_changes_nothing_more(root: Path) -> None:
    path = old(root)
    migrate(root)
    once = path.read_bytes()
    assert migrate(root) == []
    assert path.read_bytes() == once
