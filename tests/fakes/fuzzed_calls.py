"""Whole calls with all real but the wire: key buffer, the phone's authentication, telePIN room, e-US client, core,
session, journal, outbox, logs. Callers press canaries at the right and the wrong moments, say them aloud, and hang up;
e-US quotes what it was asked; parts break. What was written lies in one folder, to be searched.

    python -m tests.fakes.fuzzed_calls FOLDER CALLS SEED      tells each finished call in a line
"""

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from uuid import UUID, uuid4, uuid5

import httpx2
import msgspec
import structlog
from prometheus_client import generate_latest

from desk.message import Message, Names, card, ring_id, session, without_personal_numbers
from desk.outbox import Outbox
from desk.queue_events import Leg
from infolinia import logs
from ivr.dialogue.actions import Action, Ask, AskDigits, AskPin, CheckPin, Enqueue, HangUp, LookUp, RecallCheck
from ivr.dialogue.call import Call
from ivr.dialogue.events import (
    CallArrived,
    Event,
    HungUp,
    LookedUp,
    MediaLost,
    NothingHeard,
    PinGiven,
    PinRefused,
    Resumed,
)
from ivr.dialplan import load_plan
from ivr.journal import Fenced, Journal
from ivr.phones.asterisk import key_event
from ivr.phones.authentication import Authentication
from ivr.phones.meaning import Meaning
from ivr.session import Session
from store import create_tables, open_database
from telepin.eus import EusClient, token
from telepin.identity import Fault
from telepin.keys import Form, KeyBuffer, Number, Pin, choice, number, pin
from telepin.policy import DAY, Policy, Rule
from telepin.secret import Secret
from telepin.service import TelePin
from tests.fakes.leaks import said
from voicebot.listen import Utterance

ROOT = Path(__file__).resolve().parents[2]
KEY = b"a key for fuzzed calls, 32 bytes"
SIDE_BY_SIDE = 40
POLICY = Policy((Rule("call", DAY, 3, 3), Rule("caller", DAY, 4, 4)))
"""Few limits, so that most checks are made."""
OPEN: dict[str, str | bool | int | float | None] = {"open": True, "hours": "zawsze"}


@dataclass(frozen=True)
class Canaries:
    """Numbers that stand for themselves wherever they turn up. No PIN is a part of a number."""

    numbers: tuple[str, ...]
    pins: tuple[str, ...]

    @classmethod
    def made(cls, seed: int) -> "Canaries":
        chance = Random(seed)
        return cls(tuple(_pesel(chance) for _ in range(40)), tuple(f"{chance.randrange(10**6):06}" for _ in range(40)))

    @property
    def all(self) -> tuple[str, ...]:
        return self.numbers + self.pins


def _pesel(chance: Random) -> str:
    """A PESEL of the years 1885 to 1894: of nobody alive."""
    body = (
        f"{chance.randrange(85, 95)}{chance.randrange(81, 93)}{chance.randrange(1, 29):02}{chance.randrange(10**4):04}"
    )
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)
    return body + str(-sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 10)


class QuotingEus:
    """Says yes, no, or, now and then, repeats the question where an answer should be."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        asked = json.loads(request.content)
        how = self._chance.choices(("ok", "refused", "quotes", "breaks", "other"), (5, 4, 2, 1, 1))[0]
        if how == "breaks":
            raise httpx2.ReadError(f"cannot read the answer to {asked}")
        if how == "quotes":
            return httpx2.Response(self._chance.choice((200, 400, 500)), content=request.content)
        about = asked["number"] if how != "other" else asked["number"][::-1]
        sure = {"person": {"ref": "p-1", "label": "Ktoś Testowy"}, "office": "opolskie"} if how != "refused" else {}
        answer = {"request_id": asked["request_id"], "verdict": "refused", "person": None, "office": None}
        answer |= {"principals": [], "subject": token(asked["match_key"], Secret(about))}
        return httpx2.Response(200, json=answer | ({"verdict": "ok", **sure} if sure else {}))


class FuzzedPhone:
    """A caller who does anything, by the real key buffer with a clock of its own."""

    def __init__(self, telepin: TelePin, canaries: Canaries, chance: Random) -> None:
        self._auth, self._meaning = Authentication(telepin), Meaning(lambda: None)
        self._canaries, self._chance = canaries, chance
        self._keys, self._clock = KeyBuffer(), 0.0
        self._pin: Secret | None = None

    async def perform(self, call: Call, actions: tuple[Action, ...]) -> Event | None:
        asked = actions[-1]
        luck = self._chance.random()
        if isinstance(asked, Enqueue | HangUp):
            return None
        if luck < 0.02:
            return HungUp()
        if luck < 0.03:
            self._break(self._chance.choice(self._canaries.all))
        match asked:
            case LookUp():
                return LookedUp(what=asked.what, ok=True, found=OPEN if asked.what == "hours" else {})
            case CheckPin():
                return await self._check(call, asked)
            case RecallCheck():
                return await self._auth.recall(asked.check)
        if luck < 0.05:
            return MediaLost() if call.media else Resumed(engine="other")
        if luck < 0.07:
            return Resumed(engine="other")
        return await self._asked(call, asked)

    def _break(self, heard: str) -> None:
        """A bug in a part that has the digits at hand, and quotes them."""
        raise RuntimeError(f"a part failed at {heard}")

    async def _asked(self, call: Call, asked: Action) -> Event:
        match asked:
            case Ask():
                return self._menu(asked)
            case AskDigits():
                answer = self._keyed(number(), self._canaries.numbers)
                if isinstance(answer, Number):
                    if asked.purpose == "principal":
                        return await self._auth.principal(call.id, answer.digits, ())
                    return await self._auth.identity(call.id, answer.digits)
                return key_event(answer)
            case AskPin():
                answer = self._keyed(pin(), self._canaries.pins)
                if isinstance(answer, Pin):
                    self._pin = answer.digits
                    return PinGiven()
                return PinRefused() if isinstance(answer, Fault) else key_event(answer)
        return NothingHeard()

    async def _check(self, call: Call, asked: CheckPin) -> Event:
        secret, self._pin = self._pin, None
        if secret is None:
            return await self._auth.recall(asked.check)
        return await self._auth.check(asked.check, call.id, asked.identity, secret, call.caller, call.trunk)

    def _menu(self, asked: Ask) -> Event:
        luck = self._chance.random()
        if luck < 0.4:
            return self._meaning.of(asked, Utterance(self._spoken(), 0.9))
        if luck < 0.5:
            return key_event(self._keyed(choice(asked.choices), self._canaries.all))
        return key_event(self._keyed(choice(asked.choices), tuple(asked.choices) or ("1",)))

    def _spoken(self) -> str:
        """A canary aloud, in one of the ways in which people say numbers."""
        digits = self._chance.choice(self._canaries.all)
        words = said(digits, self._chance.choice((1, 1, 2, 3)))
        return f"{self._chance.choice(('mój numer to', '', 'pin'))} {self._chance.choice((words, words, digits))} tak"

    def _keyed(self, form: Form, ways: tuple[str, ...]) -> object:
        """Keys as people press them: whole, cut short, twice, with a correction, with and without ``#``."""
        digits = self._chance.choice(ways)
        cut = self._chance.randrange(1, len(digits) + 1)
        wrong = (
            digits[:cut] + "#",
            digits + digits[:cut] + "#",
            digits[:cut] + "*" + digits + "#",
            "#",
            "**",
            digits,
            "",
        )
        keys = digits + "#" if self._chance.random() < 0.7 else self._chance.choice(wrong)
        if self._chance.random() < 0.2:
            keys += self._chance.choice(self._canaries.pins) + self._chance.choice(("", "#"))
        self._keys.expect(form, self._clock)
        for key in keys:
            self._clock += self._chance.choice((0.1, 0.2, 0.4, 1.2))
            self._keys.press(key, self._clock)
        for _ in range(40):
            if (answer := self._keys.poll(self._clock)) is not None:
                return answer
            if (due := self._keys.next_deadline()) is None:
                return None
            self._clock = max(self._clock, due)
        return None


async def fuzz(folder: Path, calls: int, seed: int, tell: Callable[[str], None] = lambda text: None) -> Canaries:
    """Make ``calls`` calls and leave what they wrote in ``folder``."""
    canaries = Canaries.made(1)  # one set for all runs, so that a killed one can be searched
    logs.to_file(folder / "engine.log")
    database = open_database(f"sqlite+aiosqlite:///{folder / 'infolinia.db'}", busy_timeout=120)
    await create_tables(database)
    journal = Journal(database, "engine-0", stall=30)
    await journal.start()
    eus = EusClient("http://eus.test", transport=httpx2.MockTransport(QuotingEus(Random(seed))))
    telepin = TelePin(
        database, KEY, eus, policy=POLICY, store_budget=30, alarm=lambda kind, facts: _alarm(folder, kind, dict(facts))
    )
    await telepin.start()
    plan, outbox = load_plan(ROOT / "dialplans"), Outbox(database)
    places = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(name: int) -> None:
        async with places:
            chance = Random(f"{seed} {name}")
            id_ = str(uuid5(UUID(int=seed), str(name)) if seed else uuid4())
            caller = f"+4800{name % (calls // 10 + 1):07}" if chance.random() < 0.8 else None
            arrived = CallArrived(dialled="224605992", caller=caller, at=datetime.now(UTC).isoformat())
            try:
                phone = FuzzedPhone(telepin, canaries, chance)
                call = await Session(plan, journal, phone).run(Call(id=id_), arrived)
                await _tell_desk(outbox, call)
            except Fenced:
                return
            if chance.random() < 0.97:  # else nobody sees the end of the call
                await telepin.forget(id_)
            tell(id_)

    await asyncio.gather(*(one(name) for name in range(calls)))
    (folder / "metrics").write_bytes(generate_latest())
    await telepin.close()
    await eus.close()
    await journal.close()
    await database.dispose()
    return canaries


async def _tell_desk(outbox: Outbox, call: Call) -> None:
    leg = Leg(call=call.id, leg="1.1", agent="a", queue="malopolskie-kol-ogolna")
    page, _ = session(call, leg, 3.0, Names(), datetime.now(UTC))
    for kind, data in (("card", card(call, leg, Names(), datetime.now(UTC))), ("session", page)):
        ring, now = ring_id(call.id, "1.1"), datetime.now(UTC).isoformat()
        message = Message(kind=kind, call=call.id, ring=ring, leg="1.1", agent="a", queue="q", at=now, data=data)  # type: ignore[arg-type]
        await outbox.put(without_personal_numbers(message))


def _alarm(folder: Path, kind: str, facts: dict[str, str]) -> None:
    with (folder / "alarms.jsonl").open("ab") as file:
        file.write(msgspec.json.encode({"kind": kind, **facts}) + b"\n")


def main() -> None:
    folder, calls, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    asyncio.run(fuzz(folder, calls, seed, lambda id_: print(id_, flush=True)))
    structlog.get_logger().info("done", calls=calls)


if __name__ == "__main__":
    main()
