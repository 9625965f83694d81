"""``infolinia testcall``: place a real call as a scripted caller and tell what came of it."""

import asyncio
import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr, ValidationError

from infolinia.asterisk.port import listening
from infolinia.logs import to_file
from infolinia.mishaps import reason
from infolinia.settings import ROOT, Settings
from infolinia.stack import Stack
from recordings.caller.people import People, UnknownPerson
from recordings.caller.performance import place_call
from recordings.caller.result import CallResult, Note
from recordings.caller.script import Script
from recordings.caller.script_file import ScriptError, load_script
from recordings.caller.sip import Dial, Leg, Refused

PEOPLE = ROOT / "infolinia/stubs/eus/callers.yaml"
NO_LIBRARY = "Brakuje biblioteki SIP telefonów próbnych; proszę zainstalować: pip install 'infolinia[test-caller]'"
_WORDS = {
    "answered": "odebrano",
    "keys": "klawisze",
    "say": "mówię",
    "speech": "automat mówi",
    "silence": "cisza",
    "condition": "stało się",
    "media": "dźwięk",
    "hold": "zawieszam rozmowę",
    "hangup": "rozłączam się",
    "failed": "niepowodzenie",
    "over": "koniec",
}
NUMBER = re.compile(r"\+?\d{3,15}")
ENDS = {"us": "rozłączył się dzwoniący", "them": "rozłączyła się druga strona", "refused": "nie odebrano"}


def testcall(
    script: Annotated[
        Path | None, typer.Argument(help="Scenariusz YAML (docs/test-caller.md), albo sam numer infolinii.")
    ] = None,
    to: Annotated[str | None, typer.Option(help="Numer, np. 224605990; ważniejszy niż ten ze scenariusza.")] = None,
    caller: Annotated[str | None, typer.Option(help="Numer dzwoniącego, np. +48000000001.")] = None,
    withheld: Annotated[bool, typer.Option("--withheld", help="Zastrzeż numer dzwoniącego.")] = False,
    asserted: Annotated[str | None, typer.Option(help="Numer potwierdzony przez operatora (PAI).")] = None,
    listen: Annotated[float, typer.Option(help="Bez scenariusza: ile sekund słuchać.", min=0, max=3600)] = 10.0,
    people: Annotated[Path, typer.Option(help="Plik YAML z danymi dzwoniących (dla pin_of:).")] = PEOPLE,
    record: Annotated[Path | None, typer.Option(help="Nagraj rozmowę do pliku WAV: lewy kanał słyszany.")] = None,
    server: Annotated[str | None, typer.Option(help="Adres SIP; domyślnie ten z ustawień.")] = None,
    user: Annotated[str | None, typer.Option(help="Nazwa do uwierzytelnienia u operatora.")] = None,
    password_file: Annotated[Path | None, typer.Option(help="Plik z hasłem tej nazwy.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Wynik jako jeden obiekt JSON.")] = False,
) -> None:
    """Dzwoni naprawdę: wykonuje scenariusz, notuje, co słyszy i kiedy, i mówi, jak się skończyło.

    Kod wyjścia: 0 – wszystkie kroki wykonane, 1 – połączenie albo krok się nie udały, 2 – zły scenariusz lub opcje.

    Przykłady:

    infolinia testcall 224605990

    infolinia testcall --to 224605990 --listen 15 --record powitanie.wav

    infolinia testcall rozmowa.yaml --people dzwoniacy.yaml --json
    """
    settings = Stack.found(Settings()).settings
    to_file(settings.var / "log" / "testcall.log")
    if script is not None and to is None and NUMBER.fullmatch(script.name) and not script.exists():
        script, to = None, str(script)
    try:
        wanted = _script(script, listen, to=to, caller=caller, withheld=withheld or None, asserted=asserted)
        known = People.load(people)
        secret = _password(password_file)
        where, absent = sip_server(settings, server), nobody_there(settings, server)
        if absent is not None:
            result = asyncio.run(place_call(_Nobody(), wanted, people=known))
            result.failure = absent
        else:
            result = asyncio.run(_call(where, wanted, known, record, user, secret, as_json))
    except (ScriptError, UnknownPerson, ValueError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    except OSError as error:
        typer.echo(f"Nie można użyć pliku albo portu: {reason(error)}: {error.filename or ''}", err=True)
        raise typer.Exit(2) from None
    typer.echo(result.model_dump_json(exclude_none=True) if as_json else _summary(result))
    raise typer.Exit(0 if result.ok else 1)


class _Nobody:
    """The line of a hotline that does not run: nobody picks up, and nobody has to wait to learn it."""

    async def dial(self, dial: Dial) -> Leg:
        raise Refused(408, "nobody there")


def sip_server(settings: Settings, server: str | None) -> tuple[str, int]:
    """Host and port of the Asterisk to talk to. Raises ``ValueError`` for what is no address."""
    if server is None:
        return settings.sip_bind if settings.sip_bind != "0.0.0.0" else "127.0.0.1", settings.port("sip")  # noqa: S104
    host, colon, port = server.rpartition(":")
    if not colon:
        return server, 5060
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"--server: „{server}” to nie adres; proszę podać np. 127.0.0.1:5060")
    return host, int(port)


def nobody_there(settings: Settings, server: str | None) -> str | None:
    """The sentence for a hotline that does not run on this machine; None where it does, or ``server`` is named."""
    if server is not None or listening(settings.port("sip"), "udp"):
        return None
    return (
        f"infolinia nie działa: na porcie {settings.port('sip')}/udp nie ma Asteriska. Uruchom: infolinia up "
        "(inny serwer: --server ADRES:PORT)"
    )


def sip_line(server: tuple[str, int]) -> Any:
    """A line to ``server``; ends the program, saying how to mend it, where the SIP library is missing."""
    try:
        from recordings.caller.sip_line import SipLine
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "aiosipua":
            raise
        typer.echo(NO_LIBRARY, err=True)
        raise typer.Exit(2) from None
    return SipLine(server)


def _script(path: Path | None, listen: float, **options: str | bool | None) -> Script:
    script = load_script(path) if path else Script(name="listen", steps=[{"pause": listen}, {"hangup": True}])
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Script.model_validate({**{name: getattr(script, name) for name in Script.model_fields}, **given})
    except ValidationError as error:
        fields = ", ".join("--" + str(detail["loc"][0]) for detail in error.errors())
        raise ValueError(f"zła wartość opcji {fields}") from None


def _password(path: Path | None) -> SecretStr | None:
    return SecretStr(path.read_text(encoding="utf-8").strip()) if path else None


async def _call(
    server: tuple[str, int],
    script: Script,
    people: People,
    record: Path | None,
    user: str | None,
    password: SecretStr | None,
    quiet: bool,
) -> CallResult:
    line = sip_line(server)
    await line.start()
    try:
        tell = None if quiet else _show
        return await place_call(line, script, people=people, record=record, on_note=tell, user=user, password=password)
    finally:
        await line.stop()


def _show(note: Note) -> None:
    detail = ENDS.get(note.detail, note.detail) if note.what == "over" else note.detail
    sys.stdout.write(f"{note.at:8.2f} s  {_WORDS.get(note.what, note.what)} {detail}\n")
    sys.stdout.flush()


def _summary(result: CallResult) -> str:
    lines = [f"{'dobrze' if result.ok else 'źle'}: {result.failure or 'wszystkie kroki wykonane'}"]
    if result.answered_after is not None:
        heard = sum(part.end - part.start for part in result.heard)
        lost, came = result.received.get("lost", 0), result.received.get("received", 0)
        lines.append(
            f"rozmowa {result.duration:.1f} s, mowa automatu {heard:.1f} s, klawisze: {len(result.keys)}, "
            f"pakiety: {came:.0f}, zgubione: {lost:.0f}"
        )
    if result.recording:
        lines.append(f"nagranie: {result.recording}")
    return "\n".join(lines)
