"""The e-US stub keeps to the published contract, and does to a telePIN what e-US lets its owner do."""

import json
import shutil
import sqlite3
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest
from jsonschema import Draft202012Validator, FormatChecker
from ruamel.yaml import YAML
from telepin_fakes import TODAY

from infolinia.stubs.eus.accounts import FORGETS, Accounts
from infolinia.stubs.eus.server import build
from telepin.eus import MANDATES, PATH, EusClient, EusError, EusMismatch, Verification, new_match_key, token
from telepin.secret import Secret

pytestmark = pytest.mark.anyio
CONTRACT = YAML(typ="safe").load(Path(__file__).parents[2] / "docs" / "contracts" / "eus.openapi.yaml")


def faults(schema: str, value: Any) -> list[str]:
    """What is wrong with ``value`` by the contract's schema of this name."""
    root = {"$ref": f"#/components/schemas/{schema}", "components": CONTRACT["components"]}
    return [error.message for error in Draft202012Validator(root, format_checker=FormatChecker()).iter_errors(value)]


@pytest.fixture
async def eus(wire):
    async with httpx2.AsyncClient(transport=wire, base_url="http://eus.test") as client:
        yield client


def question(number: str, pin: str, **changed: Any) -> dict[str, Any]:
    kind = "nip" if len(number) == 10 else "pesel"
    return {
        "request_id": "call:1",
        "kind": kind,
        "number": number,
        "telepin": pin,
        "match_key": new_match_key(),
        "leave": 0,
    } | changed


async def test_every_callers_answer_keeps_to_the_contract(eus, accounts):
    verdicts = set()
    pins = {"dz-01": "482915", "dz-06": "371968", "dz-30": "600738", "dz-17": "609431"}
    for caller in accounts.callers.values():
        for number in filter(None, (caller.pesel, caller.nip)):
            asked = question(number, pins.get(caller.id, "000000"))
            assert faults("Question", asked) == []
            response = await eus.post(PATH, json=asked)
            assert response.status_code == 200
            assert faults("Verification", response.json()) == []
            Verification.model_validate_json(response.content)
            assert response.json()["subject"] == token(asked["match_key"], Secret(number))
            verdicts.add((caller.id, response.json()["verdict"]))
    assert {caller for caller, verdict in verdicts if verdict == "ok"} == set(pins)


def test_the_contract_refuses_what_the_client_refuses():
    refused = {
        "request_id": "r",
        "verdict": "refused",
        "subject": "0" * 64,
        "person": None,
        "office": None,
        "principals": [],
    }
    assert faults("Verification", refused) == []
    for changed in ({"verdict": "ok"}, {"office": "podlaskie"}, {"person": {"ref": "a", "label": "b"}}, {"x": 1}):
        assert faults("Verification", refused | changed) != []
        with pytest.raises(ValueError, match="validation error"):
            Verification.model_validate_json(json.dumps(refused | changed))


@pytest.mark.parametrize(
    "changed",
    [
        {"telepin": "48291"},
        {"telepin": "48291x"},
        {"telepin": 482915},
        {"number": "8583141011"},
        {"number": ""},
        {"kind": "regon"},
        {"match_key": "abc"},
        {"request_id": ""},
        {"leave": -1},
        {"leave": "1"},
        {"leave": None},
        {"more": 1},
        {"telepin": "٤٨٢٩١٥"},
    ],
    ids=str,
)
async def test_a_question_against_the_contract_is_refused_unquoted_and_uncounted(eus, accounts, changed):
    response = await eus.post(PATH, json=question("85831410110", "482915") | changed)
    assert response.status_code == 422
    assert faults("Error", response.json()) == []
    assert "8291" not in response.text
    assert accounts.states()[0].failed == 0


async def test_refusals_have_one_shape(eus):
    key = new_match_key()
    pairs = [
        ("85831410110", "482916"),
        ("89872110820", "264813"),
        ("90882711028", "145629"),
        ("87843011222", "123456"),
        ("85833099915", "123456"),
        ("14251700112", "111111"),
    ]
    bodies = [(await eus.post(PATH, json=question(*pair, match_key=key))).json() for pair in pairs]
    for body in bodies:
        del body["subject"]
    assert all(body == bodies[0] for body in bodies)


async def test_three_wrong_in_a_row_block_across_calls_and_restarts(eus, accounts, tmp_path):
    async def verdict(number: str, pin: str) -> str:
        return (await eus.post(PATH, json=question(number, pin))).json()["verdict"]

    # dz-13 has two failures already.
    assert await verdict("85811911312", "333333") == "refused"
    assert await verdict("85811911312", "920485") == "refused"
    assert [await verdict("87890210223", pin) for pin in ("000000", "111111", "730164", "222222", "333333")] == [
        "refused",
        "refused",
        "ok",
        "refused",
        "refused",
    ]
    again = Accounts(tmp_path / "eus" / "accounts.db")
    assert again.verify("87890210223", "444444", TODAY) is None
    assert again.verify("87890210223", "730164", TODAY) is None
    assert {state.caller.id for state in again.states() if state.status == "blocked"} == {
        "dz-02",
        "dz-08",
        "dz-09",
        "dz-13",
    }
    again.close()


async def test_a_strangers_mistake_is_not_counted_where_the_last_tries_are_the_owners(eus, accounts):
    async def verdict(number: str, pin: str, leave: int) -> str:
        return (await eus.post(PATH, json=question(number, pin, leave=leave))).json()["verdict"]

    def failed() -> int:
        return next(state.failed for state in accounts.states() if state.caller.id == "dz-06")

    assert [await verdict("92861810621", "000000", 1), await verdict("9993000026", "000000", 1)] == ["refused"] * 2
    assert failed() == 2
    # Neither by PESEL nor by NIP; the right one passes and ends the row.
    assert [await verdict(number, "111111", 1) for number in ("92861810621", "9993000026")] == ["refused"] * 2
    assert failed() == 2
    assert await verdict("9993000026", "371968", 1) == "ok"
    assert failed() == 0
    assert await verdict("92861810621", "371968", 2) == "ok"


async def test_wrong_ones_no_longer_count_after_a_day(tmp_path, seeded):
    shutil.copy(seeded, tmp_path / "a.db")
    now = time.time()
    accounts = Accounts(tmp_path / "a.db", clock=lambda: now)
    for _ in range(4):
        assert [accounts.verify("87890210223", pin, TODAY) for pin in ("000000", "111111")] == [None, None]
        now += FORGETS + 1
    assert accounts.verify("87890210223", "730164", TODAY) is not None
    accounts.close()
    stern = Accounts(tmp_path / "a.db", forgets=None, clock=lambda: now)
    for _ in range(3):
        stern.verify("87890210223", "000000", TODAY)
        now += FORGETS + 1
    assert stern.verify("87890210223", "730164", TODAY) is None
    stern.close()


def test_the_state_of_an_older_stub_is_taken_over(tmp_path, seeded):
    shutil.copy(seeded, tmp_path / "a.db")
    with sqlite3.connect(tmp_path / "a.db") as rows:
        rows.execute("ALTER TABLE accounts DROP COLUMN failed_at")
    accounts = Accounts(tmp_path / "a.db")
    assert accounts.verify("87890210223", "730164", TODAY) is not None
    accounts.close()


async def test_the_page_sets_changes_deletes_and_counts(eus):
    async def verdict(pin: str) -> str:
        return (await eus.post(PATH, json=question("87843011222", pin))).json()["verdict"]

    before = (await eus.get("/statystyka")).json()
    assert before == {"active": 23, "blocked": 2, "inactive": 2}
    page = await eus.get("/")
    assert "Lucyna Testowa" in page.text
    assert '<dd id="active" class="active">23</dd>' in page.text
    assert (await eus.post("/konta/dz-12/ustaw", data={"telepin": "012345"})).status_code == 303
    assert await verdict("012345") == "ok"
    assert (await eus.post("/konta/dz-12/ustaw", data={"telepin": "999999"})).status_code == 303
    assert [await verdict(pin) for pin in ("012345", "999999")] == ["refused", "ok"]
    assert (await eus.get("/statystyka")).json()["active"] == 24
    assert (await eus.post("/konta/dz-12/usun")).status_code == 303
    assert await verdict("999999") == "refused"
    assert (await eus.get("/statystyka")).json() == before | {"inactive": 3}
    for _ in range(3):
        await eus.post(PATH, json=question("85831410110", "000000"))
    assert (await eus.get("/statystyka")).json()["blocked"] == 3
    await eus.post("/konta/dz-01/ustaw", data={"telepin": "482915"})
    assert (await eus.get("/statystyka")).json()["blocked"] == 2


async def test_a_telepin_that_is_not_there_cannot_be_deleted(eus):
    before = (await eus.get("/statystyka")).json()
    response = await eus.post("/konta/dz-12/usun")
    assert (response.status_code, "nie ma telePIN-u" in response.text) == (422, True)
    assert (await eus.get("/statystyka")).json() == before


@pytest.mark.parametrize("pin", ["", "12345", "1234567", "abcdef", "٤٨٢٩١٥", "12345\n"])
async def test_the_page_refuses_what_is_no_telepin(eus, pin):
    response = await eus.post("/konta/dz-01/ustaw", data={"telepin": pin})
    assert response.status_code == 422
    assert "sześć cyfr" in response.text


async def test_the_page_refuses_minors_and_strangers(eus):
    assert (await eus.post("/konta/dz-26/ustaw", data={"telepin": "123456"})).status_code == 422
    assert (await eus.post("/konta/dz-99/ustaw", data={"telepin": "123456"})).status_code == 404
    assert (await eus.post("/konta/dz-01/usun-wszystko")).status_code == 422


async def test_a_mandate_is_asked_about_by_an_earlier_verification(eus):
    assert (await eus.post(PATH, json=question("92892911515", "817594", request_id="c:1"))).json()["verdict"] == "ok"
    await eus.post(PATH, json=question("87890210223", "000000", request_id="c:2"))

    async def asked(verification: str, principal: str) -> tuple[int, Any]:
        question = {"request_id": "m", "verification": verification, "principal": principal}
        assert faults("MandateQuestion", question) == []
        response = await eus.post(MANDATES, json=question)
        assert faults("Mandate" if response.status_code == 200 else "Error", response.json()) == []
        return response.status_code, response.json().get("holds")

    assert await asked("c:1", "moc-beta") == (200, True)
    assert await asked("c:1", "moc-alfa") == await asked("c:1", "nobody") == (200, False)
    assert await asked("c:2", "moc-beta") == await asked("c:9", "moc-beta") == (404, None)
    assert (await eus.post("/konta/dz-15/uprawnienia/moc-beta/odbierz")).status_code == 303
    assert await asked("c:1", "moc-beta") == (200, False)
    again = (await eus.post(PATH, json=question("92892911515", "817594"))).json()["principals"]
    assert [(one["ref"], one["valid_to"] < TODAY.isoformat()) for one in again] == [("moc-beta", True)]
    assert (await eus.post("/konta/dz-15/uprawnienia/moc-beta/przywroc")).status_code == 303
    assert await asked("c:1", "moc-beta") == (200, True)
    assert (await eus.post("/konta/dz-15/uprawnienia/moc-alfa/odbierz")).status_code == 404


def test_no_telepin_is_on_the_stubs_disk_in_plain(accounts, tmp_path):
    accounts.set_telepin("dz-12", "274951")
    disk = b"".join(path.read_bytes() for path in (tmp_path / "eus").iterdir())
    assert b"dz-12" in disk
    assert [pin for pin in (b"274951", b"482915", b"730164") if pin in disk] == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"mode": "down"}, "status 503"),
        ({"mode": "garbage"}, "against the contract"),
        ({"mode": "slow", "delay": 30}, "too slow"),
        ({"mode": "other-person"}, "another person"),
    ],
    ids=lambda value: value.get("mode") if isinstance(value, dict) else None,
)
async def test_every_fault_switch_does_what_it_says(eus, wire, fault, error):
    client = EusClient("http://eus.test", transport=wire, budget=0.5)

    async def verdict() -> str:
        number, pin, key = Secret("85831410110"), Secret("482915"), new_match_key()
        return (await client.verify(request="r", kind="pesel", number=number, pin=pin, match_key=key, leave=0)).verdict

    assert await verdict() == "ok"
    assert (await eus.post("/_faults", json=fault)).status_code == 200
    with pytest.raises(EusMismatch if fault["mode"] == "other-person" else EusError, match=error):
        await verdict()
    assert (await eus.get("/_faults")).json()["mode"] == fault["mode"]
    await eus.post("/_faults", json={"mode": "none"})
    assert await verdict() == "ok"
    await client.close()


async def test_the_contract_names_the_path_that_is_served(accounts):
    assert list(CONTRACT["paths"]) == [PATH, MANDATES]
    assert CONTRACT["openapi"].startswith("3.1")
    assert {PATH, MANDATES} <= {getattr(route, "path", "") for route in build(accounts).routes}
    for schema in CONTRACT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
