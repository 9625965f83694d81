"""The simulator's two sides: what the caller hears, on the screen, and what they type."""

import asyncio
from collections.abc import Container
from typing import Any, Protocol, TextIO, get_args

import msgspec
from rich.console import Console

from ivr.dialogue.actions import Action, Ask, AskDigits, AskPin, Enqueue, Transfer
from ivr.dialogue.call import Call
from ivr.dialogue.events import CallArrived, Event, Heard, LookedUp, PinChecked, QueueOutcome, Verdict
from ivr.dialogue.plan import Plan
from ivr.phones.terminal import Act, Judgement, Keys, Leaves, LosesMedia, Queue, Resumes, Silence, Words
from ivr.rehearsal.run import Time
from telepin.identity import Fault, judge
from telepin.keys import PIN_DIGITS
from telepin.secret import Secret
from voicebot.understand import redact

from .stand_ins import MENU_DIGITS, answers, digits_in, said_key, without_numbers, wrong_keys

KEYS = frozenset("0123456789*#")
FAULTY = {("checksum", 10): "1111111112", ("checksum", 11): "11111111111", ("date", 11): "90023112347"}
"""Numbers of nobody, by what is wrong with them and their length."""
NUMBER_SAID = "jeden dwa trzy cztery pięć sześć siedem osiem dziewięć zero jeden"
OUTCOMES, VERDICTS = get_args(QueueOutcome), get_args(Verdict)


class People(Protocol):
    def number(self, kind: str, person: str) -> str: ...

    def holder(self, digits: str) -> Any: ...

    def party(self, digits: str) -> Any: ...


class Screen:
    """Shows a call to whoever rehearses it."""

    def __init__(self, console: Console, plan: Plan) -> None:
        self._console, self._plan = console, plan

    def begin(self, arrived: CallArrived) -> None:
        office = self._plan.numbers.get(arrived.dialled, "numer nieznany")
        self._console.print(
            f"Dzwoni {arrived.caller or 'numer zastrzeżony'} pod {arrived.dialled} ({office}), {arrived.at}"
        )

    def action(self, action: Action) -> None:
        for line in getattr(action, "lines", ()):
            self._console.print(f"  „{line.text}”", style="cyan")
        match action:
            case Ask() if action.choices:
                keys = ", ".join(f"{key}: {reading}" for key, reading in action.choices.items())
                self._console.print(f"  (klawisze {keys}; 0: konsultant)", style="dim")
            case Enqueue():
                self._console.print(f"  → kolejka {action.queue}, najdłużej {action.timeout} s", style="bold")
            case Transfer():
                self._console.print(f"  → przekazanie na {action.target}", style="bold")

    def event(self, event: Event) -> None:
        """What the caller did, for a rehearsal that is played from a file."""
        shown = msgspec.to_builtins(event)
        said = {key: value for key, value in shown.items() if key in ("text", "keys", "kind", "fault", "outcome", "by")}
        self._console.print(f"← {shown['type']} {' '.join(map(str, said.values()))}".rstrip(), style="green")

    def turn(self, call: Call, event: Event, actions: tuple[Action, ...]) -> None:
        """The decision: where the call is, and what it knows now."""
        if isinstance(event, Heard) and event.readings:
            best = ", ".join(f"{reading.id} {reading.confidence:.2f}" for reading in event.readings[:3])
            self._console.print(f"  (usłyszano: {best})", style="dim")
        if isinstance(event, PinChecked):
            self._console.print(f"  (telePIN: {event.verdict})", style="dim")
        if isinstance(event, LookedUp):
            found = ", ".join(f"{key}: {value}" for key, value in event.found.items() if value is not None)
            self._console.print(f"  (sprawdzono {event.what}: {found or 'nic'})", style="dim")
        known = {"urząd": call.office, "temat": call.topic, "kolejka": call.queue}
        known["osoba"] = call.acting_for.label if call.acting_for else None
        state = ", ".join(f"{name}: {value}" for name, value in known.items() if value)
        self._console.print(f"  [{call.node}] {state}".rstrip(), style="dim")

    def end(self, call: Call) -> None:
        self._console.print(f"Koniec: {call.ended or 'rozmowa opuściła automat'}", style="bold")

    def hint(self, text: str) -> None:
        self._console.print(f"  {text}", style="yellow")


def _first_answer(line: str, wait: Action) -> tuple[str, str]:
    """What of a line of keys answers the question that is put, and what was typed ahead for the next one: a saved test
    has a step for each answer, and a number keyed at a menu goes to the key buffer whole."""
    keys = line.strip()
    if not keys or not KEYS.issuperset(keys):
        return line, ""
    if isinstance(wait, AskDigits | AskPin):
        entry, end, ahead = keys.partition("#")
        return (entry + end, ahead) if ahead else (line, "")
    if isinstance(wait, Ask) and keys[0] in wait.choices and digits_in(keys) <= MENU_DIGITS:
        size = 2 if keys[1:2] == "#" else 1
        return keys[:size], keys[size:]
    return line, ""


class TypingCaller:
    """Reads acts from a terminal or a pipe; the end of the input hangs up. ``steps`` is what a saved test holds;
    ``replaced`` tells which of them (from 0) hold stand-ins for what was typed."""

    def __init__(self, screen: Screen, people: People, topics: Container[str], time: Time, lines: TextIO) -> None:
        self._screen, self._people, self._time, self._lines = screen, people, time, lines
        self._topics = topics
        self.steps: list[dict[str, Any]] = []
        self.replaced: set[int] = set()
        self._line: dict[int, str] = {}
        self._holder: Any = None
        self._clock: str | None = None
        self._ahead = ""
        self._asked: type[Action] | None = None

    async def next(self, call: Call, wait: Action) -> Act | None:
        self._expect(call, wait)
        if isinstance(wait, AskDigits | AskPin) and type(wait) is self._asked:
            self._ahead = ""  # as the telephone: what was typed ahead was meant for the next question
        self._asked = type(wait)
        while True:
            if self._lines.isatty():
                print(_prompt(wait), end="", flush=True)
            if not self._ahead:
                self._line = {}
            line = self._ahead or await asyncio.to_thread(self._lines.readline)
            line, self._ahead = _first_answer(line, wait)
            if not line:
                self.steps.append({"hangup": True})
                return None
            act = self._read(line.strip(), wait)
            if act is not None:
                return act

    def recognised(self, event: Event) -> None:
        """What the last words were taken for, so that the test does not depend on the recogniser."""
        if isinstance(event, Heard) and event.readings and event.readings[0].id in self._topics:
            best = event.readings[0]
            self.steps[-1] |= {"topic": best.id, "confidence": round(best.confidence, 2)}

    def finish(self, call: Call) -> None:
        """The call is over: what the last step led to."""
        if digits_in(self._ahead):
            self._take_back()
        if self.steps:
            self.steps[-1]["expect"] = {"node": call.node, **({"ended": call.ended} if call.ended else {})}

    def _expect(self, call: Call, wait: Action) -> None:
        """What is now is what the step before led to."""
        if not self.steps:
            self.steps.append({})
        expect: dict[str, Any] = {"node": call.node}
        lines = getattr(wait, "lines", ())
        if lines:
            expect["prompts"] = lines[-1].prompt.rpartition(".")[2]
        if isinstance(wait, Enqueue):
            expect["queue"] = wait.queue
        self.steps[-1]["expect"] = expect

    def _read(self, text: str, wait: Action) -> Act | None:
        """The act of a typed line; None when it was none (the clock, a mistake)."""
        if text.startswith("!"):
            return self._command(text[1:].split())
        if isinstance(wait, Enqueue | Transfer):
            if digits_in(text):
                self._take_back()
            return self._noted({"queue": "served"}, Queue("served"))
        if not text:
            return self._noted({"silence": True}, Silence())
        if KEYS.issuperset(text):
            return self._noted({"keys": self._masked(text, wait)}, Keys(Secret(text)), text)
        if isinstance(wait, AskPin):
            self._screen.hint("(telePIN: nikt nie słucha, mowa przepada)")
            return self._noted({"say": "(słowa przy telePIN-ie)"}, Words(text), text)
        return self._noted({"say": self._words(text, wait)}, Words(text), text)

    def _noted(self, step: dict[str, Any], act: Act, typed: str | None = None) -> Act:
        if typed not in (None, step.get("keys"), step.get("say")):
            self.replaced.add(len(self.steps))
        if self._clock is not None:
            step, self._clock = {**step, "clock": self._clock}, None
        self.steps.append(step)
        return act

    def _masked(self, keys: str, wait: Action) -> Any:
        """Keys as a saved test may hold them: the numbers of fictitious persons by name; of all others, fragments
        included, other digits that come to the same."""
        if not isinstance(wait, AskDigits | AskPin):
            return self._pressed(keys, wait.choices if isinstance(wait, Ask) else {})
        if "**" in keys:
            return "**"
        entry, end, rest = keys.partition("#")
        digits, then = entry.rpartition("*")[2], end + rest
        if len(digits) < 2 and digits in "0":
            return digits + then or "*"
        found = self._pin(digits) if isinstance(wait, AskPin) else self._number(digits)
        if isinstance(found, str):
            return found + then
        return found if then == "#" else {**found, "then": then}

    def _pin(self, digits: str) -> dict[str, str] | str:
        if len(digits) != PIN_DIGITS:
            return "1" * len(digits)
        right = self._holder is not None and self._holder["telepin"] == digits
        return {"pin_of" if right else "wrong_pin_of": self._holder["id"] if self._holder else "dz-01"}

    def _number(self, digits: str) -> dict[str, str] | str:
        holder, party = self._people.holder(digits), self._people.party(digits)
        if holder is not None:
            self._holder = holder
        if (known := holder or party) is not None:
            return {"pesel_of" if known["pesel"] == digits else "nip_of": known["id"]}
        judged = judge(Secret(digits), self._time.now.date())
        if isinstance(judged, Fault):
            return FAULTY.get((judged.fault, len(digits)), "1" * len(digits))
        self._screen.hint("(numer nie jest numerem zmyślonej osoby: do próby trafi inny)")
        return {"pesel_of": "dz-01"} if judged.kind == "pesel" else {"nip_of": "dz-06"}

    def _pressed(self, keys: str, offered: Container[str]) -> str:
        """Keys at a menu. A line of several answers stands only if each is one: else none of them does."""
        other = wrong_keys(keys, offered)
        if answers(keys, offered):
            self._line[len(self.steps)] = other
            return keys
        self._take_back()
        return other

    def _take_back(self) -> None:
        """What stood as answers to menus was part of an entry: so the rest of its line shows."""
        for step, instead in self._line.items():
            self.steps[step]["keys"] = instead
            self.replaced.add(step)

    def _words(self, text: str, wait: Action) -> str:
        """Words as a saved test may hold them: no number, and where a number is asked for no part of one."""
        if isinstance(wait, AskDigits):
            return NUMBER_SAID if redact(text)[1] else without_numbers(text, "jeden")
        if isinstance(wait, Ask) and said_key(text, wait.choices):
            return text
        return without_numbers(redact(text)[0])

    def _command(self, words: list[str]) -> Act | None:
        match words:
            case ["hangup"]:
                return self._noted({"hangup": True}, Leaves())
            case ["lost"]:
                return self._noted({"lost": True}, LosesMedia())
            case ["resume"]:
                return self._noted({"resume": True}, Resumes())
            case ["queue", outcome] if outcome in OUTCOMES:
                return self._noted({"queue": outcome}, Queue(outcome))  # type: ignore[arg-type]
            case ["verdict", verdict] if verdict in VERDICTS:
                return self._noted({"verdict": verdict}, Judgement(verdict))  # type: ignore[arg-type]
            case ["clock", clock]:
                try:
                    self._time.set(clock)
                    self._clock = clock
                except ValueError:
                    self._screen.hint("godzina jak 16:01")
                return None
        self._screen.hint(
            f"polecenia: !hangup !lost !resume !queue {'|'.join(OUTCOMES)} !verdict {'|'.join(VERDICTS)} !clock 16:01"
        )
        return None


def _prompt(wait: Action) -> str:
    match wait:
        case AskPin():
            return "telePIN> "
        case AskDigits():
            return "numer> "
        case Enqueue() | Transfer():
            return "kolejka (Enter: odebrano)> "
    return "> "
