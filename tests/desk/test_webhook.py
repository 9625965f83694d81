import asyncio

import httpx2
import msgspec
import pytest
from desk_fakes import CALL, card_message
from hypothesis import given
from hypothesis import strategies as st

from desk.message import Session, entitled, without_personal_numbers
from desk.privacy import MASK, PersonalNumberFound
from desk.webhook import KEY, LATE, SIGNATURE, Answer, SignatureError, Webhook, judge, render, sign, verify

pytestmark = pytest.mark.anyio

SECRET = b"correct horse"
TELEPHONE = "+48000000001"


def page(**changes: object) -> Session:
    values = {
        "caller": TELEPHONE,
        "withheld": False,
        "verdict": "ok",
        "authenticated": None,
        "principal": None,
        "entitled": entitled("stranger"),
        "office": None,
        "topic": None,
        "confidence": 0.9,
        "said": ("chcę zapytać o podatek",),
        "waited": 2.0,
        "complete": True,
    }
    return Session(**{**values, **changes})


@given(st.binary(max_size=200), st.integers(0, 2_000_000_000))
def test_what_was_signed_verifies(body: bytes, at: int) -> None:
    verify(SECRET, sign(SECRET, body, at), body, at + 299.0)


def test_the_signature_is_what_openssl_reckons() -> None:
    # printf '100.{}' | openssl dgst -sha256 -hmac 'correct horse'
    assert sign(SECRET, b"{}", 100) == "t=100,v1=7f7c48795685a5bb75ab9f40cc861ea188e7a6fb734c4c6632421cb7d71eda16"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "v1=00",
        "t=100",
        "t=100,v1=",
        "t=100,v1=" + "0" * 64,
        "t=x,v1=00",
        "t=100,t=100,v1=00",
        "t=9" + "9" * 40 + ",v1=0",
        "t=١٠٠,v1=00",
        "t=100,v1=ż",
    ],
)
def test_a_malformed_or_wrong_signature_is_refused(header: str) -> None:
    with pytest.raises(SignatureError):
        verify(SECRET, header, b"{}", 100.0)


def test_another_body_secret_or_time_is_refused() -> None:
    signed = sign(SECRET, b"{}", 100)
    for secret, body, now in (
        (b"other", b"{}", 100),
        (SECRET, b"{} ", 100),
        (SECRET, b"{}", 401),
        (SECRET, b"{}", -201),
    ):
        with pytest.raises(SignatureError):
            verify(secret, signed, body, now)


def test_old_and_new_secret_may_sign_side_by_side() -> None:
    both = sign(b"new", b"{}", 100) + "," + sign(SECRET, b"{}", 100).partition(",")[2]
    verify(SECRET, both, b"{}", 100)
    verify(b"new", both, b"{}", 100)


OUTCOMES = {"delivered": (200, 204, 409), "retry": (302, 408, 429, 500, 503), "refused": (400, 401, 404, 422)}


@pytest.mark.parametrize(("outcome", "statuses"), OUTCOMES.items())
def test_what_a_status_means(outcome: str, statuses: tuple[int, ...]) -> None:
    assert {judge(status).outcome for status in statuses} == {outcome}


def webhook(answer, limit: float = 5.0) -> Webhook:  # type: ignore[no-untyped-def]
    client = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    return Webhook(client, "http://crm/", SECRET, lambda: 100.0, limit)


async def test_a_request_carries_signature_key_and_lateness() -> None:
    seen: list[httpx2.Request] = []

    async def crm(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(204)

    assert (await webhook(crm).send("k", b"{}", True)).outcome == "delivered"
    assert (await webhook(crm).send("k", b"{}", False)).outcome == "delivered"
    verify(SECRET, seen[0].headers[SIGNATURE], seen[0].content, 100.0)
    assert seen[0].headers[KEY] == "k"
    assert seen[0].headers[LATE] == "true"
    assert LATE not in seen[1].headers


async def test_a_crm_that_does_not_answer_is_left_after_the_limit() -> None:
    async def crm(request: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(60)
        return httpx2.Response(204)

    assert await webhook(crm, limit=0.05).send("k", b"{}", False) == Answer("retry", "no answer in 0.05 s")


async def test_a_dead_crm_is_tried_again() -> None:
    async def crm(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    assert await webhook(crm).send("k", b"{}", False) == Answer("retry", "ConnectError")


@pytest.mark.parametrize("planted", ["85831410110", "999 100 00 16", "nip 999-100-00-16."])
def test_a_planted_number_does_not_leave_but_the_callers_telephone_does(planted: str) -> None:
    clean = card_message(kind="session", data=page())
    assert TELEPHONE in render(clean).decode()
    leaking = card_message(kind="session", data=page(said=("dzień dobry", planted)))
    with pytest.raises(PersonalNumberFound, match=r"said\[1\]"):
        render(leaking)
    sent = msgspec.json.decode(render(without_personal_numbers(leaking)), type=Session)
    assert sent == page(said=("dzień dobry", MASK))


def test_the_envelope_names_its_ring_by_call_and_leg() -> None:
    first = card_message()
    assert first.key == f"{first.ring}:card"
    assert card_message(leg="1700000000.2").ring != first.ring
    assert card_message(call=CALL.replace("1", "2")).ring != first.ring
