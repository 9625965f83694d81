"""What Asterisk reads, rendered from ``asterisk-conf/*.j2``. ``render`` is pure; ``write`` puts it in place."""

import os
import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import jinja2

from infolinia.settings import OperatorLine, Settings
from ivr.calendar import exceptions
from ivr.dialogue.plan import NATIONAL, Hours, Office, QueueKind

from .site import Site
from .trouble import AsteriskError

DAYS_AHEAD = 800
"""How far days off are written into the dialplan: it must stay right should nobody render it for two years."""

ASTERISK_DAYS = {"pn": "mon", "wt": "tue", "sr": "wed", "cz": "thu", "pt": "fri", "so": "sat", "nd": "sun"}
NAMES = (
    "asterisk.conf", "modules.conf", "logger.conf", "manager.conf", "rtp.conf", "musiconhold.conf", "cdr.conf",
    "indications.conf", "pjsip.conf", "queues.conf", "extensions.conf", "acl.conf", "ccss.conf", "cel.conf",
    "features.conf", "pjproject.conf", "queuerules.conf", "stasis.conf", "udptl.conf",
)  # fmt: skip

_OF_PLAN = ("manager.conf", "pjsip.conf", "queues.conf", "extensions.conf")


def folder(settings: Settings) -> Path:
    """Where Asterisk's files lie: ``etc``, ``log``, ``run``, ``data``, ``moh``…"""
    return settings.var / "asterisk"


def secret_names(settings: Settings) -> list[str]:
    """The secrets that the configuration holds. ``operator`` is given by the operator, the others are made."""
    names = ["ami-desk", "ami-engine", *(f"sip-{consultant}" for consultant in settings.consultants)]
    return [*names, "operator"] if settings.operator is not None and settings.operator.user else names


def render(
    settings: Settings,
    site: Site,
    offices: Sequence[Office],
    queues: Sequence[QueueKind],
    secrets: Mapping[str, str],
    today: date,
) -> dict[str, str]:
    """File name -> text. Pure. Raises AsteriskError for settings or plans that cannot work together."""
    _check(settings, offices, secrets)
    national = next((office for office in offices if office.id == NATIONAL), None)
    timeouts = {queue.id: queue.timeout for queue in queues}
    values = {
        "settings": settings,
        "site": site,
        "secrets": secrets,
        "etc": folder(settings) / "etc",
        "run": folder(settings),
        "line": settings.operator,
        "loopback": settings.sip_bind == "127.0.0.1",
        "offices": offices,
        "national": national,
        "fallback_office": (national or offices[0]).id,
        "waits": {office.id: timeouts.get(office.default_queue, 600) for office in offices},
        "hours": {office.id: opening_times(office.hours, settings.hours) for office in offices},
        "days_off": {office.id: _days_off(office, settings.hours, today) for office in offices},
        "today": today.isoformat(),
        "days_ahead": DAYS_AHEAD,
    }
    environment = _environment(settings.root / "asterisk-conf")
    return {name: environment.get_template(f"{name}.j2").render(values) for name in NAMES}


def render_bare(settings: Settings, site: Site) -> dict[str, str]:
    """A configuration that opens no port and knows no number, for a trial of the modules alone. Pure."""
    values = {"settings": settings, "site": site, "etc": folder(settings) / "etc", "run": folder(settings)}
    environment = _environment(settings.root / "asterisk-conf")
    files = {name: environment.get_template(f"{name}.j2").render(values) for name in NAMES if name not in _OF_PLAN}
    return files | dict.fromkeys(_OF_PLAN, "[general]\n") | {"pjsip.conf": ""}


def opening_times(hours: Sequence[Hours], held: Literal["plan", "open", "closed"] = "plan") -> list[tuple[str, str]]:
    """``GotoIfTime``'s times and days of the hours that hold all year. Asterisk
    counts the last minute in: 08:00 to 16:00 is ``08:00-15:59``."""
    if held != "plan":
        return [("*", "*")] if held == "open" else []
    found = []
    for kind in hours:
        if kind.opens >= kind.closes:
            raise AsteriskError(f"Godziny od {kind.opens} do {kind.closes} nie mają długości")
        if kind.season.first is None:
            days = "&".join(ASTERISK_DAYS[day] for day in kind.days)
            found.append((_times(kind.opens, kind.closes), days))
    return found


def _times(opens: str, closes: str) -> str:
    hour, minute = (int(part) for part in closes.split(":"))
    last = hour * 60 + minute - 1
    return f"{opens}-{last // 60:02}:{last % 60:02}"


def _days_off(office: Office, held: str, today: date) -> list[tuple[str, list[str]]]:
    """From yesterday on, the days (``YYYYMMDD``) that have not the hours of the whole year, and the times they have."""
    if held != "plan":
        return []
    found = exceptions(office, today - timedelta(days=1), DAYS_AHEAD)
    return [(day.strftime("%Y%m%d"), [_times(*times) for times in hours]) for day, hours in found.items()]


def _check(settings: Settings, offices: Sequence[Office], secrets: Mapping[str, str]) -> None:
    if not offices:
        raise AsteriskError("Plan nie ma żadnego urzędu")
    owners: dict[str, str] = {}
    for office in offices:
        for number in office.numbers:
            if (owner := owners.setdefault(number, office.id)) != office.id:
                raise AsteriskError(f"Numer {number} należy do dwóch urzędów: {owner} i {office.id}")
        if office.default_queue not in office.queues:
            raise AsteriskError(f"{office.id}: kolejki domyślnej {office.default_queue} nie ma wśród kolejek urzędu")
    if lost := [name for name in secret_names(settings) if not secrets.get(name)]:
        raise AsteriskError(f"Brak sekretów: {', '.join(str(settings.secret(name)) for name in lost)}")
    for name, value in secrets.items():
        if not re.fullmatch(r"[\x21-\x3a\x3c-\x7e]{8,128}", value):
            raise AsteriskError(
                f"{settings.secret(name)}: sekret musi mieć od 8 do 128 znaków ASCII bez odstępów i średnika"
            )
    _check_line(settings, settings.operator)


def _check_line(settings: Settings, line: OperatorLine | None) -> None:
    if line is not None and settings.sip_bind == "127.0.0.1":
        raise AsteriskError(
            "Linia operatora przy sip_bind=127.0.0.1 nie zadzwoni: ustaw sip_bind na adres tej maszyny w jego sieci"
        )


def _environment(templates: Path) -> jinja2.Environment:
    environment = jinja2.Environment(  # noqa: S701 - not HTML; what is filled in is checked by Settings and Plan
        loader=jinja2.FileSystemLoader(templates),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["plain"] = lambda text: re.sub(r"[^\w .,()-]", " ", str(text))
    return environment


def write(settings: Settings, files: Mapping[str, str]) -> list[str]:
    """Put ``files`` in place, each at once or not at all, readable by their owner only (some hold secrets). Returns
    the names of those that are new or changed."""
    etc = folder(settings) / "etc"
    etc.mkdir(parents=True, exist_ok=True)
    etc.chmod(0o700)
    changed = []
    for name, text in files.items():
        path = etc / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        replace_file(path, text.encode())
        changed.append(name)
    return changed


def replace_file(path: Path, content: bytes) -> None:
    """Write a file for its owner's eyes, whole or not at all."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
