"""The pages: Polish words and Jinja templates."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from .views import Ring, Screen

VERDICTS = {
    "ok": "Uwierzytelniono",
    "refused": "Nie uwierzytelniono: e-US nie potwierdził tożsamości",
    "throttled": "Nie uwierzytelniono: zbyt wiele prób",
    "unavailable": "Nie uwierzytelniono: e-US nie odpowiadał",
    "skipped": "Nie uwierzytelniono: pominięto na życzenie",
    "gave-up": "Nie uwierzytelniono: rezygnacja z prób",
    "expired": "Uwierzytelnienie wygasło",
    "not-tried": "Nie uwierzytelniono: nie próbowano",
    "unknown": "Nie uwierzytelniono: brak danych o połączeniu",
}
METHODS = {"pesel+telepin": "PESEL i telePIN", "nip+telepin": "NIP i telePIN"}
BASES = {"self": "we własnej sprawie", "ppo": "pełnomocnictwo ogólne (PPO)", "uko": "uprawnienie do konta (UKO)"}
REASONS = {
    "no-answer": "nie odebrano",
    "answered-elsewhere": "odebrał ktoś inny",
    "abandoned": "rozmówca zrezygnował",
    "cancelled": "dzwonienie przerwane",
    "lost": "utracono łączność z centralą",
    "caller": "rozłączył się rozmówca",
    "agent": "rozłączył się konsultant",
    "transfer": "przekazano dalej",
    "hangup": "rozłączono",
}
STATUSES = {"ringing": "Dzwoni", "connected": "Rozmowa", "ended": "Zakończona", "withdrawn": "Wycofana"}


def clock(moment: str | None, form: str = "%H:%M:%S") -> str:
    """An ISO 8601 time as local Polish time."""
    return datetime.fromisoformat(moment).astimezone(ZoneInfo("Europe/Warsaw")).strftime(form) if moment else "—"


def length(seconds: float | None) -> str:
    """``75`` -> ``1 min 15 s``."""
    if seconds is None:
        return "—"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def telephone(session: Mapping[str, Any]) -> str:
    """A session's number: ``+48000000001`` -> ``+48 000 000 001``."""
    number = session["caller"]
    if not number:
        return "numer zastrzeżony" if session.get("withheld") else "numer nieznany"
    if number.startswith("+48") and len(number) == 12:
        return f"+48 {number[3:6]} {number[6:9]} {number[9:]}"
    return str(number)


class Pages:
    def __init__(self) -> None:
        environment = Environment(
            loader=FileSystemLoader(Path(__file__).with_name("templates")),
            autoescape=select_autoescape(),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters.update(clock=clock, length=length, telephone=telephone)
        environment.globals.update(verdicts=VERDICTS, methods=METHODS, bases=BASES, reasons=REASONS, statuses=STATUSES)
        self._environment = environment

    def frame(self, title: str, stream: str, content: str) -> str:
        """A whole page; ``content`` is replaced live by what ``stream`` sends."""
        return self._environment.get_template("frame.html").render(title=title, stream=stream, content=content)

    def desk(self, shown: Screen) -> str:
        return self._environment.get_template("desk.html").render(screen=shown, ring=shown.now)

    def overview(self, screens: Sequence[Screen], recent: Sequence[Ring]) -> str:
        return self._environment.get_template("overview.html").render(screens=screens, recent=recent)
