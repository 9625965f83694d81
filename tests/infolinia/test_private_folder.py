"""What the hotline writes is its owner's alone, also where an earlier version left it open."""

import os
import stat
import subprocess
import sys
from pathlib import Path

from infolinia.private_folder import tighten


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_verb_closes_an_open_var_and_opens_nothing(tmp_path: Path) -> None:
    var = tmp_path / "var"
    (var / "log").mkdir(parents=True, mode=0o755)
    (var / "infolinia.db").touch(mode=0o644)
    environment = {**os.environ, "INFOLINIA_VAR": str(var), "INFOLINIA_PORT_SHIFT": "24900"}
    run = [sys.executable, "-m", "infolinia"]
    subprocess.run(
        [*run, "closure", "set", "malopolskie", "Awaria.", "--help"], env=environment, check=True, umask=0o022
    )
    subprocess.run([*run, "report", "kpi3"], env=environment, check=False, umask=0o022, capture_output=True)
    subprocess.run([*run, "closure", "clear", "wszystkie"], env=environment, check=False, umask=0o022)
    assert (mode(var), mode(var / "log"), mode(var / "infolinia.db")) == (0o700, 0o700, 0o600)
    assert [str(path) for path in var.rglob("*") if mode(path) & 0o077] == []


def test_what_is_linked_into_it_and_a_folder_of_many_are_left_alone(tmp_path: Path) -> None:
    elsewhere = tmp_path / "studio"
    elsewhere.mkdir(mode=0o755)
    var = tmp_path / "var"
    var.mkdir(mode=0o755)
    (var / "infolinia.db").touch()
    (var / "prompts").symlink_to(elsewhere)
    assert tighten(var)
    assert (mode(var), mode(elsewhere)) == (0o700, 0o755)
    assert not tighten(var)
    shared = tmp_path / "tmp"
    shared.mkdir()
    (shared / "infolinia.db").touch()
    shared.chmod(0o1777)
    assert not tighten(shared)
    assert mode(shared) == 0o1777


def test_a_folder_that_is_not_ours_is_refused_and_left_alone(tmp_path: Path) -> None:
    """Each verb asks: an administrator who names a wrong folder must not lose the machine."""
    others = tmp_path / "etc"
    others.mkdir(mode=0o755)
    (others / "passwd").touch(mode=0o644)
    shared = tmp_path / "tmp"
    shared.mkdir()
    shared.chmod(0o1777)
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    (home / "models").mkdir(mode=0o755)
    for named in (str(others), str(shared), str(home), "", "."):
        environment = {**os.environ, "INFOLINIA_VAR": named, "HOME": str(home)}
        done = subprocess.run(
            [sys.executable, "-m", "infolinia", "status"],
            env=environment,
            cwd=str(home),
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 2, named
        assert f"INFOLINIA_VAR={named if named != '.' else home}" in done.stderr
    assert [mode(path) for path in (others, others / "passwd", home, home / "models")] == [0o755, 0o644, 0o755, 0o755]
    assert mode(shared) == 0o1777
    assert not [*shared.iterdir()]
