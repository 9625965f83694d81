"""Asterisk from Debian's own packages without installing them: fetched with a private apt state, signatures checked by
apt against the host's Debian keyring, unpacked into a folder and run through that folder's own dynamic loader. The
host's packages and apt configuration are not touched, and no root is needed.

Debian's stable release has no Asterisk; ``sid`` has, without security support: hence ``infolinia asterisk update``.
"""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from .trouble import AsteriskError

log = structlog.get_logger(__name__)

Progress = Callable[[str, int, int], None]
"""Told what is being done (Polish), how many steps are done, and of how many."""

SUITE = "sid"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
WANTED = ("asterisk", "asterisk-modules")
MAINTENANCE = (
    r"adduser|passwd|base-passwd|perl.*|libperl.*|gnupg.*|gpg.*|dirmngr|pinentry.*|debconf|ucf|sensible-utils|"
    r"dpkg|apt|bash|dash|coreutils|findutils|sed|tar|grep|gzip|hostname|diffutils|debianutils|util-linux|mount|login.*|"
    r"bsdutils|init.*|sysvinit.*|pci\.ids|gcc-.*-base|asterisk-core-sounds.*|asterisk-config"
)
"""Packages that only installing or administering needs."""
BULKY = (
    r"libcodec2.*|libicu.*|libsnmp.*|libsensors.*|libc-gconv.*|libsamplerate.*|libjack.*|libportaudio.*|libasound.*|"
    r"libglib2.*|libtiff.*|libwebp.*|libgnutls.*|libunbound.*|libspandsp.*|libpq.*|freetds.*|libct4.*|libsybdb.*|"
    r"libldap.*|liblua.*|libradcli.*|libneon.*|libical.*|libgmime.*|libiksemel.*|libvorbis.*|libogg.*|libspeex.*"
)
"""Packages that none of our modules should need; taken after all when a check of the modules says otherwise."""
BATCH = 25
"""Packages fetched by one run of apt, which takes a second to read its index."""
_LEFT_OUT = ("./usr/share/man", "./usr/share/doc", "./usr/share/locale", "./usr/share/lintian", "./usr/share/bug",
             "./usr/share/asterisk/sounds", "./etc/init.d")  # fmt: skip

WRAPPER = """#!/bin/sh
# Runs the unpacked Asterisk through its own loader. --argv0: `core restart now` executes this wrapper again.
me=$(readlink -f "$0")
root=${me%/bin/asterisk}
lib=$root/@LIB@
exec "$lib/@LOADER@" --argv0 "$me" --library-path "$lib" "$root/usr/sbin/asterisk" "$@"
"""


@dataclass(frozen=True)
class Package:
    """One binary package as the signed index describes it."""

    name: str
    version: str
    file: str
    sha256: str


def unpack(prefix: Path, work: Path, modules: list[str], progress: Progress, mirror: str | None = None) -> None:
    """Make ``prefix`` hold a runnable Asterisk with ``modules``. What was fetched stays in ``work`` until all is done,
    so a broken-off run goes on where it stopped. Raises AsteriskError."""
    apt = _Apt(work, mirror or host_mirror())
    progress("lista pakietów", 0, 1)
    apt.update()
    names = apt.closure(WANTED)
    slim = [name for name in names if not re.fullmatch(f"{MAINTENANCE}|{BULKY}", name)]
    whole = [name for name in names if not re.fullmatch(MAINTENANCE, name)]
    new = prefix.with_name(prefix.name + ".new")
    for chosen in (slim, whole):
        packages = apt.fetch(chosen, progress)
        _build(new, packages, apt.debs, progress)
        faults = unresolved(new, modules)
        if not faults:
            break
        log.warning("asterisk.slim_closure_incomplete", faults=faults[:3])
    else:
        raise AsteriskError(f"Rozpakowany Asterisk jest niepełny: {'; '.join(faults[:3])}. Zgłoś to autorom.")
    _swap(new, prefix)
    shutil.rmtree(work, ignore_errors=True)


def host_mirror() -> str:
    """The Debian mirror that this machine's apt uses. Raises AsteriskError."""
    for program in ("apt-get", "apt-cache", "dpkg-deb", "tar"):
        if shutil.which(program) is None:
            raise AsteriskError(
                f"Brak programu {program}: Asteriska pobieramy z pakietów Debiana. Na innym systemie zainstaluj "
                "Asteriska 22 i wskaż go: INFOLINIA_ASTERISK_PREFIX=/ścieżka"
            )
    if not KEYRING.is_file():
        raise AsteriskError(
            f"Brak {KEYRING}, więc podpisów nie da się sprawdzić: apt-get install debian-archive-keyring"
        )
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)"]
    found = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    mirrors = sorted({uri for uri in found if uri.rstrip("/").endswith("/debian")})
    return mirrors[0] if mirrors else "http://deb.debian.org/debian/"


class _Apt:
    """apt with a state of its own below ``work``."""

    def __init__(self, work: Path, mirror: str) -> None:
        self._mirror = mirror
        self.debs = work / "debs"
        for folder in (self.debs / "partial", work / "lists" / "partial", work / "state"):
            folder.mkdir(parents=True, exist_ok=True)
        (work / "status").touch()
        (work / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror} {SUITE} main\n", encoding="utf-8")
        config = work / "apt.conf"
        config.write_text(
            f'Dir::State "{work}/state"; Dir::State::lists "{work}/lists"; Dir::State::status "{work}/status";\n'
            f'Dir::Cache "{work}"; Dir::Cache::archives "{self.debs}";\n'
            'Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";\n'
            f'Dir::Etc::sourcelist "{work}/sources.list"; Dir::Etc::sourceparts "/dev/null";\n'
            'Dir::Etc::preferences "/dev/null"; Dir::Etc::preferencesparts "/dev/null";\n'
            'APT::Install-Recommends "false"; APT::Sandbox::User ""; Debug::NoLocking "true";\n'
            # a mirror that stands still keeps a Release file past its date; its signature is checked all the same
            'Acquire::Languages "none"; Acquire::Retries "3"; Acquire::Check-Valid-Until "false";\n',
            encoding="utf-8",
        )
        self._environment = {**os.environ, "APT_CONFIG": str(config), "LC_ALL": "C.UTF-8"}

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            command, capture_output=True, text=True, env=self._environment, cwd=self.debs, check=False
        )
        if done.returncode != 0:
            said = [line for line in done.stderr.splitlines() if line.startswith(("E:", "W:"))]
            raise AsteriskError(
                f"{' '.join(command[:2])} nie powiodło się (repozytorium {self._mirror} {SUITE}): "
                f"{' '.join(said[:2]) or 'bez wyjaśnienia'}. Sprawdź sieć i wpisy w /etc/apt, potem powtórz polecenie; "
                "pobrane pliki zostają. Bez sieci: INFOLINIA_ASTERISK_PREFIX=/ścieżka/do/asteriska"
            )
        return done.stdout

    def update(self) -> None:
        self._run("apt-get", "-qq", "update", "-o", "APT::Update::Error-Mode=any")

    def closure(self, wanted: Iterable[str]) -> list[str]:
        """Names of ``wanted`` and all that they depend on."""
        planned = self._run("apt-get", "-qq", "-s", "--no-install-recommends", "install", *wanted)
        return sorted({line.split()[1] for line in planned.splitlines() if line.startswith("Inst ")})

    def fetch(self, names: list[str], progress: Progress) -> list[Package]:
        """Every package's file in ``debs``, its SHA-256 that of the signed index."""
        packages = self._describe(names)
        missing = [package for package in packages if not self._whole(package)]
        for first in range(0, len(missing), BATCH):
            progress("pobieranie", len(packages) - len(missing) + first, len(packages))
            batch = missing[first : first + BATCH]
            self._run("apt-get", "-qq", "download", *(f"{package.name}={package.version}" for package in batch))
        for package in missing:
            if not self._whole(package):
                (self.debs / package.file).unlink(missing_ok=True)
                raise AsteriskError(f"{package.file}: suma SHA-256 niezgodna z podpisaną listą. Powtórz polecenie.")
        progress("pobieranie", len(packages), len(packages))
        return packages

    def _whole(self, package: Package) -> bool:
        target = self.debs / package.file
        return target.is_file() and _sha256(target) == package.sha256

    def _describe(self, names: list[str]) -> list[Package]:
        packages = []
        for stanza in self._run("apt-cache", "show", "--no-all-versions", *names).split("\n\n"):
            fields = dict(re.findall(r"^(Package|Version|Architecture|SHA256): (.*)$", stanza, re.MULTILINE))
            if fields:
                packages.append(_package(fields))
        return packages


def _package(fields: Mapping[str, str]) -> Package:
    escaped = fields["Version"].replace(":", "%3a")
    file = f"{fields['Package']}_{escaped}_{fields['Architecture']}.deb"
    return Package(fields["Package"], fields["Version"], file, fields["SHA256"])


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _build(new: Path, packages: list[Package], debs: Path, progress: Progress) -> None:
    shutil.rmtree(new, ignore_errors=True)
    (new / "bin").mkdir(parents=True)
    excluded = [f"--exclude={path}" for path in _LEFT_OUT]
    for done, package in enumerate(packages):
        progress("rozpakowywanie", done, len(packages))
        reader = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", debs / package.file], stdout=subprocess.PIPE)
        writer = subprocess.run(
            ["tar", "-x", "-C", new, "--no-same-owner", *excluded], stdin=reader.stdout, check=False
        )
        assert reader.stdout is not None
        reader.stdout.close()
        if reader.wait() != 0 or writer.returncode != 0:
            raise AsteriskError(f"Nie udało się rozpakować {package.file} do {new}. Czy na dysku jest miejsce?")
    record = "".join(f"{package.sha256}  {package.file}\n" for package in packages)
    (new / "SOURCES").write_text(record, encoding="utf-8")
    loader = _loader(new)
    wrapper = WRAPPER.replace("@LIB@", str(loader.parent.relative_to(new))).replace("@LOADER@", loader.name)
    (new / "bin" / "asterisk").write_text(wrapper, encoding="utf-8")
    (new / "bin" / "asterisk").chmod(0o755)
    progress("rozpakowywanie", len(packages), len(packages))


def _loader(root: Path) -> Path:
    found = next(iter(sorted(root.glob("usr/lib/*/ld-linux-*.so.*"))), None)
    if found is None:
        raise AsteriskError(f"W {root} nie ma programu ładującego biblioteki (ld-linux)")
    return found


def unresolved(root: Path, modules: list[str]) -> list[str]:
    """What the daemon or a module of ``modules`` needs and ``root`` does not hold."""
    loader = _loader(root)
    folder = loader.parent / "asterisk" / "modules"
    faults = [f"brak {name}" for name in modules if not (folder / name).is_file()]
    for file in (root / "usr/sbin/asterisk", *(folder / name for name in modules if (folder / name).is_file())):
        command = [str(part) for part in (loader, "--library-path", loader.parent, "--list", file)]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        lost = re.findall(r"(\S+) => not found", answer.stdout) + re.findall(r"error.*: (\S+): cannot", answer.stderr)
        faults += [f"{file.name}: brak {library}" for library in dict.fromkeys(lost)]
    return faults


def _swap(new: Path, prefix: Path) -> None:
    old = prefix.with_name(prefix.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if prefix.exists():
        prefix.rename(old)
    new.rename(prefix)
    shutil.rmtree(old, ignore_errors=True)
