"""``infolinia consultant``: a consultant's phone that answers by itself."""

import asyncio
import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr

from infolinia.commands.testcall import ENDS, nobody_there, sip_line, sip_server
from infolinia.logs import to_file
from infolinia.secret_files import read_secret
from infolinia.settings import Settings
from infolinia.stack import Stack
from infolinia.telephones import unknown
from recordings.caller.consultant import Behaviour, ConsultantPhone, Served, soft_tone
from recordings.caller.sip import Refused
from voicebot.audio import AudioError, load

_WORDS = {"registered": "zalogowany jako", "rings": "dzwoni", "answered": "odebrane od", "over": "koniec:"}


def consultant(
    name: Annotated[str, typer.Argument(help="Stanowisko, np. konsultant1.")],
    answer_after: Annotated[float, typer.Option(help="Po ilu sekundach odebrać.", min=0, max=600)] = 1.0,
    talk: Annotated[
        float | None, typer.Option(help="Po ilu sekundach rozmowy rozłączyć; bez tego czeka na dzwoniącego.", min=0)
    ] = None,
    no_answer: Annotated[bool, typer.Option("--no-answer", help="Dzwoń, ale nigdy nie odbieraj.")] = False,
    reject: Annotated[int | None, typer.Option(help="Odrzucaj z tym kodem SIP, np. 486.", min=400, max=699)] = None,
    greeting: Annotated[Path | None, typer.Option(help="Plik WAV powitania; bez niego łagodny dźwięk.")] = None,
    calls: Annotated[int | None, typer.Option(help="Skończ po tylu połączeniach.", min=1)] = None,
    record: Annotated[Path | None, typer.Option(help="Katalog na nagrania rozmów.")] = None,
    server: Annotated[str | None, typer.Option(help="Adres SIP; domyślnie ten z ustawień.")] = None,
    password_file: Annotated[
        Path | None, typer.Option(help="Plik z hasłem; domyślnie var/secrets/sip-STANOWISKO.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Każda rozmowa jako wiersz JSON.")] = False,
) -> None:
    """Telefon konsultanta, który sam odbiera: loguje się do Asteriska, czeka na rozmowy, kończy na Ctrl-C.

    Kod wyjścia: 0 – skończył, 1 – nie udało się zalogować, 2 – złe opcje.

    Przykłady:

    infolinia consultant konsultant1 --answer-after 1 --talk 5

    infolinia consultant konsultant2 --no-answer
    """
    settings = Stack.found(Settings()).settings
    if password_file is None and (absent := unknown(settings, name)):
        typer.echo(absent, err=True)
        raise typer.Exit(2)
    to_file(settings.var / "log" / f"consultant-{name}.log")
    try:
        sound = load(greeting) if greeting else soft_tone()
        behaviour = Behaviour(None if no_answer else answer_after, talk, reject, sound, record)
        password = _password(settings, name, password_file)
        where = sip_server(settings, server)
        if absent := nobody_there(settings, server):
            typer.echo(f"Stanowisko {name} nie ma się gdzie zalogować: {absent}", err=True)
            raise typer.Exit(1)
        asyncio.run(_answer_calls(where, name, password, behaviour, calls, as_json))
    except Refused as refusal:
        mend = "Proszę sprawdzić adres serwera." if refusal.code == 408 else "Proszę sprawdzić nazwę i hasło."
        typer.echo(f"Nie udało się zalogować stanowiska {name}: {refusal}. {mend}", err=True)
        raise typer.Exit(1) from None
    except (AudioError, OSError, ValueError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def _password(settings: Settings, name: str, path: Path | None) -> SecretStr:
    text = path.read_bytes() if path else read_secret(settings, f"sip-{name}")
    return SecretStr(text.decode("utf-8").strip())


async def _answer_calls(
    server: tuple[str, int], name: str, password: SecretStr, behaviour: Behaviour, calls: int | None, as_json: bool
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    line = sip_line(server)
    await line.start()
    try:
        phone = ConsultantPhone(line, behaviour, None if as_json else _show)
        if as_json:
            phone.on_served = _show_json
        await phone.register(name, password)
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(stop.wait())]
        if calls is not None:
            waits.append(asyncio.ensure_future(phone.wait_served(calls)))
        _, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for waiting in pending:
            waiting.cancel()
    finally:
        await line.stop()


def _show(what: str, detail: str) -> None:
    sys.stdout.write(f"{_WORDS[what]} {ENDS.get(detail, detail)}\n")
    sys.stdout.flush()


def _show_json(served: Served) -> None:
    sys.stdout.write(json.dumps(asdict(served), default=_plain, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else str(value)
