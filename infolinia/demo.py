"""The demo: one real call by a scripted caller, told live from the journal, judged by the page that opened.

The caller reacts to what the hotline asks (read from the journal, as an operator could), not to the clock, so it finds
its way whatever ear and voice this machine has.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import msgspec
from pydantic import SecretStr
from ruamel.yaml import YAML
from sqlalchemy import select

from ivr.dialogue.call import Call
from ivr.dialogue.events import (
    AuthenticationStopped,
    Heard,
    IdentityGiven,
    Keyed,
    LookedUp,
    PinChecked,
    PinGiven,
    Skipped,
)
from ivr.dialogue.plan import Plan
from ivr.journal import CALLS, Journal, Turn
from ivr.phones.authentication import REFUSAL_AFTER
from recordings.caller.live import LiveCall
from recordings.caller.people import People, UnknownPerson
from recordings.caller.sip import Dial, Line
from store import open_database

from .settings import ROOT, Settings

CALLERS = Path(__file__).parent / "stubs" / "eus" / "callers.yaml"
MATTER = ROOT / "recordings" / "demo" / "chce-zapytac-pcc-samochod.wav"
LONGEST = 150.0
"""Seconds after which the demo gives up."""
OTHER_NUMBER = {"dz-23": "224605995", "dz-25": "801055055"}
"""Callers who dial another number than their own office's."""
WITHHELD = {"dz-07"}
Tell = Callable[[str], None]


class DemoFailed(Exception):
    """The demo did not come to a pop-up; says where it stopped."""


class Outcome(msgspec.Struct, kw_only=True):
    """What ``infolinia demo --once --json`` writes. ``times`` are seconds from the answer."""

    ok: bool
    caller: str
    call: str = ""
    verdict: str | None = None
    ias: str | None = None
    topic: str | None = None
    confidence: float = 0.0
    queue: str | None = None
    popup: dict[str, Any] | None = None
    times: dict[str, float] = {}
    failure: str | None = None


class DemoCaller:
    """The fictitious caller ``person`` (an id of the e-US stub's file) and what they dial and key."""

    def __init__(self, person: str, plan: Plan) -> None:
        entries = YAML(typ="safe").load(CALLERS.read_text(encoding="utf-8"))["callers"]
        known = {entry["id"]: entry for entry in entries}
        if person not in known:
            raise UnknownPerson(f"nie ma dzwoniącego „{person}”; są: {', '.join(known)}")
        self.person, self.entry = person, known[person]
        office = plan.offices.get(self.entry["office"] or "")
        own = office.numbers[0] if office and office.numbers else "223300330"
        self.dialled = OTHER_NUMBER.get(person, own)
        self.number = None if person in WITHHELD else f"+48{int(person.removeprefix('dz-')):09d}"
        self._people = People.load(CALLERS)

    def identity(self) -> SecretStr:
        kind = "nip" if self.person in WITHHELD else "pesel"
        return SecretStr(self._people.keys(kind, self.person).get_secret_value() + "#")  # type: ignore[arg-type]

    def pin(self) -> SecretStr:
        """The telePIN and ``#``; a lone ``#`` for who has none."""
        try:
            return SecretStr(self._people.keys("pin", self.person).get_secret_value() + "#")
        except UnknownPerson:
            return SecretStr("#")


class Demo:
    """One demo call through a running stack."""

    def __init__(self, settings: Settings, plan: Plan, line: Line, tell: Tell) -> None:
        self._settings, self._plan, self._line, self._tell = settings, plan, line, tell
        self._database = open_database(settings.database_url)
        self._journal = Journal(self._database, "demo")

    async def run(self, caller: DemoCaller) -> Outcome:
        """Place the call and follow it to the pop-up and the goodbye."""
        outcome = Outcome(ok=False, caller=caller.person)
        try:
            async with asyncio.timeout(LONGEST):
                await self._call(caller, outcome)
        except TimeoutError:
            outcome.failure = f"no pop-up within {LONGEST:.0f} s"
        except DemoFailed as failure:
            outcome.failure = str(failure)
        finally:
            await self._database.dispose()
        outcome.ok = outcome.failure is None and outcome.popup is not None
        return outcome

    async def _call(self, caller: DemoCaller, outcome: Outcome) -> None:
        began = datetime.now(UTC)
        shown = caller.number or "numer zastrzeżony"
        self._tell(f"[bold]{caller.entry['name']}[/] ({caller.person}, {shown}) dzwoni na {caller.dialled}")
        leg = await self._line.dial(Dial(caller.dialled, caller.number))
        call, start = LiveCall(leg), time.monotonic()
        popup: asyncio.Task[dict[str, Any]] | None = None
        try:
            outcome.call = await self._call_id(caller, began)
            popup = asyncio.create_task(self._popup(outcome.call))
            async for turn in self._turns(outcome.call, leg.ended):
                self._show(turn)
                self._note(turn, outcome, time.monotonic() - start)
                await self._react(call, caller, turn.state)
                if "QueueEnded" in turn.state.awaits and outcome.popup is None:
                    outcome.popup = await popup
                    outcome.times["popup"] = round(time.monotonic() - start, 2)
                    self._check(caller, outcome)
                    self._tell("  [green]Konsultant odebrał; strona dzwoniącego jest na jego ekranie[/]")
        finally:
            if popup is not None:
                popup.cancel()
            call.hang_up()
        outcome.times["end"] = round(time.monotonic() - start, 2)

    async def _call_id(self, caller: DemoCaller, began: datetime) -> str:
        query = (
            select(CALLS.c.id)
            .where(CALLS.c.dialled == caller.dialled, CALLS.c.arrived >= began, CALLS.c.caller.is_(caller.number))
            .order_by(CALLS.c.arrived.desc())
            .limit(1)
        )
        for _ in range(200):
            async with self._database.connect() as connection:
                found = (await connection.execute(query)).scalar_one_or_none()
            if found:
                return str(found)
            await asyncio.sleep(0.05)
        raise DemoFailed("the call was answered, but no engine took it: see var/log/")

    async def _turns(self, call_id: str, ended: "asyncio.Future[Any]") -> AsyncIterator[Turn]:
        """Every turn as it is committed, until the call is over."""
        seen = 0
        while True:
            over = ended.done()
            for turn in (await self._journal.turns(call_id))[seen:]:
                seen += 1
                yield turn
                if turn.state.ended is not None:
                    return
            if over:
                return
            await asyncio.sleep(0.1)

    async def _react(self, call: LiveCall, caller: DemoCaller, state: Call) -> None:
        """Answer the question that the hotline has just asked."""
        awaits = state.awaits
        if "PinGiven" in awaits:
            tried = state.verdict is not None
            if tried:  # a refusal begins seconds after the last key; what is pressed before it is nobody's answer
                await self._key(call, SecretStr("#"), "krzyżyk", REFUSAL_AFTER + 1)
            else:
                await self._key(call, caller.pin(), "telePIN")
        elif "IdentityGiven" in awaits:
            await self._key(call, caller.identity(), "numer i krzyżyk", 2.5)
        elif "Keyed" in awaits:
            await self._answer(call, state)

    async def _answer(self, call: LiveCall, state: Call) -> None:
        if state.node == "sprawa" and state.step == "open":
            await call.wait_silence(0.8, 60)
            self._tell("  dzwoniący mówi: [italic]chcę zapytać o podatek od kupna samochodu[/]")
            await call.say(MATTER)
            return
        key = {"sprawa": "3" if state.step == "keys" else "1", "izba": "6", "powrot": "2"}.get(state.node, "2")
        await self._key(call, SecretStr(key), f"klawisz {key}", 4.0)

    async def _key(self, call: LiveCall, keys: SecretStr, what: str, after: float = 1.2) -> None:
        await asyncio.sleep(after)
        self._tell(f"  dzwoniący wpisuje: [italic]{what}[/]")
        await call.keys(keys)

    async def _popup(self, call_id: str) -> dict[str, Any]:
        """The page that opened for this call, as the CRM has it."""
        async with httpx2.AsyncClient(base_url=self._settings.crm, trust_env=False) as client:
            while True:
                answer = await client.get("/api/popups", params={"call": call_id})
                for popup in answer.json():
                    return dict(popup)
                await asyncio.sleep(0.1)

    def _check(self, caller: DemoCaller, outcome: Outcome) -> None:
        """The page is that of the right caller."""
        assert outcome.popup is not None
        page = outcome.popup["session"]
        proof = page["authenticated"]
        if outcome.verdict == "ok" and (proof is None or proof["person"] != caller.person):
            raise DemoFailed(f"the page that opened is not {caller.person}'s")
        if outcome.verdict != "ok" and proof is not None:
            raise DemoFailed("the page names a person who was not authenticated")
        if page["caller"] != caller.number:
            raise DemoFailed("the page that opened shows another caller number")

    def _note(self, turn: Turn, outcome: Outcome, at: float) -> None:
        state = turn.state
        outcome.verdict, outcome.ias = state.verdict, state.office
        outcome.topic, outcome.confidence = state.topic, round(state.confidence, 3)
        outcome.queue = state.queues_tried[-1] if state.queues_tried else None
        if state.queues_tried and "queued" not in outcome.times:
            outcome.times["queued"] = round(at, 2)
        if isinstance(turn.event, PinChecked):
            outcome.times["checked"] = round(at, 2)

    def _show(self, turn: Turn) -> None:
        if (what := told(turn, self._plan)) is not None:
            self._tell(f"  [cyan]{what}[/]")
        for action in turn.actions:
            for line in getattr(action, "lines", ()):
                self._tell(f"[dim]automat:[/] {line.text}")


def told(turn: Turn, plan: Plan) -> str | None:
    """One turn's event and decision in a line of Polish; None for what is of no interest to a watcher."""
    event, state = turn.event, turn.state
    match event:
        case IdentityGiven():
            return f"→ poprawny {event.kind.upper()}"
        case PinGiven():
            return "→ sześć cyfr telePIN, pytam e-Urząd Skarbowy"
        case PinChecked():
            return f"→ telePIN: {'potwierdzony' if event.verdict == 'ok' else event.verdict}"
        case AuthenticationStopped():
            return "→ nikogo nie można teraz uwierzytelnić, dalej bez telePIN"
        case Skipped():
            return "→ dalej bez telePIN"
        case Heard():
            best = f"{event.readings[0].id} ({event.readings[0].confidence:.2f})" if event.readings else "nic"
            return f"→ usłyszano: „{event.text}”, rozpoznano: {best}"
        case Keyed():
            return f"→ klawisz {event.keys}"
        case LookedUp() if state.queues_tried:
            topic = plan.topics.get(state.topic or "")
            return f"→ kolejka {state.queues_tried[-1]}" + (f", temat: {topic.title}" if topic else "")
    return None
