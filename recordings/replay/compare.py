"""Where two courses of a call part, and what of a fixture's expectations was not met. Told in Polish."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from ivr.dialogue.actions import Action, Ask, AskDigits, AskPin, Enqueue, Say
from ivr.dialogue.events import Event, Heard
from ivr.dialogue.script import short

from ..fixture.journal_file import After, Turn
from ..fixture.model import Outcome
from .question import question_of
from .wording import action_in_words, actions_in_words, event_in_words

NAMES = {
    "node": "węzeł",
    "queue": "kolejka",
    "topic": "temat",
    "office": "urząd",
    "verdict": "wynik sprawdzenia",
    "ended": "koniec",
    "acting_for": "w czyjej sprawie",
    "served": "obsłużona",
    "questions": "liczba pytań",
}
LATER, CUT = 0.25, 0.5
"""Seconds by which an answer may be later, or a line longer, without anybody noticing."""
MOST_SHOWN = 80
_NUMBER = re.compile(r"\b(?:zero|jeden|dwa|trzy|cztery|pięć|sześć|siedem|osiem|dziewięć|krzyżyk\w*|gwiazdk\w+|\d+)\b")
Difference = tuple[str, str, str, str]
"""Field, expected, actual, message."""


def said(turn: Turn) -> str:
    """All that was said in ``turn``."""
    return " ".join(line.text for action in turn.actions for line in getattr(action, "lines", ()))


def prompts(turn: Turn) -> str:
    """The ids of all that was said in ``turn``."""
    return " ".join(line.prompt for action in turn.actions for line in getattr(action, "lines", ()))


def does(actions: Sequence[Action]) -> str:
    """The actions of a turn but for speech."""
    return "; ".join(short(action) for action in actions if not isinstance(action, Say))


def word_for_word(before: Turn, now: Turn) -> Difference | None:
    """The first difference between two turns of one event; None when there is none."""
    found = _decided(before, now)
    if found is not None:
        return found
    if before.actions == now.actions:
        return None
    if said(before) != said(now):
        return "said", said(before), said(now), f"powiedziano „{said(now)}”, a było „{said(before)}”"
    return _acted(before, now, exact=True)


def by_decision(before: Turn, now: Turn) -> Difference | None:
    """As ``word_for_word``, but what was heard may be worded otherwise and a prompt may have other words: what counts
    is what was understood, decided, and which prompts were said."""
    understood = _understood(before.event, now.event)
    if understood is not None:
        return understood
    if (found := _decided(before, now)) is not None:
        return found
    if prompts(before) != prompts(now) or numbers(before) != numbers(now):
        return "said", prompts(before), prompts(now), f"powiedziano „{said(now)}”, a było „{said(before)}”"
    return _acted(before, now, exact=False)


def numbers(turn: Turn) -> list[str]:
    """The figures and the words for keys in all that was said: with them, keys and dates change, not wording."""
    return _NUMBER.findall(said(turn).lower())


def reworded(recorded: Sequence[Turn], today: Sequence[Turn]) -> list[str]:
    """The prompts that say today other words than recorded, as far as both courses are alike."""
    found: dict[str, None] = {}
    for before, now in zip(recorded, today, strict=False):
        if prompts(before) != prompts(now):
            break
        found |= dict.fromkeys(new.prompt for old, new in zip(_lines(before), _lines(now), strict=False) if old != new)
    return list(found)


def exchanged(recorded: Sequence[Turn], today: Sequence[Turn]) -> tuple[int, Difference] | None:
    """The number of the first turn in which a prompt says what another one said in the recording."""
    owners: dict[str, set[str]] = {}
    for turn in recorded:
        for line in _lines(turn):
            owners.setdefault(line.text, set()).add(line.prompt)
    for number, turn in enumerate(today):
        for line in _lines(turn):
            whose = owners.get(line.text)
            if whose is not None and line.prompt not in whose:
                other = sorted(whose)[0]
                message = f"komunikat `{line.prompt}` mówi to, co mówił `{other}`: „{line.text}”"
                return number, ("said", other, line.prompt, message)
    return None


def _lines(turn: Turn) -> list[Any]:
    return [line for action in turn.actions for line in getattr(action, "lines", ())]


def _decided(before: Turn, now: Turn) -> Difference | None:
    was, is_ = question_of(before.after.node, before.actions), question_of(now.after.node, now.actions)
    if was != is_:
        asked, asks = (str(one) if one else "koniec" for one in (was, is_))
        if asked == asks:
            was_done, done = actions_in_words(before.actions), actions_in_words(now.actions)
            return "action", was_done, done, f"automat robi „{done}”, a robił „{was_done}”"
        return "question", asked, asks, f"automat jest przy „{asks}”, a był przy „{asked}”"
    for name in After.__struct_fields__:
        old, new = getattr(before.after, name), getattr(now.after, name)
        if old != new:
            label = NAMES[name]
            return f"after.{name}", _plain(old), _plain(new), f"{label}: jest „{_plain(new)}”, a było „{_plain(old)}”"
    return None


def _acted(before: Turn, now: Turn, *, exact: bool) -> Difference | None:
    was, is_ = does(before.actions), does(now.actions)
    if was != is_:
        was, is_ = actions_in_words(before.actions), actions_in_words(now.actions)
        if was == is_:
            was, is_ = does(before.actions), does(now.actions)
        return "action", was, is_, f"automat robi „{is_}”, a robił „{was}”"
    if exact:
        changed = [new for old, new in zip(before.actions, now.actions, strict=False) if old != new]
        fields = _changed(before.actions, now.actions)
        was, is_ = actions_in_words(before.actions), actions_in_words(now.actions)
        return "action", was, is_, f"automat {action_in_words(changed[0])}, ale inaczej: {fields}"
    return None


def _changed(before: Sequence[Action], now: Sequence[Action]) -> str:
    for old, new in zip(before, now, strict=False):
        if old != new:
            was, is_ = msgspec.to_builtins(old), msgspec.to_builtins(new)
            return ", ".join(
                f"{name} {_cut(was.get(name))} → {_cut(value)}" for name, value in is_.items() if was.get(name) != value
            )
    return ""


def _cut(value: object) -> str:
    """``value`` as far as anybody reads it: lists of words are long."""
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + "…"


def _understood(before: Event, now: Event) -> Difference | None:
    was, is_ = meaning(before), meaning(now)
    if was == is_:
        return None
    was, is_ = event_in_words(before), event_in_words(now)
    if was == is_:
        was, is_ = meaning(before), meaning(now)
    return "event", was, is_, f"było teraz „{is_}”, a w nagraniu „{was}”"


def meaning(event: Event) -> str:
    """What an event comes down to: its kind, and what of it decides."""
    if isinstance(event, Heard):
        return f"Heard {event.readings[0].id if event.readings else 'nic'}"
    fields: dict[str, Any] = msgspec.to_builtins(event)
    keep = ("keys", "fault", "verdict", "ref", "outcome", "by", "what", "kind")
    return " ".join([fields["type"], *(str(fields[name]) for name in keep if fields.get(name) is not None)])


def _plain(value: object) -> str:
    return "żaden" if value is None else "tak" if value is True else "nie" if value is False else str(value)


def parting(
    recorded: Sequence[Turn], today: Sequence[Turn], differ: Callable[[Turn, Turn], Difference | None]
) -> tuple[int, Difference] | None:
    """The number (from 0) of the first turn that is otherwise, and how."""
    for number, (before, now) in enumerate(zip(recorded, today, strict=False)):
        found = differ(before, now)
        if found is not None:
            return number, found
    if len(recorded) != len(today):
        number = min(len(recorded), len(today))
        more = (recorded if len(recorded) > len(today) else today)[number]
        what = f"{event_in_words(more.event)} → {more.after.node}"
        if len(recorded) > len(today):
            return number, ("turns", what, "koniec", f"rozmowa kończy się wcześniej: nie ma tury „{what}”")
        return number, ("turns", "koniec", what, f"rozmowa trwa dłużej: dalej jest „{what}”")
    return None


def by_ear(recorded: Sequence[Turn], today: Sequence[Turn]) -> tuple[int, Difference] | None:
    """The number of the first turn that the caller hears otherwise though the same is said: a line is cut short or goes
    on longer, or the answer to what they said comes sooner or later. On the virtual clock only a change of the code or
    the plan does that."""
    for number in range(min(len(recorded), len(today))):
        before, now = recorded[number], today[number]
        if number and isinstance(now.event, Heard) and said(recorded[number - 1]) == said(today[number - 1]):
            was, is_ = before.at - recorded[number - 1].at, now.at - today[number - 1].at
            if abs(was - is_) > LATER:
                message = f"odpowiedź na to, co powiedziano, przychodzi o {abs(is_ - was):.2f} s "
                message += "później" if is_ > was else "wcześniej"
                return number, ("delay", f"{was:.2f}", f"{is_:.2f}", message)
        if before.spoken is None or now.spoken is None or said(before) != said(now):
            continue
        longest = max(len(before.spoken), len(now.spoken))
        pairs = zip(*(one + (0.0,) * (longest - len(one)) for one in (before.spoken, now.spoken)), strict=True)
        for was, is_ in pairs:
            if abs(was - is_) > CUT:
                message = f"automat mówił {is_:.1f} s, a było {was:.1f} s: „{said(now)[:60]}”"
                return number, ("spoken", f"{was:.2f}", f"{is_:.2f}", message)
    return None


def unmet(expect: Outcome, turns: Sequence[Turn]) -> Iterator[Difference]:
    """What ``expect`` says of the end of a call and did not come."""
    if not turns:
        return
    last = turns[-1].after
    is_: dict[str, Any] = {name: getattr(last, name) for name in ("node", "topic", "office", "verdict", "ended")}
    is_["queue"] = last_queue(turns)
    for name, value in is_.items():
        wanted = getattr(expect, name)
        if wanted is not None and wanted != value:
            yield f"expect.{name}", wanted, _plain(value), f"{NAMES[name]}: ma być „{wanted}”, jest „{_plain(value)}”"
    whole = " ".join(said(turn) for turn in turns)
    for piece in _pieces(expect.said):
        if piece not in whole:
            yield "expect.said", piece, "nie powiedziano", f"nie powiedziano „{piece}”"
    for piece in _pieces(expect.not_said):
        if piece in whole:
            yield "expect.not_said", "", piece, f"powiedziano „{piece}”"
    if expect.questions is not None and questions(turns) > expect.questions:
        asked = questions(turns)
        yield (
            "expect.questions",
            str(expect.questions),
            str(asked),
            f"zadano {asked} pytań, najwyżej {expect.questions}",
        )


def questions(turns: Sequence[Turn]) -> int:
    """How many questions the caller was asked."""
    return sum(bool(turn.actions) and isinstance(turn.actions[-1], Ask | AskDigits | AskPin) for turn in turns)


def last_queue(turns: Sequence[Turn]) -> str | None:
    """Asterisk's name of the last queue."""
    names = [action.queue for turn in turns for action in turn.actions if isinstance(action, Enqueue)]
    return names[-1] if names else None


def _pieces(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else text
