"""The announcements that Asterisk plays by itself: rendered at set-up, 8 kHz 16-bit mono, in Polish."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML

from infolinia.settings import Settings
from ivr.calendar import spoken_hours, week
from ivr.dialogue.plan import Office

from .conf import folder, replace_file
from .debian import Progress
from .trouble import AsteriskError

RATE = 8000
LOUD_ENOUGH = 500
"""Peak sample below which a rendering counts as silent."""

Speak = Callable[[str, str], bytes]
"""(announcement id, Polish text) -> 8 kHz signed 16-bit little-endian mono samples."""


def announcements(settings: Settings, offices: Sequence[Office], day: date) -> dict[str, str]:
    """File name (without ending) -> text. A text with ``{hours}`` (those of ``day``'s season) becomes one per
    office: ``<id>-<office>``."""
    path = settings.root / "asterisk-conf" / "announcements.yaml"
    texts: dict[str, str] = YAML(typ="safe").load(path)["announcements"]
    found: dict[str, str] = {}
    for name, text in texts.items():
        if "{hours}" not in text:
            found[name] = text
            continue
        for office in offices:
            found[f"{name}-{office.id}"] = text.format(hours=spoken_hours(week(office, day)))
    return found


def sounds(settings: Settings) -> Path:
    """Asterisk's folder of Polish sounds."""
    return folder(settings) / "data" / "sounds" / "pl"


def prepare(settings: Settings, lines: Mapping[str, str], speak: Speak, progress: Progress) -> list[str]:
    """Render what is missing or whose text has changed; returns the names rendered. Raises AsteriskError for a
    rendering that is empty or silent: a caller must not hear nothing."""
    target = sounds(settings) / "infolinia"
    target.mkdir(parents=True, exist_ok=True)
    index = target / "index.json"
    known: dict[str, str] = json.loads(index.read_text(encoding="utf-8")) if index.is_file() else {}
    rendered = []
    for done, (name, text) in enumerate(lines.items()):
        progress("komunikaty", done, len(lines))
        digest = hashlib.sha256(text.encode()).hexdigest()
        if known.get(name) == digest and (target / f"{name}.sln").is_file():
            continue
        replace_file(target / f"{name}.sln", _checked(name, speak(name, text)))
        known[name] = digest
        rendered.append(name)
        replace_file(index, json.dumps(known, indent=1, sort_keys=True).encode())
    progress("komunikaty", len(lines), len(lines))
    return rendered


def _checked(name: str, pcm: bytes) -> bytes:
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], dtype="<i2")
    if len(samples) < RATE // 5 or int(np.abs(samples.astype(np.int32)).max()) < LOUD_ENOUGH:
        raise AsteriskError(f"Komunikat {name} wyszedł pusty albo niemy: sprawdź głos (espeak-ng) i powtórz polecenie")
    return samples.tobytes()
