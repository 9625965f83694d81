"""Offices and queues to configure an Asterisk with: six tax chambers and the national line."""

from ivr.dialogue.plan import Hours, Office, QueueKind

QUEUES = ("kol-pcc-sd", "kol-pit", "kol-ogolna")
NUMBERS = {
    "podlaskie": ("224605990",),
    "wielkopolskie": ("224605991",),
    "malopolskie": ("224605992",),
    "dolnoslaskie": ("224605993",),
    "lodzkie": ("224605994",),
    "opolskie": ("224605995",),
    "krajowa": ("223300330", "801055055"),
}


def offices() -> list[Office]:
    week = Hours(days=("pn", "wt", "sr", "cz", "pt"), opens="08:00", closes="16:00")
    return [
        Office(id=id, name=f"Urząd {id}", spoken=id, numbers=numbers, hours=(week,), queues=QUEUES)
        for id, numbers in NUMBERS.items()
    ]


def queues(timeout: int = 30) -> list[QueueKind]:
    return [QueueKind(id=id, name=id, timeout=timeout) for id in QUEUES]


def hum(name: str, text: str) -> bytes:
    """A short square wave in place of a voice."""
    return (b"\x00\x10" * 20 + b"\x00\xf0" * 20) * 60
