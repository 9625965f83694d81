"""Answers to closed questions, as people give them and as recognisers write them."""

import pytest

from voicebot.understand import Phrases, hesitates, read_choice

YES_NO: dict[str, tuple[str, ...]] = {"yes": (), "no": ()}
OFFICES = {
    "dolnoslaskie": ("dolnośląskie", "dolnośląskiego", "Wrocław", "z Wrocławia", "Dolny Śląsk"),
    "kujawsko-pomorskie": ("kujawsko-pomorskie", "kujawsko-pomorskiego", "Bydgoszcz", "Toruń", "kujawskie"),
    "lodzkie": ("łódzkie", "łódzkiego", "Łódź", "z Łodzi"),
    "lubelskie": ("lubelskie", "lubelskiego", "Lublin"),
    "lubuskie": ("lubuskie", "lubuskiego", "Zielona Góra", "Gorzów"),
    "malopolskie": ("małopolskie", "małopolskiego", "Kraków", "z Krakowa", "Małopolska"),
    "opolskie": ("opolskie", "opolskiego", "Opole"),
    "podlaskie": ("podlaskie", "podlaskiego", "Białystok"),
    "pomorskie": ("pomorskie", "pomorskiego", "Gdańsk"),
    "slaskie": ("śląskie", "śląskiego", "Katowice", "z Katowic", "Śląsk"),
    "warminsko-mazurskie": ("warmińsko-mazurskie", "warmińsko-mazurskiego", "Olsztyn", "Warmia", "Mazury"),
    "wielkopolskie": ("wielkopolskie", "wielkopolskiego", "Poznań"),
    "zachodniopomorskie": ("zachodniopomorskie", "zachodniopomorskiego", "Szczecin", "zachodnie pomorskie"),
}


def best(text: str, words: dict[str, tuple[str, ...]]) -> str | None:
    readings = read_choice(text, words)
    return readings[0][0] if readings else None


@pytest.mark.parametrize(
    "text",
    [
        "tak",
        "Tak.",
        "no tak",
        "zgadza się",
        "tak, zgadza się",
        "oczywiście, że tak",
        "no jasne",
        "TAK TAK",
        "raczej tak",
    ],
)
def test_yes(text: str) -> None:
    assert best(text, YES_NO) == "yes"


@pytest.mark.parametrize(
    "text",
    [
        "nie",
        "Nie.",
        "no nie",
        "nie zgadza się",
        "nie, dziękuję",
        "nie nie nie",
        "to nie to",
        "nie potwierdzam",
        "nie chcę",
    ],
)
def test_no(text: str) -> None:
    assert best(text, YES_NO) == "no"


def test_yes_and_no_in_one_breath_is_neither_for_sure() -> None:
    readings = read_choice("tak nie", YES_NO)
    assert {reading for reading, _ in readings} == {"yes", "no"}
    assert all(confidence <= 0.5 for _, confidence in readings)


@pytest.mark.parametrize("words", [{}, YES_NO, OFFICES])
@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("konsultant", "__human__"),
        ("Chcę rozmawiać z konsultantem.", "__human__"),
        ("proszę mnie połączyć z konsultantem", "__human__"),
        ("chcę z kimś porozmawiać", "__human__"),
        ("człowiek", "__human__"),
        ("nie chcę rozmawiać z automatem", "__human__"),
        ("proszę powtórzyć", "__repeat__"),
        ("jeszcze raz proszę", "__repeat__"),
        ("nie mam", "__skip__"),
        ("nie pamiętam pinu", "__skip__"),
        ("nie wiem", "__none__"),
    ],
)
def test_commands_work_everywhere(text: str, reading: str, words: dict[str, tuple[str, ...]]) -> None:
    assert best(text, words) == reading


@pytest.mark.parametrize("text", ["nie chcę konsultanta", "nie konsultant", "bez konsultanta"])
def test_a_refused_person_is_not_asked_for(text: str) -> None:
    assert best(text, OFFICES) != "__human__"


@pytest.mark.parametrize(
    ("text", "office"),
    [
        ("małopolskie", "malopolskie"),
        ("z województwa małopolskiego", "malopolskie"),
        ("mało polskie", "malopolskie"),
        ("w Małopolsce", "malopolskie"),
        ("dzwonię z Krakowa", "malopolskie"),
        ("Krakow", "malopolskie"),
        ("opolskie", "opolskie"),
        ("śląskie", "slaskie"),
        ("ze Śląska", "slaskie"),
        ("dolnośląskie", "dolnoslaskie"),
        ("dolno śląskie", "dolnoslaskie"),
        ("z Dolnego Śląska", "dolnoslaskie"),
        ("pomorskie", "pomorskie"),
        ("kujawsko-pomorskie", "kujawsko-pomorskie"),
        ("kujawsko pomorskiego", "kujawsko-pomorskie"),
        ("zachodnio pomorskie", "zachodniopomorskie"),
        ("warmińsko mazurskim", "warminsko-mazurskie"),
        ("lubelskie", "lubelskie"),
        ("lubuskie", "lubuskie"),
        ("w Zielonej Górze", "lubuskie"),
        ("mieszkam w Gdańsku", "pomorskie"),
        ("w Białymstoku", "podlaskie"),
        ("małopolske", "malopolskie"),
        ("nie małopolskie tylko śląskie", "slaskie"),
    ],
)
def test_voivodeships_as_they_are_said(text: str, office: str) -> None:
    assert best(text, OFFICES) == office


@pytest.mark.parametrize("words", [word for words in OFFICES.values() for word in words])
def test_every_word_of_the_plan_means_its_office(words: str) -> None:
    (owner,) = [office for office, own in OFFICES.items() if words in own]
    reading, confidence = read_choice(words, OFFICES)[0]
    assert (reading, confidence) == (owner, 0.98)


@pytest.mark.parametrize("text", ["", "...", "pomidor", "[numer]", "dzień dobry", "a kiedy państwo zamykają"])
def test_what_fits_nothing_has_no_reading(text: str) -> None:
    assert read_choice(text, OFFICES) == []


def test_a_near_miss_is_less_sure_than_the_word() -> None:
    assert read_choice("wielkopoldzkie", OFFICES)[0][1] < read_choice("wielkopolskie", OFFICES)[0][1]


def test_a_complete_phrase_is_one_that_no_longer_one_begins_with() -> None:
    phrases = Phrases(("tak", "tak, zgadza się", "nie", "Zielona Góra"))
    assert phrases.complete("nie")
    assert not phrases.complete("tak")
    assert phrases.complete("tak zgadza się")
    assert not phrases.complete("zielona")
    assert not phrases.complete("")
    assert phrases.holds("Tak.")


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("warmińsko", True),
        ("województwo warmińsko", True),
        ("dolno", True),
        ("nie zgadza", True),
        ("proszę połączyć", True),
        ("warmińsko-mazurskie", False),
        ("mazowiecki", False),  # heard wrong, not half of it
        ("nie", False),
        ("tak proszę", False),
        ("Bydgoszcz", False),
        ("", False),
    ],
)
def test_an_answer_that_has_only_begun_is_told_from_one_heard_wrong(text: str, more: bool) -> None:
    words = ("tak", "nie", "nie zgadza się", "proszę połączyć z konsultantem", "z konsultantem")
    offices = ("warmińsko-mazurskie", "dolnośląskie", "mazowieckie", "Bydgoszcz")
    assert Phrases((*words, *offices)).begun(text) is more


@pytest.mark.parametrize(
    ("text", "answer"), [("chciałem yyy", True), ("no to", True), ("zwrot podatku", False), ("", False)]
)
def test_hesitation(text: str, answer: bool) -> None:
    assert hesitates(text) is answer
