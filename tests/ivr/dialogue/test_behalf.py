"""Words for whom somebody calls: read as the hotline reads them, by principals who are people, firms, or both."""

import pytest

from ivr.dialogue.behalf import NUMBER, OWN, clearly_own, organised, short, spoken, words_for
from ivr.dialogue.events import Party
from ivr.dialogue.node import NONE
from voicebot.understand import read_choice

PERSON = Party(ref="eus:beta", label="Beta Testowa", basis="ppo")
OTHER = Party(ref="eus:gamma", label="Gamma Testowy", basis="ppo")
FIRM = Party(ref="eus:jodla", label="Fikcyjna Jodła Test sp. z o.o.", basis="uko")
FUND = Party(ref="eus:brzoza", label="Fundacja Testowa Brzoza", basis="ppo")
TWINS = tuple(Party(ref=f"eus:{n}", label="Jan Testowy", basis="ppo") for n in range(2))
ACCEPT = 0.5


def understood(text: str, *parties: Party, named: bool = True) -> str:
    """The reading taken for ``text``, NONE when there is none that would be."""
    found = read_choice(text, words_for(parties, parties if named else ()))
    taken = found[0][0] if found and found[0][1] >= ACCEPT else NONE
    return NONE if taken == OWN and not clearly_own(text) else taken


@pytest.mark.parametrize(
    "text",
    [
        *("we własnej", "we własnej sprawie", "w swojej", "w swojej sprawie", "w mojej", "w mojej własnej sprawie"),
        *("własna", "moja", "dzwonię w sprawie własnej", "dla siebie", "za siebie", "o mnie chodzi", "prywatnie"),
        *("w swoim imieniu", "ja sam dla siebie", "proszę we własnej", "mam pytanie w swojej sprawie"),
        *("dzień dobry, ja dzwonię tylko w swojej sprawie", "w mojej sprawie podatkowej", "jako osoba prywatna"),
        *("w sprawie mojego zeznania", "chodzi o mój zwrot podatku", "yyy no to we własnej proszę pana"),
    ],
)
@pytest.mark.parametrize("parties", [(PERSON,), (FIRM,), (PERSON, OTHER, FIRM)])
def test_the_own_case(text: str, parties: tuple[Party, ...]) -> None:
    assert understood(text, *parties) == OWN


@pytest.mark.parametrize(
    "noun",
    [
        *(
            "sąsiadki",
            "mandantki",
            "pracownicy",
            "pracownika",
            "szefa",
            "szefowej",
            "narzeczonego",
            "byłej żony",
            "ciotki",
        ),
        *("prawniczki", "mamusi", "przełożonej", "lokatorki", "klientów", "uczennicy", "współpracownicy", "wspólnika"),
    ],
)
@pytest.mark.parametrize("asked", ["w sprawie {whose} {noun}", "za {whose} {noun}", "dzwonię w imieniu {noun} {whose}"])
@pytest.mark.parametrize("whose", ["mojej", "mojego", "swojej", "moich"])
@pytest.mark.parametrize("parties", [(PERSON,), (FIRM,), (PERSON, OTHER, FIRM)])
def test_whosoever_is_mine_is_not_me(noun: str, asked: str, whose: str, parties: tuple[Party, ...]) -> None:
    assert understood(asked.format(whose=whose, noun=noun), *parties) != OWN


@pytest.mark.parametrize(
    "text", ["nie w mojej sprawie", "nie za siebie", "za siebie i za sąsiadkę", "dla mnie i kolegi", "własnej spółki"]
)
def test_more_than_the_own_case_is_asked_again(text: str) -> None:
    assert understood(text, PERSON, OTHER, FIRM, FUND) != OWN


@pytest.mark.parametrize(
    "text",
    ["w sprawie spółki", "dla firmy mojej", "dla mojej firmy", "w sprawie mojej spółki", "firmy", "w imieniu spółki"],
)
@pytest.mark.parametrize("parties", [(FIRM,), (PERSON, FIRM), (FUND, PERSON, OTHER)])
def test_the_firm_is_the_one_organisation(text: str, parties: tuple[Party, ...]) -> None:
    (firm,) = (party for party in parties if organised(party))
    assert understood(text, *parties) == firm.ref


@pytest.mark.parametrize(
    "text", ["za mamę", "dla mamy", "w sprawie mojej mamy", "w imieniu żony", "dzwonię za moją babcię", "naszej córki"]
)
@pytest.mark.parametrize("parties", [(PERSON,), (FIRM, PERSON), (PERSON, FUND, FIRM)])
def test_the_relative_is_the_one_person(text: str, parties: tuple[Party, ...]) -> None:
    assert understood(text, *parties) == PERSON.ref


@pytest.mark.parametrize("text", ["za mojego męża", "dzwonię za ojca", "w sprawie syna", "dla taty"])
def test_a_man_of_the_family_is_the_one_person_if_that_is_a_man(text: str) -> None:
    assert understood(text, OTHER, FIRM) == OTHER.ref
    assert understood(text, PERSON, FIRM) == NONE


@pytest.mark.parametrize(
    "noun",
    [
        *(
            "mojej sąsiadki",
            "sąsiada",
            "mojej znajomej",
            "koleżanki",
            "kolegi z pracy",
            "szefowej",
            "mojej podopiecznej",
        ),
        *("przyjaciółki", "naszej sąsiadki", "sąsiadki mojej", "mojej pracownicy", "lokatorki", "pani Krysi", "brata"),
    ],
)
@pytest.mark.parametrize("parties", [(PERSON,), (PERSON, FIRM)])
def test_a_mandate_from_one_person_is_none_from_whoever_is_named(noun: str, parties: tuple[Party, ...]) -> None:
    assert understood(f"w sprawie {noun}", *parties) == NONE


@pytest.mark.parametrize(
    ("text", "parties"),
    [
        ("za mamę", (PERSON, OTHER)),
        ("w sprawie naszej firmy", (PERSON,)),
        ("dla mojej mamy", (FIRM,)),
        ("w sprawie mojej firmy", (PERSON,)),  # a trade of one's own, or the principal's: asked again
        ("we własnej firmie", (PERSON, OTHER)),
        ("w sprawie spółki", (FIRM, FUND)),
        ("w sprawie klienta", (PERSON, FIRM)),
        ("jako pełnomocnik", (PERSON, OTHER)),
        ("w sprawie Jana Testowego", TWINS),
        ("dzień dobry", (PERSON,)),
    ],
)
def test_what_may_mean_several_means_nobody(text: str, parties: tuple[Party, ...]) -> None:
    assert understood(text, *parties) == NONE


@pytest.mark.parametrize("text", ["w sprawie klienta", "mocodawcy", "jako pełnomocnik", "w sprawie mojego klienta"])
@pytest.mark.parametrize("party", [PERSON, FIRM])
def test_the_only_principal_is_meant(text: str, party: Party) -> None:
    assert understood(text, party) == party.ref


@pytest.mark.parametrize("text", ["w sprawie klienta", "za mamę", "w sprawie mojej spółki"])
def test_where_no_names_are_read_out_the_number_is_asked_for(text: str) -> None:
    assert understood(text, PERSON, OTHER, FIRM, FUND, named=False) == NUMBER


@pytest.mark.parametrize(
    ("text", "party"),
    [
        ("Beta Testowa", PERSON),
        ("w sprawie Bety Testowej", PERSON),
        ("fikcyjna jodła test", FIRM),
        ("w sprawie fikcyjnej jodły test spółka z o o", FIRM),
        ("fundacja testowa brzoza", FUND),
    ],
)
def test_a_principal_by_name(text: str, party: Party) -> None:
    assert understood(text, PERSON, FIRM, FUND, OTHER) == party.ref


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("konsultant", "Konsultant S.A."),
        ("nie wiem", "Nie Wiem sp. j."),
        ("Jan Nowak", "Jan Nowak, Opole"),
    ],
)
def test_a_command_and_half_a_name_choose_nobody(text: str, label: str) -> None:
    firm = Party(ref="eus:9", label=label, basis="uko")
    assert understood(text, PERSON, firm, Party(ref="eus:8", label="Jan Nowak", basis="ppo")) != "eus:9"


@pytest.mark.parametrize(
    ("number", "cardinal", "ordinal"),
    [
        (1, "jeden", "pierwsza"),
        (2, "dwa", "druga"),
        (3, "trzy", "trzecia"),
        (6, "sześć", "szósta"),
        (12, "dwanaście", "dwunastej"),
        (20, "dwadzieścia", "dwudziesta"),
        (21, "dwadzieścia jeden", "dwudziesta pierwsza"),
        (46, "czterdzieści sześć", "czterdziestej szóstej"),
    ],
)
def test_a_number_in_a_name_may_be_said(number: int, cardinal: str, ordinal: str) -> None:
    firms = tuple(Party(ref=f"eus:{n}", label=f"Firma Próbna {n} sp. z o.o.", basis="uko") for n in range(1, 50))
    for text in (f"firma próbna {cardinal}", f"firma próbna {ordinal}", f"firma próbna {number}"):
        assert understood(text, *firms) == f"eus:{number}", text


@pytest.mark.parametrize(
    ("label", "said", "shortened"),
    [
        ("Testowa Sosna sp. k.", "Testowa Sosna spółka komandytowa", "Testowa Sosna"),
        ("Fikcyjna Jodła Test sp. z o.o.", "Fikcyjna Jodła Test spółka z o o", "Fikcyjna Jodła Test"),
        ("Jodła Sp. z o.o. sp. k.", "Jodła spółka z o o spółka komandytowa", "Jodła"),
        ("Fikcyjny Klon Test S.A.", "Fikcyjny Klon Test spółka akcyjna", "Fikcyjny Klon Test"),
        ("Klon P.S.A.", "Klon prosta spółka akcyjna", "Klon"),
        ("Klon S.K.A.", "Klon spółka komandytowo-akcyjna", "Klon"),
        ("Dąb s.c. Testowi", "Dąb spółka cywilna Testowi", "Dąb Testowi"),
        ("Testowa Wierzba spółka jawna", "Testowa Wierzba spółka jawna", "Testowa Wierzba"),
        ("sp. k.", "spółka komandytowa", "spółka komandytowa"),
        ("Anna Skasa", "Anna Skasa", "Anna Skasa"),
    ],
)
def test_legal_forms_are_said_in_words(label: str, said: str, shortened: str) -> None:
    assert (spoken(label), short(label)) == (said, shortened)
