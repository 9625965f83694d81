"""The e-US client: strict about answers, bounded in time, safe about repeating."""

import asyncio
import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog
from ruamel.yaml import YAML

from telepin.eus import Breaker, EusClient, EusError, EusMismatch, Verification, new_match_key, tls_context, token
from telepin.secret import Secret

pytestmark = pytest.mark.anyio
CONTRACT = Path(__file__).parents[2] / "docs" / "contracts" / "eus.openapi.yaml"
NUMBER, PIN, KEY = Secret("85831410110"), Secret("482915"), new_match_key()


def answer(**changed: Any) -> dict[str, Any]:
    right: dict[str, Any] = {
        "request_id": "r",
        "verdict": "ok",
        "subject": token(KEY, NUMBER),
        "person": {"ref": "dz-01", "label": "Adam Testowy"},
        "office": "podlaskie",
        "principals": [],
    }
    return right | changed


PRINCIPAL = {
    "ref": "moc-beta",
    "label": "Beta",
    "basis": "ppo",
    "valid_from": "2024-02-01",
    "valid_to": None,
    "numbers": ["0" * 64],
}


class Eus:
    """Answers with what ``reply`` makes, and keeps the requests."""

    def __init__(self, reply: Callable[[httpx2.Request], httpx2.Response]) -> None:
        self.requests: list[httpx2.Request] = []
        self.reply = reply

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return self.reply(request)


def client(reply: Any, **options: Any) -> tuple[EusClient, Eus]:
    eus = Eus(reply if callable(reply) else lambda _: reply)
    return EusClient("http://eus.test", transport=httpx2.MockTransport(eus), **options), eus


async def ask(asked: EusClient) -> Verification:
    return await asked.verify(request="r", kind="pesel", number=NUMBER, pin=PIN, match_key=KEY, leave=1)


async def test_a_good_answer():
    eus, wire = client(httpx2.Response(200, json=answer(principals=[PRINCIPAL])))
    found = await ask(eus)
    assert found.person.ref == "dz-01"
    assert [one.ref for one in found.principals] == ["moc-beta"]
    sent = json.loads(wire.requests[0].content)
    assert sent == {
        "request_id": "r",
        "kind": "pesel",
        "number": "85831410110",
        "telepin": "482915",
        "match_key": KEY,
        "leave": 1,
    }
    assert "85831410110" not in str(wire.requests[0].url)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'{"verdict": "ok", ',
        b"\xff\xfe\x00",
        b"<html>",
        b"[" * 100_000,
        b'"' + b"x" * (3 << 20) + b'"',
        answer(verdict="yes"),
        answer(person=None),
        answer(office="Małopolska"),
        answer(extra=1),
        answer(subject="0"),
        answer(verdict="refused"),
        answer(request_id=1),
        answer(person={"ref": "../x", "label": "A"}),
        answer(person={"ref": "x", "label": ""}),
        answer(principals=[PRINCIPAL | {"basis": "self"}]),
        answer(principals=[PRINCIPAL | {"valid_from": "yesterday"}]),
        answer(principals=[PRINCIPAL | {"numbers": ["9991000134"]}]),
        answer(principals=[PRINCIPAL] * 1001),
        {key: value for key, value in answer().items() if key != "principals"},
    ],
    ids=str,
)
async def test_an_answer_against_the_contract_is_no_verdict_and_is_not_quoted(body):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    eus, _ = client(httpx2.Response(200, content=content))
    with structlog.testing.capture_logs() as logs, pytest.raises(EusError) as caught:
        await ask(eus)
    told = f"{caught.value!r} {caught.value.__cause__} {logs}"
    assert "Testowy" not in told
    assert "9991000134" not in told


@pytest.mark.parametrize("status", [201, 302, 400, 401, 404, 422, 500, 503])
async def test_other_statuses_are_no_verdict(status):
    eus, wire = client(httpx2.Response(status, json=answer(), headers={"location": "http://elsewhere.test/"}))
    with pytest.raises(EusError, match=f"status {status}"):
        await ask(eus)
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    "changed",
    [{"request_id": "other"}, {"subject": token(KEY, Secret("87890210223"))}, {"subject": token("00" * 32, NUMBER)}],
)
async def test_an_answer_about_somebody_else(changed):
    eus, _ = client(httpx2.Response(200, json=answer(**changed)))
    with pytest.raises(EusMismatch):
        await ask(eus)


async def test_connecting_is_repeated_and_then_given_up():
    def down(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    eus, wire = client(down)
    with pytest.raises(EusError, match="unreachable"):
        await ask(eus)
    assert len(wire.requests) == 3


async def test_connecting_at_the_second_try():
    replies = iter([httpx2.ConnectTimeout("slow"), httpx2.Response(200, json=answer())])

    def reply(_: httpx2.Request) -> httpx2.Response:
        match next(replies):
            case Exception() as error:
                raise error
            case response:
                return response

    eus, _ = client(reply)
    assert (await ask(eus)).verdict == "ok"


@pytest.mark.parametrize("error", [httpx2.ReadError, httpx2.WriteError, httpx2.RemoteProtocolError, httpx2.ReadTimeout])
async def test_what_may_have_been_heard_is_never_repeated(error):
    def broken(request: httpx2.Request) -> httpx2.Response:
        raise error("482915", request=request)

    eus, wire = client(broken)
    with pytest.raises(EusError) as caught:
        await ask(eus)
    assert len(wire.requests) == 1
    assert "482915" not in f"{caught.value} {caught.value.__cause__}"


async def test_a_slow_answer_ends_with_the_budget():
    async def never(_: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(60)
        raise AssertionError

    eus = EusClient("http://eus.test", transport=httpx2.MockTransport(never), budget=0.05)
    with pytest.raises(EusError, match="too slow"):
        await ask(eus)


async def test_the_breaker_rests_probes_and_closes():
    now = 0.0
    broken = True
    eus, wire = client(
        lambda _: httpx2.Response(503 if broken else 200, json=answer()),
        breaker=Breaker(failures=3, rest=10.0, clock=lambda: now),
    )

    async def tried() -> str:
        try:
            return (await ask(eus)).verdict
        except EusError as error:
            return error.reason

    assert [await tried() for _ in range(5)] == ["status 503"] * 3 + ["circuit open"] * 2
    now = 10.0
    assert [await tried() for _ in range(3)] == ["status 503"] + ["circuit open"] * 2
    now, broken = 20.0, False
    assert [await tried() for _ in range(3)] == ["ok"] * 3
    assert len(wire.requests) == 7


async def test_the_longest_answer_of_the_contract_is_taken():
    longest = PRINCIPAL | {
        "ref": "x" * 64,
        "label": "ó" * 200,
        "numbers": ["0" * 64] * 2,
        "valid_to": "2026-12-31",
        "place": "ó" * 100,
    }
    body = json.dumps(answer(principals=[longest] * 1000)).encode()
    assert b"\\u00f3" in body, "every letter escaped"
    eus, _ = client(httpx2.Response(200, content=body))
    assert len((await ask(eus)).principals) == 1000
    schemas = YAML(typ="safe").load(CONTRACT)["components"]["schemas"]
    assert schemas["Verification"]["properties"]["principals"]["maxItems"] == 1000


@pytest.mark.parametrize("body", [b'"' + b"x" * (3 << 20) + b'"', b"{"], ids=["too long", "garbled"])
async def test_one_persons_bad_answer_does_not_stop_the_questions_about_others(body):
    bad = {NUMBER.reveal()}

    def reply(request: httpx2.Request) -> httpx2.Response:
        asked = json.loads(request.content)
        subject = token(asked["match_key"], Secret(asked["number"]))
        good = json.dumps(answer(subject=subject)).encode()
        return httpx2.Response(200, content=body if asked["number"] in bad else good)

    async def tried(number: str) -> str:
        question = {"request": "r", "kind": "pesel", "pin": PIN, "match_key": KEY, "leave": 1}
        try:
            return (await eus.verify(number=Secret(number), **question)).verdict
        except EusError as error:
            return error.reason

    eus, _ = client(reply)
    assert "circuit open" not in [await tried(NUMBER.reveal()) for _ in range(20)]
    assert await tried("87890210223") == "ok"
    bad |= {str(85831410110 + n) for n in range(1, 6)}
    reasons = [await tried(one) for one in sorted(bad)]
    assert reasons[-1] == "circuit open", "an e-US that garbles everybody's answer is left alone"


async def test_only_one_probe_at_a_time():
    now = 0.0
    breaker = Breaker(failures=1, rest=10.0, clock=lambda: now)
    breaker.failed()
    now = 10.0
    assert [breaker.admits() for _ in range(3)] == [True, False, False]


def mandate(request: httpx2.Request, **changed: Any) -> httpx2.Response:
    asked = json.loads(request.content)
    told = {"request_id": asked["request_id"], "principal": asked["principal"], "holds": True}
    return httpx2.Response(200, json=told | changed)


@pytest.mark.parametrize("holds", [True, False])
async def test_a_mandate_is_asked_about_without_number_or_telepin(holds):
    eus, wire = client(lambda request: mandate(request, holds=holds))
    assert await eus.acts(request="m", verification="c:1", principal="moc-beta") is holds
    assert json.loads(wire.requests[0].content) == {
        "request_id": "m",
        "verification": "c:1",
        "principal": "moc-beta",
    }


@pytest.mark.parametrize(
    "changed", [{"request_id": "n"}, {"principal": "moc-alfa"}, {"holds": "yes"}, {"holds": None}, {"more": 1}], ids=str
)
async def test_an_answer_about_another_mandate_or_of_another_form_is_none(changed):
    eus, _ = client(lambda request: mandate(request, **changed))
    with pytest.raises(EusError):
        await eus.acts(request="m", verification="c:1", principal="moc-beta")


async def test_an_e_us_without_mandates_still_checks_telepins():
    eus, _ = client(lambda request: httpx2.Response(404 if "mandates" in str(request.url) else 200, json=answer()))
    for _ in range(10):
        with pytest.raises(EusError):
            await eus.acts(request="m", verification="c:1", principal="moc-beta")
    assert (await ask(eus)).verdict == "ok"


def test_mutual_tls_needs_its_files(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        tls_context(tmp_path / "none.pem")
    authority = ssl.get_default_verify_paths().cafile
    if authority is not None:
        assert tls_context(authority).verify_mode is ssl.CERT_REQUIRED
