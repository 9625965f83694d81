"""A small plan that proves, and ways to spoil it."""

from typing import Any

from ivr.dialogue.nodes import NODES
from ivr.dialogue.plan import NATIONAL, Office, Plan, QueueKind, Topic

HOURS = [{"days": ["pn", "wt", "sr", "cz", "pt"], "from": "08:00", "to": "16:00"}]
PROMPTS = {
    "powitanie": "Dzień dobry. Z konsultantem łączy zero, a podczas wpisywania dwa razy gwiazdka.",
    "automat": "Rozmawia automat.",
    "zamkniete": "Nieczynne. Konsultanci odbierają {hours}.",
    "numer": "Proszę wpisać PESEL i krzyżyk.",
    "zly": "To nie jest numer.",
    "pin": "Proszę wpisać telePIN.",
    "sprawdzam": "Sprawdzam.",
    "tak": "Tożsamość potwierdzona.",
    "odmowa": "Nie udało się.",
    "czyja": "W czyjej sprawie?",
    "osoba": "{name}: {key}.",
    "klawisz": "Wybór: {key}.",
    "wybrano": "Sprawa: {name}.",
    "menu": "Podatki: jeden. Koniec: dwa.",
    "automat-po-godzinach": "Ja, automat, mam jedno pytanie. Od nowa: jeden. Koniec: dwa.",
    "lacze": "Łączę z konsultantem.",
    "przykro": "Nikt nie odebrał.",
    "koniec": "Do widzenia.",
}
NODES_ = {
    "pora": {"node": "hours", "announce": "zamkniete", "open": "powitanie", "closed": "po-godzinach"},
    "powitanie": {"node": "say", "lines": ["powitanie", "automat"], "next": "tozsamosc"},
    "tozsamosc": {
        **{"node": "identity", "lines": ["numer"], "length": "zly", "invalid": "zly", "spoken_number": "numer"},
        **{"tries": 2, "next": "telepin", "without": "menu"},
    },
    "telepin": {
        **{"node": "telepin", "lines": ["pin"], "wrong_length": "pin", "checking": "sprawdzam", "accepted": "tak"},
        **{"refused": "odmowa", "refused_last": "odmowa", "unavailable": "odmowa", "throttled": "odmowa"},
        **{"tries": 2, "checks": 2, "next": "mocodawca", "without": "menu"},
    },
    "mocodawca": {
        **{"node": "principal", "lines": ["czyja"], "own": "klawisz", "item": "osoba", "key_in": "klawisz"},
        **{"number": "numer", "unknown": "zly", "chosen": "wybrano", "tries": 2, "next": "menu"},
    },
    "menu": {
        **{"node": "menu", "lines": ["menu"], "tries": 2, "otherwise": "konsultant"},
        "choices": [
            {"id": "podatki", "key": "1", "words": ["podatki"], "next": "konsultant", "queue": "kol-pit"},
            {"id": "koniec", "key": "2", "words": ["koniec"], "next": "koniec"},
        ],
    },
    "konsultant": {"node": "hours", "announce": "zamkniete", "open": "kolejka", "closed": "po-godzinach"},
    "kolejka": {"node": "queue", "lines": ["lacze"], "overflow": ["lacze"], "served": "koniec", "failed": "nikt"},
    "po-godzinach": {
        **{"node": "menu", "lines": ["automat-po-godzinach"], "tries": 2, "otherwise": "koniec"},
        "choices": [
            {"id": "nowa", "key": "1", "words": ["od nowa"], "next": "menu"},
            {"id": "koniec", "key": "2", "words": ["koniec"], "next": "koniec"},
        ],
    },
    "nikt": {"node": "hangup", "lines": ["przykro", "koniec"], "reason": "no agent"},
    "koniec": {"node": "hangup", "lines": ["koniec"]},
}


def small_plan(
    nodes: dict[str, Any] | None = None,
    prompts: dict[str, str] | None = None,
    topics: tuple[Topic, ...] = (),
    end: str | None = "koniec",
    **changes: dict[str, Any],
) -> Plan:
    """The small plan with ``nodes`` added (node models, or data), ``prompts`` replaced, and single fields of its nodes
    changed by ``node={field: value}``; a field None is left out."""
    made = {}
    for name, data in {**NODES_, **(nodes or {})}.items():
        if not isinstance(data, dict):
            made[name] = data
            continue
        fields = {**data, **changes.get(name, {})}
        made[name] = NODES.validate_python({key: value for key, value in fields.items() if value is not None})
    offices = [
        Office(id=NATIONAL, name="Linia", spoken="linia", numbers=("223300330",), hours=HOURS, queues=QUEUES),
        Office(
            **{"id": "malopolskie", "name": "IAS", "spoken": "izba", "voivodeship": "małopolskie", "hours": HOURS},
            numbers=("224605992",),
            queues=QUEUES,
        ),
    ]
    return Plan(
        version="proba",
        start="pora",
        person="konsultant",
        end=end,
        nodes=made,
        prompts={**PROMPTS, **(prompts or {})},
        offices={office.id: office for office in offices},
        queues={queue: QueueKind(id=queue, name=queue) for queue in QUEUES},
        topics={topic.id: topic for topic in topics},
    )


QUEUES = ("kol-pit", "kol-ogolna")
