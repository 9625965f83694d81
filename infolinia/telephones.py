"""Which telephones of consultants there are, and how another one comes about."""

import re

from .settings import CONSULTANT, Settings


def unknown(settings: Settings, name: str) -> str | None:
    """What to say of a telephone ``name`` that the settings do not have; None of one that they have."""
    known, plain = settings.consultants, name.removeprefix("PJSIP/")
    if plain in known:
        return None
    there = f"Nie ma telefonu „{name}”. Są: {', '.join(known)}."
    if not re.fullmatch(CONSULTANT, plain):
        return f"{there} Nazwa nowego: małe litery, cyfry, kropka i łącznik, np. konsultant{len(known) + 1}"
    return f"{there} Nowy: INFOLINIA_CONSULTANTS={','.join((*known, plain))} infolinia restart"
