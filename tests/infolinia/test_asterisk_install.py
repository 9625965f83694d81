"""Choosing an Asterisk by what it can do."""

import hashlib
from pathlib import Path

import pytest

from infolinia.asterisk import debian, install, secret, site
from infolinia.asterisk.trouble import AsteriskError
from infolinia.settings import Settings


def fake(prefix: Path, version: str, modules: list[str]) -> Path:
    """A folder that looks like an Asterisk and answers -V; it cannot start."""
    binary = prefix / "bin" / "asterisk"
    binary.parent.mkdir(parents=True)
    binary.write_text(f'#!/bin/sh\n[ "$1" = -V ] && echo "Asterisk {version}+dfsg" || exit 1\n')
    binary.chmod(0o755)
    (prefix / "usr/lib/asterisk/modules").mkdir(parents=True)
    for name in modules:
        (prefix / "usr/lib/asterisk/modules" / name).touch()
    (prefix / "usr/share/asterisk/documentation").mkdir(parents=True)
    (prefix / "usr/share/asterisk/documentation/core-en_US.xml").touch()
    return prefix


@pytest.mark.parametrize(
    ("version", "fault"),
    [
        ("16.28.0", "za stara"),
        ("20.8.1", "za stara"),
        ("20.13.0", "klawiszy"),
        ("22.3.0", "klawiszy"),
        ("20.14.0", None),
        ("22.10.1", None),
        ("23.0.0", None),
    ],
)
def test_versions_that_pass_keys_on(tmp_path: Path, version: str, fault: str | None) -> None:
    found = site.shortcomings(site.locate(fake(tmp_path, version, ["app_queue.so"])), ["app_queue.so"])
    assert (fault is None and found == []) or (fault is not None and fault in found[0])


def test_missing_modules_are_named(tmp_path: Path) -> None:
    asterisk = site.locate(fake(tmp_path, "22.10.1", ["app_queue.so"]))
    assert site.shortcomings(asterisk, ["app_queue.so", "app_audiosocket.so"]) == ["brak modułów: app_audiosocket.so"]


def test_what_is_no_asterisk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AsteriskError, match="nie ma programu asterisk"):
        site.locate(tmp_path)
    prefix = fake(tmp_path / "a", "22.10.1", [])
    (prefix / "usr/share/asterisk/documentation/core-en_US.xml").unlink()
    with pytest.raises(AsteriskError, match="documentation"):
        site.locate(prefix)


def test_one_that_has_everything_but_does_not_start_is_refused_with_the_reason(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path / "var", asterisk_prefix=tmp_path / "a")
    fake(tmp_path / "a", "22.10.1", install.needed_modules(settings))
    with pytest.raises(AsteriskError, match="nie wstał"):
        install.ensure(settings)
    with pytest.raises(AsteriskError, match="własnego"):
        install.update(settings)


def test_a_machine_without_apt_is_told_the_mend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AsteriskError, match="INFOLINIA_ASTERISK_PREFIX"):
        debian.host_mirror()


class _Apt(debian._Apt):
    """apt that hands out given bytes."""

    def __init__(self, work: Path, served: bytes, promised: bytes) -> None:
        super().__init__(work, "http://mirror.invalid/debian")
        self.asked = 0
        self._served, self._promised = served, promised

    def _run(self, *command: str) -> str:
        if command[0] == "apt-cache":
            digest = hashlib.sha256(self._promised).hexdigest()
            return f"Package: libx1\nVersion: 1:2.0-1\nArchitecture: amd64\nSHA256: {digest}\n\n"
        self.asked += 1
        (self.debs / "libx1_1%3a2.0-1_amd64.deb").write_bytes(self._served)
        return ""


def test_a_package_is_fetched_once_and_goes_on_from_what_is_there(tmp_path: Path) -> None:
    apt = _Apt(tmp_path, b"deb", b"deb")
    assert [package.version for package in apt.fetch(["libx1"], install.silent)] == ["1:2.0-1"]
    apt.fetch(["libx1"], install.silent)
    assert apt.asked == 1


def test_a_package_that_is_not_the_signed_one_is_refused_and_dropped(tmp_path: Path) -> None:
    apt = _Apt(tmp_path, b"forged", b"deb")
    with pytest.raises(AsteriskError, match="SHA-256"):
        apt.fetch(["libx1"], install.silent)
    assert not list(apt.debs.glob("*.deb"))


def test_a_mirror_out_of_reach_is_named_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(AsteriskError, match=r"http://127\.0\.0\.1:9/debian sid.*Sprawdź sieć"):
        debian._Apt(tmp_path, "http://127.0.0.1:9/debian").update()


def test_secrets_are_made_once_for_their_owner_alone(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path)
    first = secret.ensure(settings, ["ami-desk", "sip-konsultant1"])
    assert secret.ensure(settings, ["ami-desk", "sip-konsultant1"]) == first
    assert len(set(first.values())) == 2
    assert min(map(len, first.values())) >= 32
    path = settings.secret("ami-desk")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir() if entry.name.startswith(".")] == []


def test_a_secret_that_others_can_read_or_that_must_be_given_is_refused(tmp_path: Path) -> None:
    settings = Settings(var=tmp_path)
    secret.ensure(settings, ["ami-desk"])
    settings.secret("ami-desk").chmod(0o644)
    with pytest.raises(AsteriskError, match="chmod 600"):
        secret.ensure(settings, ["ami-desk"])
    with pytest.raises(AsteriskError, match="hasło linii od operatora"):
        secret.ensure(settings, ["operator"])
