"""When an office is open, and how that is said: weekdays, days off, seasons, special days, every minute."""

from datetime import date, datetime
from typing import Any

import pytest

from ivr.calendar import WARSAW, exceptions, hours_on, opening, spoken_hours, week
from ivr.dialogue.plan import Hours, Office

WEEK = {"days": ["pn", "wt", "sr", "cz", "pt"], "from": "08:00", "to": "16:00"}
LONG = {"days": ["sr", "so"], "from": "08:00", "to": "20:00", "season": {"first": "02-15", "last": "04-30"}}


def office(**fields: Any) -> Office:
    given = {"id": "x", "name": "X", "spoken": "X", "hours": [WEEK], "queues": ["kol-ogolna"], **fields}
    return Office.model_validate(given)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=WARSAW)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-04-30 07:59", False),
        ("2026-04-30 08:00", True),
        ("2026-04-30 15:59", True),
        ("2026-04-30 16:00", False),
        ("2026-05-01 12:00", False),
        ("2026-05-02 12:00", False),
        ("2026-12-24 12:00", False),
    ],
)
def test_weekdays_and_public_holidays(moment: str, is_open: bool) -> None:
    assert opening(office(), at(moment)).open is is_open


def test_days_off_can_be_added_and_taken_back() -> None:
    changed = office(closed_on=["2026-06-05", "12-31"], open_on=["12-24"])
    assert hours_on(changed, date(2026, 6, 5)) == []
    assert hours_on(changed, date(2027, 6, 4)) == [("08:00", "16:00")]
    assert hours_on(changed, date(2026, 12, 31)) == []
    assert hours_on(changed, date(2026, 12, 24)) == [("08:00", "16:00")]


def test_a_season_replaces_the_hours_of_its_weekdays_only() -> None:
    changed = office(hours=[WEEK, LONG])
    assert hours_on(changed, date(2026, 4, 29)) == [("08:00", "20:00")]
    assert hours_on(changed, date(2026, 4, 30)) == [("08:00", "16:00")]
    assert hours_on(changed, date(2026, 4, 25)) == [("08:00", "20:00")]
    assert hours_on(changed, date(2026, 5, 6)) == [("08:00", "16:00")]
    said = spoken_hours(week(changed, date(2026, 4, 1)))
    assert said == (
        "w poniedziałek, we wtorek, w czwartek i w piątek od ósmej do szesnastej, "
        "w środę i w sobotę od ósmej do dwudziestej"
    )
    assert spoken_hours(week(changed, date(2026, 5, 1))) == "od poniedziałku do piątku od ósmej do szesnastej"


def test_a_special_day_comes_before_everything() -> None:
    special = [
        {"date": "2026-05-01", "from": "09:00", "to": "12:00"},
        {"date": "2026-05-01", "from": "13:00", "to": "15:00"},
        {"date": "12-31", "from": "08:00", "to": "12:00"},
    ]
    changed = office(special=special, closed_on=["12-31"])
    assert hours_on(changed, date(2026, 5, 1)) == [("09:00", "12:00"), ("13:00", "15:00")]
    assert hours_on(changed, date(2027, 12, 31)) == [("08:00", "12:00")]
    assert not opening(changed, at("2026-05-01 12:30")).open


WORKING = "od poniedziałku do piątku od ósmej do szesnastej"


@pytest.mark.parametrize(
    ("moment", "fields", "said"),
    [
        ("2026-04-21 17:00", {}, WORKING),
        (
            "2026-04-29 17:00",
            {"special": [{"date": "2026-04-30", "from": "08:00", "to": "20:00"}]},
            f"{WORKING}, wyjątkowo jutro od ósmej do dwudziestej, w piątek nieczynne",
        ),
        (
            "2026-04-30 07:00",
            {"special": [{"date": "2026-04-30", "from": "08:00", "to": "20:00"}]},
            f"{WORKING}, wyjątkowo dziś od ósmej do dwudziestej, jutro nieczynne",
        ),
        (
            "2026-04-21 10:00",
            {"closed_on": ["04-21", "2026-04-23"]},
            f"{WORKING}, wyjątkowo dziś i w czwartek nieczynne",
        ),
        (
            "2026-05-02 10:00",
            {
                "special": [
                    {"date": "05-02", "from": "09:00", "to": "12:00"},
                    {"date": "05-02", "from": "13:00", "to": "15:00"},
                ]
            },
            f"{WORKING}, wyjątkowo dziś od dziewiątej do dwunastej i od trzynastej do piętnastej",
        ),
        ("2026-04-29 21:00", {"hours": [WEEK, LONG], "open_on": ["05-01"]}, "wyjątkowo w sobotę nieczynne"),
        ("2026-12-23 17:00", {}, f"{WORKING}, wyjątkowo jutro i w piątek nieczynne"),
    ],
)
def test_hours_are_told_with_the_exceptions_of_the_coming_days(moment: str, fields: dict[str, Any], said: str) -> None:
    assert opening(office(**fields), at(moment)).hours.endswith(said)


def test_a_closure_closes_and_says_why() -> None:
    found = opening(office(), at("2026-04-30 12:00"), "Awaria prądu.")
    assert (found.open, found.closure) == (False, "Awaria prądu.")


def test_exceptions_are_the_days_unlike_the_year() -> None:
    changed = office(hours=[WEEK, LONG], special=[{"date": "2026-04-20", "from": "10:00", "to": "11:00"}])
    found = exceptions(changed, date(2026, 4, 19), 14)
    assert found == {
        date(2026, 4, 20): [("10:00", "11:00")],
        date(2026, 4, 22): [("08:00", "20:00")],
        date(2026, 4, 25): [("08:00", "20:00")],
        date(2026, 4, 29): [("08:00", "20:00")],
        date(2026, 5, 1): [],
    }


@pytest.mark.parametrize("hour", range(24))
def test_hours_of_every_minute_can_be_said(hour: int) -> None:
    said = {spoken_hours([Hours(days=("pn",), opens=f"{hour:02}:{m:02}", closes="24:00")]) for m in range(60)}
    assert len(said) == 60
    assert all(text.startswith("w poniedziałek od ") and text.endswith("do północy") for text in said)


def test_an_odd_minute() -> None:
    assert spoken_hours([Hours(days=("pt",), opens="07:05", closes="15:29")]) == (
        "w piątek od siódmej zero pięć do piętnastej dwadzieścia dziewięć"
    )
