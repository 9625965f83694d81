"""From a kept call to a fixture: all of it, or a refusal that says what is not sure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from ivr.dialogue.events import CallArrived, Heard, PinChecked
from voicebot.audio import RATE
from voicebot.ears.word_times import Word
from voicebot.redaction import MARK, redact

from ..fixture import journal_file
from ..fixture.edit import editor, inline
from ..fixture.folder import FILE, JOURNAL, FixtureError, load
from ..fixture.journal_file import Turn
from ..fixture.sound import write_alaw
from ..replay.core_call import CALL
from .bleeps import bleeped, spans_of
from .journal import Person, Unsure, names_in, without_persons
from .kept import KeptCall
from .replacing import Replacing
from .steps import Step, closures_of, forced, steps_of

LEAST_SURE = 0.55
"""How sure the ear must be of its words, on average, for names to be looked for in them."""
Listener = Callable[[bytes], Sequence[Word]]
HEAD = "# Rozmowa z życia: osoby, numery i kwoty zastąpiono. `expect` mówi, co wyszło; proszę wpisać, co powinno.\n"


@dataclass
class Speech:
    """What was said in one turn: where it lies in the file, the words replaced, and what of the sound is cut
    (seconds of the file)."""

    piece: tuple[float, float]
    say: str
    cut: list[tuple[float, float]] = field(default_factory=list)


class Maker:
    """``people`` are the fictitious callers; ``listener`` None where there is no ear; ``transcript`` gives the words of
    turns (counted from 1) as a person has written them down."""

    def __init__(
        self,
        kept: KeptCall,
        replacing: Callable[[Sequence[tuple[str, str]]], Replacing],
        people: Mapping[str, Person],
        listener: Listener | None,
        transcript: Mapping[int, str],
    ) -> None:
        self._kept, self._people, self._listener, self._transcript = kept, people, listener, transcript
        self.heard: dict[int, str] = {}
        """By turn (from 1), what the ear heard: a draft for a transcript."""
        self._reasons: list[str] = []
        self._person = self._chosen()
        named = [(name, str(self._person["name"])) for name in names_in(kept.turns)]
        self._replacing = replacing(named)

    def write(self, to: Path, licence: str) -> list[str]:
        """Write the fixture into the folder ``to``; notes for whoever reviews it. Raises ``Unsure``; then nothing is
        written."""
        turns = self._kept.turns
        if not self._kept.facts.whole or not turns or turns[-1].after.ended is None:
            self._reasons.append("rozmowa nie jest zachowana do końca")
        said = {number: self._speech(number) for number, turn in enumerate(turns) if isinstance(turn.event, Heard)}
        steps = self._try(lambda: steps_of(turns, str(self._person["id"]), lambda number: _said(said[number])))
        clean = self._try(lambda: without_persons(turns, self._kept.facts.call, self._person, self._replacing))
        if self._replacing.doubts:
            words = ", ".join(self._replacing.doubts)
            self._reasons.append(
                f"te słowa mogą być nazwiskami: {words}; proszę je wskazać: --keep SŁOWO (to nie nazwisko) "
                "albo {słowo} w zapisie rozmowy (--transcript)"
            )
        if self._reasons or steps is None or clean is None:
            raise Unsure(self._reasons)
        self._timed(steps, [one for one in said.values() if one is not None])
        to.mkdir(parents=True)
        text = self._yaml([*steps, *forced(turns)], licence)
        (to / FILE).write_text(text, encoding="utf-8")
        (to / JOURNAL).write_bytes(journal_file.dump(clean))
        write_alaw(to / "caller.wav", self._callers_side(said), self._systems_side(clean))
        try:
            load(to)
        except FixtureError as error:
            raise Unsure([str(fault) for fault in error.faults]) from None
        return [f"wycięto w nagraniu: {sum(len(one.cut) for one in said.values() if one)} miejsc"]

    def _try(self, make: Callable[[], Any]) -> Any:
        try:
            return make()
        except Unsure as error:
            self._reasons += error.reasons
            return None

    def _chosen(self) -> Person:
        """A fictitious caller who authenticates as the real one did."""
        checked = next((t.event for t in self._kept.turns if isinstance(t.event, PinChecked) and t.event.person), None)
        rows = list(self._people.values())
        if not isinstance(checked, PinChecked):
            return rows[0]
        fitting = [
            row
            for row in rows
            if row["office"] == checked.office and row["status"] == "active" and not row["principals"]
        ]
        if checked.principals or not fitting:
            who = "pełnomocnikiem" if checked.principals else f"z urzędu {checked.office}"
            self._reasons.append(f"wśród osób zmyślonych nie ma nikogo, kto byłby {who} jak dzwoniący")
            return rows[0]
        return fitting[0]

    def _speech(self, number: int) -> Speech | None:
        """What was said in turn ``number``, or None with a reason."""
        turns, kept, shown = self._kept.turns, self._kept, number + 1
        event = turns[number].event
        assert isinstance(event, Heard)
        if event.spoke_number or MARK in event.text:
            self._reasons.append(f"tura {shown}: dzwoniący podał numer głosem, więc dźwięku tej tury nie ma")
            return None
        piece = kept.spoken(turns[number - 1].at, turns[number].at)
        if piece is None:
            self._reasons.append(f"tura {shown}: w nagraniu nie słychać, co powiedziano")
            return None
        pcm = kept.caller[2 * round(piece[0] * RATE) : 2 * round(piece[1] * RATE)]
        heard = list(self._listener(pcm)) if self._listener is not None else []
        self.heard[shown] = " ".join(word.text for word in heard)
        text = self._transcript.get(shown) or self._believed(shown, heard)
        if text is None:
            return None
        say, sentence = self._replacing.sentence(text)
        say, left = redact(say)
        if left:
            self._reasons.append(f"tura {shown}: w zapisie został numer")
        if not sentence.found:
            return Speech(piece, say)
        spans = spans_of(text, sentence.found, heard)
        whole = [(piece[0], piece[1])]
        return Speech(piece, say, whole if spans is None else [(piece[0] + a, piece[0] + b) for a, b in spans])

    def _believed(self, shown: int, heard: Sequence[Word]) -> str | None:
        """The ear's words, where they can be believed."""
        if self._listener is None:
            self._reasons.append(f"tura {shown}: nie ma ucha, które by jej wysłuchało, ani zapisu (--transcript)")
        elif not heard:
            self._reasons.append(f"tura {shown}: ucho nic nie usłyszało; proszę podać zapis (--transcript)")
        elif (sure := sum(word.sure for word in heard) / len(heard)) < LEAST_SURE:
            self._reasons.append(
                f"tura {shown}: ucho nie jest pewne słów ({sure:.0%}), więc mogło nie dosłyszeć nazwiska; "
                "proszę podać zapis (--transcript)"
            )
        else:
            return " ".join(word.text for word in heard)
        return None

    def _timed(self, steps: Sequence[Step], said: Sequence[Speech]) -> None:
        """When each utterance began: after the bot fell silent, or into what it said."""
        for step in steps:
            if "sound" in step:
                silent = self._kept.system_silent_since(step["sound"][0])
                step["after"] = round(min(max(silent, 0.2), 30.0), 2)

    def _callers_side(self, said: Mapping[int, Speech | None]) -> bytes:
        """The caller's utterances alone, with tones where words were cut; all else is silent."""
        whole = self._kept.caller
        clean = bytearray(len(whole))
        for one in said.values():
            if one is None:
                continue
            start, end = 2 * round(one.piece[0] * RATE), 2 * round(one.piece[1] * RATE)
            cut = [(first - one.piece[0], last - one.piece[0]) for first, last in one.cut]
            piece = bleeped(whole[start:end], cut)
            clean[start : start + len(piece)] = piece
        return bytes(clean)

    def _systems_side(self, clean: Sequence[Turn]) -> bytes:
        """What the automaton said; silent from a turn whose words were replaced to the end of the next one."""
        whole = bytearray(self._kept.system)
        turns = self._kept.turns
        for number, (real, changed) in enumerate(zip(turns, clean, strict=True)):
            if _lines(real) == _lines(changed):
                continue
            first = self._kept.in_file(real.at)
            last = self._kept.in_file(turns[min(number + 2, len(turns) - 1)].at)
            start = 2 * round((first or 0.0) * RATE)
            end = len(whole) if last is None else min(len(whole), 2 * round(last * RATE))
            whole[start:end] = bytes(max(0, end - start))
        return bytes(whole)

    def _yaml(self, steps: Sequence[Step], licence: str) -> str:
        turns, facts = self._kept.turns, self._kept.facts
        arrived, last = turns[0].event, turns[-1].after
        assert isinstance(arrived, CallArrived)
        queue = next((t.after.queue for t in reversed(turns) if t.after.queue), None)
        expect = {"topic": last.topic, "verdict": last.verdict, "ended": last.ended}
        data: dict[str, Any] = {
            "version": 1,
            "number": arrived.dialled,
            "at": facts.at[:16].replace("T", " "),
            "title": f"Rozmowa z życia, {queue or last.node}",
            **({} if arrived.caller else {"caller": None}),
            **({} if arrived.hears else {"hears": False}),
            "area": (last.topic or "ogolne").split("-")[0],
            "style": inline(["plain"]),
            "voice": inline({"kind": "human", "name": "rozmowa z życia, dane usunięte", "licence": licence}),
            "audio": inline({"channels": ["caller", "system"]}),
            **({"closures": dict(closures)} if (closures := closures_of(turns)) else {}),
            "expect": inline({name: value for name, value in expect.items() if value}),
            "steps": [inline(step) for step in steps],
            "made": inline(
                {
                    "on": facts.at[:10], "how": "life", "call": CALL, "plan": facts.made.get("plan", ""), "prompts": "",
                    "topics": facts.made.get("topics", ""), "ear": facts.made.get("ear", ""),
                }
            ),
        }  # fmt: skip
        out = StringIO()
        editor().dump(data, out)
        return HEAD + out.getvalue()


def _lines(turn: Turn) -> list[str]:
    return [line.text for action in turn.actions for line in getattr(action, "lines", ())]


def _said(speech: Speech | None) -> Step:
    """The step of an utterance; of one that was refused, anything: nothing is written then."""
    if speech is None:
        return {"silence": True}
    return {"say": speech.say, "sound": [round(moment, 2) for moment in speech.piece]}
