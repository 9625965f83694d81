"""Which telephones of consultants there are, and how another one comes about."""

from .settings import Settings


def unknown(settings: Settings, name: str) -> str | None:
    """What to say of a telephone ``name`` that the settings do not have; None of one that they have."""
    known, plain = settings.consultants, name.removeprefix("PJSIP/")
    if plain in known:
        return None
    return (
        f"Nie ma telefonu „{name}”. Są: {', '.join(known)}. Nowy: "
        f"INFOLINIA_CONSULTANTS={','.join((*known, plain))} infolinia restart"
    )
