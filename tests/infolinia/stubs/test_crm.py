"""The stub CRM: it holds the desk to the contract, keeps what it took, and shows it."""

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from desk.webhook import KEY, LATE, SIGNATURE, Webhook, sign
from infolinia.stubs.crm.people import load_people
from infolinia.stubs.crm.server import Crm, create_app

pytestmark = pytest.mark.anyio

SECRET = b"s" * 32
CALL = "11111111-2222-4333-8444-555555555555"
RING = "22222222-2222-5333-8444-555555555555"
CARD = {
    "office": {"id": "podlaskie", "name": "IAS w Białymstoku"},
    "topic": "Kupno samochodu",
    "caller_masked": "+48 *** *** 001",
    "authenticated": True,
}
SESSION = {
    "caller": "+48000000001",
    "withheld": False,
    "verdict": "ok",
    "authenticated": {
        "person": "dz-01",
        "method": "pesel+telepin",
        "at": "2025-11-21T12:59:10+01:00",
        "until": "2025-11-21T13:29:10+01:00",
    },
    "principal": None,
    "entitled": {"tier": 2, "words": "Informacje ogólne oraz indywidualne."},
    "office": CARD["office"],
    "topic": {"id": "pcc", "name": "Kupno samochodu"},
    "confidence": 0.93,
    "said": ["<script>alert(1)</script> podatek"],
    "waited": 12.0,
    "complete": True,
}
WITHDRAWN = {"reason": "no-answer"}
ENDED = {"waited": 12.0, "talked": 75.0, "reason": "caller"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def envelope(kind: str, data: dict[str, Any], sequence: int = 1, agent: str = "konsultant1", ring: str = RING) -> bytes:
    return msgspec.json.encode(
        {
            "id": f"{ring}:{kind}",
            "call": CALL,
            "sequence": sequence,
            "kind": kind,
            "ring": ring,
            "agent": agent,
            "queue": "podlaskie-kol-pcc-sd",
            "at": "2025-11-21T13:00:00.000+01:00",
            "data": data,
        }
    )


class Client:
    def __init__(self, folder: Path) -> None:
        self.crm = Crm(folder, SECRET, load_people())
        transport = httpx2.ASGITransport(create_app(self.crm))
        self.http = httpx2.AsyncClient(transport=transport, base_url="http://crm")

    async def tell(self, body: bytes, **headers: str) -> int:
        key = msgspec.json.decode(body).get("id", "") if body.startswith(b"{") else ""
        signed = {SIGNATURE: sign(SECRET, body, int(time.time())), KEY: key}
        return (await self.http.post("/webhook", content=body, headers={**signed, **headers})).status_code

    async def get(self, path: str) -> Any:
        return (await self.http.get(path)).json()

    async def page(self, path: str) -> str:
        return (await self.http.get(path)).text


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(tmp_path)


async def test_a_message_is_kept_once_and_survives_a_restart(client: Client, tmp_path: Path) -> None:
    assert await client.tell(envelope("card", CARD)) == 204
    assert await client.tell(envelope("card", CARD)) == 409
    with (tmp_path / "events.jsonl").open("ab") as torn:
        torn.write(b'{"envelope": {"id"')
    again = Client(tmp_path)
    assert await again.tell(envelope("card", CARD)) == 409
    assert await again.tell(envelope("session", SESSION, 2)) == 204
    assert [event["kind"] for event in await Client(tmp_path).get("/api/events")] == ["card", "session"]


async def test_a_full_disk_shows_the_page_and_wants_it_again(client: Client, tmp_path: Path) -> None:
    """The disk ends in the middle of a line, as a real one does: a limit on the size of files stands for it."""
    assert await client.tell(envelope("card", CARD)) == 204
    file = tmp_path / "events.jsonl"
    size = file.stat().st_size
    with files_no_larger_than(size + 40):
        assert await client.tell(envelope("session", SESSION, 2)) == 507
        assert await client.tell(envelope("session", SESSION, 2)) == 507
        assert "<h1>Adam Testowy</h1>" in await client.page("/agent/konsultant1")
    assert file.stat().st_size == size, "no torn line"
    assert await client.tell(envelope("session", SESSION, 2)) == 409, "taken: the desk need not send it again"
    assert await client.tell(envelope("ended", ENDED, 3)) == 204
    kept = [event["kind"] for event in await Client(tmp_path).get("/api/events")]
    assert kept == ["card", "session", "ended"]


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """Writing past ``size`` bytes of any file fails (the signal that goes with it is ignored by Python)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_the_page_of_the_caller_is_shown_and_the_card_is_masked(client: Client) -> None:
    assert "czeka na połączenie" in await client.page("/agent/konsultant1")
    await client.tell(envelope("card", CARD))
    ringing = await client.page("/agent/konsultant1")
    assert "+48 *** *** 001" in ringing
    assert "Adam Testowy" not in ringing
    await client.tell(envelope("session", SESSION, 2))
    talking = await client.page("/agent/konsultant1")
    assert "<h1>Adam Testowy</h1>" in talking
    assert "Uwierzytelniono: PESEL i telePIN" in talking
    assert "Ostatnie kontakty" in talking
    assert "<script>alert" not in talking
    await client.tell(envelope("ended", ENDED, 3))
    ended = await client.page("/agent/konsultant1")
    assert "rozmowa 1 min 15 s" in ended
    assert "konsultant1" in await client.page("/")
    [popup] = await client.get("/api/popups")
    assert (popup["call"], popup["agent"], popup["status"], popup["person"]["name"]) == (
        CALL,
        "konsultant1",
        "ended",
        "Adam Testowy",
    )
    assert await client.get("/api/popups?call=other") == []


async def test_an_unauthenticated_caller_has_no_name(client: Client) -> None:
    await client.tell(envelope("session", {**SESSION, "authenticated": None, "verdict": "refused"}))
    shown = await client.page("/agent/konsultant1")
    assert "Nie uwierzytelniono: e-US nie potwierdził tożsamości" in shown
    assert "Adam" not in shown


async def test_a_withdrawn_card_leaves_the_screen(client: Client) -> None:
    await client.tell(envelope("card", CARD))
    await client.tell(envelope("withdrawn", WITHDRAWN, 2))
    assert "czeka na połączenie" in await client.page("/agent/konsultant1")


@pytest.mark.parametrize("tampered", ["signature", "time", "body", "missing"])
async def test_what_is_not_signed_is_refused(client: Client, tampered: str) -> None:
    body = envelope("card", CARD)
    headers = {
        "signature": {SIGNATURE: sign(b"other", body, int(time.time()))},
        "time": {SIGNATURE: sign(SECRET, body, int(time.time()) - 3600)},
        "body": {SIGNATURE: sign(SECRET, body + b" ", int(time.time()))},
        "missing": {SIGNATURE: ""},
    }[tampered]
    assert await client.tell(body, **headers) == 401
    assert await client.get("/api/events") == []


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b"\xff", envelope("card", WITHDRAWN), envelope("card", {}), envelope("nonsense", CARD)],
)
async def test_what_is_not_of_the_contract_is_refused(client: Client, body: bytes) -> None:
    assert await client.tell(body) == 400


async def test_a_key_that_differs_and_a_huge_body_are_refused(client: Client) -> None:
    assert await client.tell(envelope("card", CARD), **{KEY: "other"}) == 400
    assert await client.tell(b'{"id": ' + b" " * 70_000 + b'"x"}') == 413


async def test_disorder_and_lateness_are_on_record(client: Client) -> None:
    await client.tell(envelope("session", SESSION, 2), **{LATE: "true"})
    await client.tell(envelope("card", CARD, 1))
    events = await client.get("/api/events")
    assert [(event["late"], event["out_of_order"]) for event in events] == [(True, False), (False, True)]
    assert (await client.get("/api/health"))["out_of_order"] == 1
    assert "dotarła po zakończeniu" in await client.page("/agent/konsultant1")


@pytest.mark.parametrize(
    ("faults", "outcome", "kept"),
    [
        ({"mode": "error", "status": 500}, "retry", 0),
        ({"mode": "error", "status": 422}, "refused", 0),
        ({"mode": "slow", "delay": 30}, "retry", 0),
        ({"mode": "lost"}, "retry", 1),
        ({"mode": "ok"}, "delivered", 1),
    ],
)
async def test_fault_switches_as_the_desk_meets_them(client: Client, faults: Any, outcome: str, kept: int) -> None:
    assert (await client.http.post("/_faults", json=faults)).status_code == 200
    webhook = Webhook(client.http, "http://crm/webhook", SECRET, time.time, limit=0.2)
    answer = await webhook.send(f"{RING}:card", envelope("card", CARD), False)
    assert answer.outcome == outcome
    assert len(client.crm.ledger.events) == kept


async def test_the_live_part_is_sent_again_when_it_changes(client: Client) -> None:
    stream = client.crm.stream(lambda: client.crm.desk("konsultant1"))
    assert "czeka na połączenie" in await anext(stream)
    await client.tell(envelope("card", CARD, agent="ktos-inny", ring=CALL))
    await client.tell(envelope("card", CARD, 2))
    changed = await anext(stream)
    assert "+48 *** *** 001" in changed
    assert all(line.startswith("data: ") for line in changed.strip().splitlines())
    await stream.aclose()


def test_the_shipped_people_are_all_readable() -> None:
    people = load_people()
    assert people.find("dz-01") is not None
    assert people.find("org-klon") is not None
    assert people.find("nobody") is None
    assert people.find(None) is None
