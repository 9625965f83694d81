"""A dialled number that no office has: Asterisk keeps such a call from the engines, says so and leads it to people."""

import re
from collections.abc import Iterator
from datetime import datetime

from ruamel.yaml import YAML

from infolinia.settings import Settings
from ivr.calendar import opening
from ivr.dialogue.plan import NATIONAL, Plan


def nine_digits(number: str) -> str:
    """The dialled ``number`` as Asterisk makes it of what the line sends (``[infolinia]`` of ``extensions.conf``)."""
    digits = re.sub(r"[^0-9]", "", number)
    return digits[-9:] if re.fullmatch(r"(0048|48|0)?[0-9]{9}", digits) else digits


def without_automaton(plan: Plan, settings: Settings, number: str, now: datetime) -> Iterator[str]:
    """What the caller of an unknown ``number`` hears and where they come (``[infolinia-human]``), in lines."""
    path = settings.root / "asterisk-conf" / "announcements.yaml"
    said = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))["announcements"]
    office = plan.offices[NATIONAL]
    found = opening(office, now)
    yield f"Numeru {number or '(pustego)'} nie ma żaden urząd: Asterisk nie oddaje takiej rozmowy automatowi."
    yield f"  „{said['nieznany-numer']}”"
    if found.open:
        yield f"  „{said['awaria-lacze']}”"
        yield f"  → kolejka {NATIONAL}-{office.default_queue}"
    else:
        yield f"  „{said['awaria-zamkniete'].format(hours=found.hours)}”"
        yield "Koniec: po godzinach"
