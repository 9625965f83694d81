"""The demo: one real call by a scripted caller, told live from the journal, judged by the page that opened.

The caller reacts to what the hotline asks (read from the journal, as an operator could), not to the clock, so it finds
its way whatever ear and voice this machine has.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime
from typing import Any

import httpx2
import msgspec
from sqlalchemy import select

from ivr.calendar import WARSAW
from ivr.dialogue.events import (
    AuthenticationStopped,
    Heard,
    IdentityGiven,
    Keyed,
    LookedUp,
    NumberRefused,
    PinChecked,
    PinGiven,
    Skipped,
)
from ivr.dialogue.plan import Plan
from ivr.journal import CALLS, Journal, Turn
from recordings.caller.live import Impatient, LiveCall
from recordings.caller.media import CallOver
from recordings.caller.sip import Dial, Line, Refused
from store import open_database

from .demo_caller import DemoCaller, Reply
from .settings import ROOT, Settings

MATTER_SOUND = ROOT / "recordings" / "demo" / "chce-zapytac-pcc-samochod.wav"
LONGEST = 150.0
"""Seconds after which the demo gives up."""
THANKS = 8.0
"""Seconds after the page opened, when the caller hangs up: not every consultant does (``infolinia up --phones``)."""
Tell = Callable[[str], None]


class DemoFailed(Exception):
    """The demo did not come to the right page; says why, in Polish."""


class Outcome(msgspec.Struct, kw_only=True):
    """What ``infolinia demo --once --json`` writes. ``times`` are seconds from the answer; ``expected`` is what this
    caller's telePIN in e-US leads to, ``principal`` on whose behalf the caller called."""

    ok: bool
    caller: str
    call: str = ""
    verdict: str | None = None
    expected: str = ""
    principal: str | None = None
    ias: str | None = None
    topic: str | None = None
    confidence: float = 0.0
    queue: str | None = None
    popup: dict[str, Any] | None = None
    times: dict[str, float] = {}
    failure: str | None = None


class Demo:
    """One demo call through a running stack."""

    def __init__(self, settings: Settings, plan: Plan, line: Line, tell: Tell) -> None:
        self._settings, self._plan, self._line, self._tell = settings, plan, line, tell
        self._database = open_database(settings.database_url)
        self._journal = Journal(self._database, "demo")

    async def run(self, caller: DemoCaller) -> Outcome:
        """Place the call and follow it to the pop-up and the goodbye."""
        expected = "authenticated" if caller.proves_identity else "unauthenticated"
        outcome = Outcome(ok=False, caller=caller.person, expected=expected)
        try:
            async with asyncio.timeout(LONGEST):
                await self._call(caller, outcome)
        except TimeoutError:
            outcome.failure = f"przez {LONGEST:.0f} s nie otworzyła się strona rozmówcy"
        except Refused as refusal:
            outcome.failure = f"Asterisk nie odebrał: {refusal}"
        except httpx2.HTTPError as error:
            outcome.failure = f"CRM nie odpowiada ({type(error).__name__}): {self._settings.crm}"
        except (DemoFailed, Impatient, CallOver) as failure:
            outcome.failure = str(failure)
        finally:
            await self._database.dispose()
        if outcome.popup is None and outcome.failure is None:
            outcome.failure = "rozmowa skończyła się, zanim otworzyła się strona rozmówcy"
        outcome.ok = outcome.failure is None
        return outcome

    async def _call(self, caller: DemoCaller, outcome: Outcome) -> None:
        began, dialled = datetime.now(UTC), caller.dialled(self._plan)
        shown = caller.number or "numer zastrzeżony"
        self._tell(f"[bold]{caller.name}[/] ({caller.person}, {shown}) dzwoni na {dialled}")
        leg = await self._line.dial(Dial(dialled, caller.number))
        call, start = LiveCall(leg), time.monotonic()
        popup: asyncio.Task[dict[str, Any]] | None = None
        try:
            outcome.call = await self._call_id(caller.number, dialled, began)
            popup = asyncio.create_task(self._popup(outcome.call))
            async for turn in self._turns(outcome.call, leg.ended):
                self._show(turn)
                self._note(turn, outcome, time.monotonic() - start)
                reply = caller.reply(turn.state, turn.event, began.astimezone(WARSAW).date())
                if reply is not None and not leg.ended.done():
                    await self._act(call, reply)
                if "QueueEnded" in turn.state.awaits and outcome.popup is None:
                    outcome.popup = await popup
                    outcome.times["popup"] = round(time.monotonic() - start, 2)
                    check(caller, outcome, began.astimezone(WARSAW).date())
                    self._tell("  [green]Konsultant odebrał; strona dzwoniącego jest na jego ekranie[/]")
                    asyncio.get_running_loop().call_later(THANKS, call.hang_up)
        finally:
            if popup is not None:
                popup.cancel()
            call.hang_up()
        outcome.times["end"] = round(time.monotonic() - start, 2)

    async def _call_id(self, number: str | None, dialled: str, began: datetime) -> str:
        query = (
            select(CALLS.c.id)
            .where(CALLS.c.dialled == dialled, CALLS.c.arrived >= began, CALLS.c.caller.is_(number))
            .order_by(CALLS.c.arrived.desc())
            .limit(1)
        )
        for _ in range(200):
            async with self._database.connect() as connection:
                found = (await connection.execute(query)).scalar_one_or_none()
            if found:
                return str(found)
            await asyncio.sleep(0.05)
        raise DemoFailed("Asterisk odebrał, ale żaden silnik nie przejął rozmowy")

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

    async def _act(self, call: LiveCall, reply: Reply) -> None:
        if reply.keys is None:
            await call.wait_silence(0.8, 60)
            self._tell(f"  dzwoniący mówi: [italic]{reply.told}[/]")
            await call.say(MATTER_SOUND)
            return
        await asyncio.sleep(reply.after)
        self._tell(f"  dzwoniący wpisuje: [italic]{reply.told}[/]")
        await call.keys(reply.keys)

    async def _popup(self, call_id: str) -> dict[str, Any]:
        """The page that opened for this call, as the CRM has it."""
        async with httpx2.AsyncClient(base_url=self._settings.crm, trust_env=False) as client:
            while True:
                answer = await client.get("/api/popups", params={"call": call_id})
                for popup in answer.json():
                    return dict(popup)
                await asyncio.sleep(0.1)

    def _note(self, turn: Turn, outcome: Outcome, at: float) -> None:
        state = turn.state
        outcome.verdict, outcome.ias = state.verdict, state.office
        acting_for = state.acting_for
        outcome.principal = acting_for.label if acting_for is not None and acting_for.basis != "self" else None
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


UNPROVED = {
    "refused": "zmieniony w atrapie e-US? Stan początkowy przywraca usunięcie var/stubs/eus i infolinia restart",
    "throttled": "za dużo prób z ostatniej doby; limity: docs/telepin.md",
    "unavailable": "e-US nie odpowiedział na czas albo sprawdzanie przerwano dwa razy; zob. infolinia status",
    "skipped": "automat nie przyjął telePIN; co wpisano i usłyszano, jest wyżej",
    "gave-up": "automat nie przyjął telePIN; co wpisano i usłyszano, jest wyżej",
}
"""Where to look when nobody was authenticated, by the verdict."""


def check(caller: DemoCaller, outcome: Outcome, today: date) -> None:
    """Raises ``DemoFailed`` unless the page that opened is that of the right caller, with what is proven of them."""
    assert outcome.popup is not None
    page = outcome.popup["session"]
    proof, principal = page["authenticated"], page["principal"]
    if proof is not None and (outcome.verdict != "ok" or not caller.proves_identity):
        raise DemoFailed("strona podaje osobę, która nie potwierdziła tożsamości")
    if proof is not None and proof["person"] != caller.person:
        raise DemoFailed(f"otworzyła się strona kogoś innego niż {caller.person}")
    if page["caller"] != caller.number:
        raise DemoFailed("strona pokazuje inny numer dzwoniącego")
    if caller.proves_identity and proof is None:
        raise DemoFailed(
            f"telePIN osoby {caller.person} powinien być potwierdzony, a wynik to „{outcome.verdict}”: "
            + UNPROVED.get(outcome.verdict or "", "rozmowa nie doszła do sprawdzenia; jej przebieg: infolinia history")
        )
    wanted = caller.principal(today) if proof is not None else None
    shown = principal["label"] if principal is not None and principal["basis"] != "self" else None
    if shown != wanted:
        raise DemoFailed(f"strona pokazuje sprawę „{shown or 'własną'}” zamiast „{wanted or 'własnej'}”")


def told(turn: Turn, plan: Plan) -> str | None:
    """One turn's event and decision in a line of Polish; None for what is of no interest to a watcher."""
    event, state = turn.event, turn.state
    match event:
        case PinChecked() if event.verdict == "lost":
            return "→ sprawdzanie telePIN przerwane wraz z silnikiem"
        case NumberRefused():
            return "→ to nie jest poprawny PESEL ani NIP"
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
