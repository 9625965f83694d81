"""What Asterisk's manager says about queues, read into legs: pure, tolerant of how a client library spells keys.

Fields as raised by Asterisk 22 (app_queue, CoreShowChannels). The call is the channel variable ``IVR_CALL``, which
``channelvars`` in manager.conf adds to every event; events of calls without one are not ours. The caller's number is
``IVR_CALLER``, not ``CallerIDNum``: that shows a withheld number too.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import msgspec

_INTERFACE = re.compile(r"^[A-Za-z0-9]+/([^@/;]+)")
_LEG_OF = re.compile(r"-[0-9a-f]{8}(;1)?$")
_E164 = re.compile(r"^\+[1-9]\d{6,14}$")
_UNIQUEID = re.compile(r"^[\w.-]{1,64}$")


class Leg(msgspec.Struct, frozen=True, kw_only=True):
    """One ringing of one consultant's telephone. ``leg`` and ``caller_leg`` are Asterisk's uniqueids. ``caller`` is the
    caller's number as the dialplan has it (E.164), None when it is ``withheld`` or not known."""

    call: str
    leg: str
    agent: str
    queue: str
    caller_leg: str = ""
    caller: str | None = None
    withheld: bool = False


class QueueEvent(msgspec.Struct, frozen=True, kw_only=True):
    """``leg`` for the Agent… events, ``call`` for the QueueCaller… ones, ``uniqueid`` for Hangup, and ``call`` too when
    it is the caller's. ``waited`` and
    ``talked`` in seconds."""

    name: str
    leg: Leg | None = None
    call: str = ""
    queue: str = ""
    uniqueid: str = ""
    waited: float | None = None
    talked: float | None = None
    reason: str = ""


EVENTS = (
    "AgentCalled",
    "AgentRingNoAnswer",
    "AgentConnect",
    "AgentComplete",
    "QueueCallerAbandon",
    "QueueCallerLeave",
    "Hangup",
)


def read_event(raw: Mapping[str, Any]) -> QueueEvent | None:
    """The event, or None when it is not one of ``EVENTS``, belongs to no call of ours, or is malformed."""
    name = str(raw.get("Event", raw.get("event", "")))
    if name not in EVENTS:
        return None
    fields = {str(key).lower(): value for key, value in raw.items()}
    if name == "Hangup":
        uniqueid = _text(fields, "uniqueid")
        return QueueEvent(name=name, uniqueid=uniqueid, call=_call(fields) or "") if uniqueid else None
    call = _call(fields)
    if call is None:
        return None
    if name.startswith("QueueCaller"):
        return QueueEvent(name=name, call=call, queue=_text(fields, "queue"))
    leg = _leg(call, fields)
    if leg is None:
        return None
    return QueueEvent(
        name=name,
        leg=leg,
        call=call,
        waited=_seconds(fields, "holdtime"),
        talked=_seconds(fields, "talktime"),
        reason=_text(fields, "reason"),
    )


def read_channels(channels: Iterable[Mapping[str, Any]]) -> list[tuple[Leg, bool]]:
    """From CoreShowChannel events: every consultant's leg of our queued calls, and whether the two are bridged."""
    rows = [{str(key).lower(): value for key, value in row.items()} for row in channels]
    callers = {
        _text(row, "linkedid"): row for row in rows if _text(row, "application") == "Queue" and _call(row) is not None
    }
    found = []
    for row in rows:
        caller = callers.get(_text(row, "linkedid"))
        if caller is None or _text(row, "application") != "AppQueue" or _text(row, "channel").endswith(";2"):
            continue
        agent, uniqueid = _agent(_LEG_OF.sub("", _text(row, "channel"))), _text(row, "uniqueid")
        if agent and _UNIQUEID.match(uniqueid):
            leg = Leg(
                call=_call(caller) or "",
                leg=uniqueid,
                agent=agent,
                queue=_text(caller, "applicationdata").partition(",")[0],
                caller_leg=_text(caller, "uniqueid"),
                caller=_number(caller),
                withheld=_variable(caller, "IVR_WITHHELD") == "1",
            )
            bridge = _text(row, "bridgeid")
            found.append((leg, bool(bridge) and bridge == _text(caller, "bridgeid")))
    return found


def _leg(call: str, fields: Mapping[str, Any]) -> Leg | None:
    agent, uniqueid = _agent(_text(fields, "interface")), _text(fields, "destuniqueid")
    if not agent or not _UNIQUEID.match(uniqueid):
        return None
    queue, caller_leg = _text(fields, "queue"), _text(fields, "uniqueid")
    return Leg(
        call=call,
        leg=uniqueid,
        agent=agent,
        queue=queue,
        caller_leg=caller_leg,
        caller=_number(fields),
        withheld=_variable(fields, "IVR_WITHHELD") == "1",
    )


def _number(fields: Mapping[str, Any]) -> str | None:
    number = _variable(fields, "IVR_CALLER")
    return number if _E164.match(number) else None


def _agent(interface: str) -> str:
    """``PJSIP/konsultant1`` -> ``konsultant1``."""
    matched = _INTERFACE.match(interface)
    return matched.group(1) if matched else ""


def _call(fields: Mapping[str, Any]) -> str | None:
    try:
        return str(UUID(_variable(fields, "IVR_CALL")))
    except ValueError:
        return None


def _variable(fields: Mapping[str, Any], wanted: str) -> str:
    """A channel variable of the event's first channel; empty when it has none."""
    for variable in _variables(fields.get("chanvariable")):
        name, _, value = variable.partition("=")
        if name == wanted:
            return value
    return ""


def _variables(value: Any) -> list[str]:
    if isinstance(value, str):
        return value.splitlines()
    if isinstance(value, Mapping):
        return [f"{name}={inner}" for name, inner in value.items()]
    return [str(item) for item in value] if isinstance(value, list | tuple) else []


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name, "")
    if isinstance(value, list | tuple):
        value = value[0] if value else ""
    return str(value).strip()


def _seconds(fields: Mapping[str, Any], name: str) -> float | None:
    try:
        return float(_text(fields, name))
    except ValueError:
        return None
