"""The page says what may be told, and names nobody once an authentication has lapsed."""

from datetime import datetime, timedelta

import pytest

from desk.message import Names, card, session
from desk.queue_events import Leg
from ivr.dialogue.call import Authentication, Call
from ivr.dialogue.events import Party

PERSON, FIRM = Party(ref="p", label="P"), Party(ref="o", label="O", basis="uko")
UNTIL = datetime.fromisoformat("2026-04-21T10:30:00+02:00")
AUTH = Authentication(
    person=PERSON, at="2026-04-21T10:00:00+02:00", until=UNTIL.isoformat(), method="nip+telepin", principals=(FIRM,)
)
LEG = Leg(call="c", leg="1.1", agent="a", queue="q")
PROVED = Call(id="c", auth=AUTH, acting_for=FIRM, verdict="ok")


def test_a_page_before_the_end_names_person_principal_and_tier() -> None:
    page, _ = session(PROVED, LEG, 1.0, Names(), UNTIL - timedelta(seconds=1))
    assert (page.verdict, page.entitled.tier) == ("ok", 2)
    assert page.authenticated is not None
    assert (page.authenticated.method, page.authenticated.until) == ("nip+telepin", AUTH.until)
    assert page.principal is not None
    assert "UKO" in page.entitled.words
    assert card(PROVED, LEG, Names(), UNTIL - timedelta(seconds=1)).authenticated


def test_a_page_after_the_end_is_that_of_a_stranger_and_says_why() -> None:
    page, _ = session(PROVED, LEG, 1.0, Names(), UNTIL)
    assert (page.verdict, page.authenticated, page.principal, page.entitled.tier) == ("expired", None, None, 1)
    assert "wygasło" in page.entitled.words
    assert not card(PROVED, LEG, Names(), UNTIL).authenticated


@pytest.mark.parametrize("call", [None, Call(id="c"), Call(id="c", verdict="refused")])
def test_without_authentication_only_general_information(call: Call | None) -> None:
    page, _ = session(call, LEG, 1.0, Names(), UNTIL)
    assert (page.authenticated, page.entitled.tier) == (None, 1)


def test_a_page_says_what_the_answer_to_its_topic_rests_on() -> None:
    names = Names(topics={"pcc-termin": "Termin"}, sources={"pcc-termin": "art. 10 ust. 1 ustawy o PCC"})
    page, _ = session(Call(id="c", topic="pcc-termin"), LEG, 1.0, names, UNTIL)
    assert page.source == "art. 10 ust. 1 ustawy o PCC"
    assert session(Call(id="c"), LEG, 1.0, names, UNTIL)[0].source is None
