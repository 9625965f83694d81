"""A kept call becomes a fixture with nobody in it, or is refused and says why."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from infolinia.rehearsals import people
from ivr.dialogue.actions import Action, Ask, AskDigits, AskPin, HangUp, Line, Say
from ivr.dialogue.events import CallArrived, Event, Heard, HungUp, IdentityGiven, Party, PinChecked, PinGiven
from recordings.anonymous.bleeps import bleeped, spans_of
from recordings.anonymous.findings import Finder
from recordings.anonymous.journal import Unsure
from recordings.anonymous.kept import KeptCall
from recordings.anonymous.make import Maker
from recordings.anonymous.replacing import Replacing
from recordings.fixture import journal_file, load
from recordings.fixture.journal_file import After, Turn
from recordings.fixture.sound import write_alaw
from recordings.keeping.recorder import FACTS, SOUND, Facts, Piece
from voicebot.audio import pcm_of, samples_of
from voicebot.ears.word_times import Word

CALL = "3f2b8c1e-5d6a-4b7c-9e8f-0a1b2c3d4e5f"
VOCABULARY = frozenset("chce zapytac o podatek od kupna samochodu za pit zwrot konsultant jestem".split())  # noqa: SIM905


def finder(*known: str, kept: tuple[str, ...] = ()) -> Finder:
    return Finder(known, VOCABULARY, kept)


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("nazywam się Anna Nowak i chcę zapytać", "nazywam się [osoba 1] i chcę zapytać"),
        ("samochód za 15 tysięcy złotych", "samochód za [kwota 1] złotych"),
        ("za piętnaście tysięcy złotych", "za [kwota 1] złotych"),
        ("PIT-37 za 2024 rok", "PIT-37 za 2024 rok"),
        ("mój numer 602 345", "mój numer [numer 1]"),
        ("mail jan.nowak@onet.pl", "mail [e-mail 1]"),
        ("mieszkam na ulicy Długiej 5 a", "mieszkam na ulicy [adres 1]"),
        ("sąsiad {Iks} kupił", "sąsiad [osoba 1] kupił"),
        ("Tadeusz Kościuk i żona Tadeusza", "[osoba 1] i żona [osoba 1]"),
    ],
)
def test_what_tells_who_somebody_is_is_replaced(text: str, becomes: str) -> None:
    assert Replacing(finder()).sentence(text)[0] == becomes


def test_a_person_has_one_placeholder_in_every_case_of_the_name() -> None:
    replacing = Replacing(finder("Jan Kowalski"), [("Jan Kowalski", "Cezary Testowy")])
    assert replacing.sentence("dzwonię za Jana Kowalskiego")[0] == "dzwonię za Cezary Testowy"
    assert replacing.sentence("Kowalskiemu zwrot")[0] == "Cezary Testowy zwrot"
    assert replacing.sentence("o Nowakowskiej")[1].doubts == ["Nowakowskiej"]


def test_what_may_be_a_name_is_a_doubt_that_a_person_settles() -> None:
    assert finder().find("kupiłem od Zenka dom").doubts == ["Zenka"]
    assert finder(kept=("Zenka",)).find("kupiłem od Zenka dom").doubts == []
    assert finder().find("pisze wojewodzki").doubts == ["wojewodzki"]


def test_words_are_cut_where_the_ear_heard_them_or_not_at_all() -> None:
    heard = [Word("jestem", 0.1, 0.5, 0.9), Word("Anna", 0.6, 0.9, 0.9), Word("Nowak", 0.9, 1.3, 0.9)]
    found = finder().find("nazywam się Anna Nowak").found
    assert spans_of("nazywam się Anna Nowak", found, heard[:2]) is None
    heard = [Word("nazywam", 0.0, 0.3, 0.9), Word("się", 0.3, 0.5, 0.9), *heard[1:]]
    assert spans_of("nazywam się Anna Nowak", found, heard) == [(pytest.approx(0.4), pytest.approx(1.5))]
    heard[3] = Word("Nowak", 0.9, 1.3, 0.2)
    assert spans_of("nazywam się Anna Nowak", found, heard) is None
    noise = pcm_of(np.random.default_rng(1).integers(-9000, 9000, 8000).astype(np.int16))
    cut = samples_of(bleeped(noise, [(0.25, 0.5)]))
    assert np.abs(cut[2000:4000].astype(int)).max() <= 1200
    assert (cut[:2000] == samples_of(noise)[:2000]).all()


def turns(said: str) -> list[Turn]:
    def turn(at: float, event: Event, node: str, *actions: Action, ended: str | None = None) -> Turn:
        return Turn(at=at, event=event, after=After(node=node, office="malopolskie", ended=ended), actions=actions)

    lines = (Line("p", "Proszę."),)
    person = Party(ref="eus:9f3e", label="Jan Kowalski")
    checked = PinChecked(check=f"{CALL}:1", verdict="ok", person=person, office="malopolskie")
    return [
        turn(0, CallArrived(dialled="224605992", caller="+48601234567", at="2026-04-21T10:00:00+02:00"), "tozsamosc",
             AskDigits(purpose="identity", lines=lines)),
        turn(2, IdentityGiven(ref="vault:77", kind="pesel"), "telepin", AskPin(lines=lines)),
        turn(3, PinGiven(), "telepin"),
        turn(3.1, checked, "sprawa", Ask(question="matter", lines=(Line("w", "Dzień dobry, Jan Kowalski.", True),))),
        turn(6, Heard(text=said, confidence=0.9), "odpowiedz", Say(lines=lines), HangUp(reason="x")),
        turn(7, HungUp(), "odpowiedz", ended="hung up"),
    ]  # fmt: skip


def kept(folder: Path, said: str = "chcę zapytać o podatek za Kowalskiego", **changed: object) -> KeptCall:
    (folder / CALL).mkdir()
    caller = np.zeros(8 * 8000, np.int16)
    caller[4 * 8000 : 5 * 8000] = 5000
    caller[6 * 8000 + 4000 :] = 3000  # somebody speaks where nobody was asked
    system = np.full(8 * 8000, 900, np.int16)
    write_alaw(folder / CALL / SOUND, pcm_of(caller), pcm_of(system))
    facts = Facts(call=CALL, office="malopolskie", at="2026-04-21T10:00:00+02:00", made={}, pieces=(Piece(0, 0, 8),))
    (folder / CALL / FACTS).write_bytes(msgspec.json.encode(msgspec.structs.replace(facts, **changed)))
    (folder / CALL / "journal.jsonl").write_bytes(journal_file.dump(turns(said)))
    return KeptCall(folder / CALL)


def maker(call: KeptCall, said: str | None, sure: float = 0.9) -> Maker:
    def listener(pcm: bytes) -> list[Word]:
        words = (said or "").split()
        return [Word(word, 0.25 + 0.1 * place, 0.35 + 0.1 * place, sure) for place, word in enumerate(words)]

    def replacing(named: object) -> Replacing:
        assert named == [("Jan Kowalski", "Cezary Testowy")]
        return Replacing(finder("Jan Kowalski"), named)  # type: ignore[arg-type]

    return Maker(call, replacing, people().rows, listener if said is not None else None, {})


def test_a_kept_call_becomes_a_fixture_with_nobody_in_it(tmp_path: Path) -> None:
    said = "chcę zapytać o podatek za Kowalskiego"
    maker(kept(tmp_path), said).write(tmp_path / "out", "wewnętrzna")
    folder = load(tmp_path / "out")
    everything = b"".join(file.read_bytes() for file in (tmp_path / "out").iterdir() if file.suffix != ".wav").decode()
    for secret in ("Kowal", "601234567", "9f3e", "vault:77", CALL):
        assert secret not in everything
    assert [step.keys for step in folder.fixture.steps[:2]] != [None, None]
    assert folder.fixture.steps[2].say == "chcę zapytać o podatek za Cezary Testowy"
    assert folder.journal[3].actions[0].lines[0].text == "Dzień dobry, Cezary Testowy."  # type: ignore[union-attr]
    sound = samples_of(folder.sound.pcm)
    assert np.abs(sound[: 3 * 8000]).max() < 50
    assert np.abs(sound[6 * 8000 :]).max() < 50
    assert np.abs(sound[round(4.1 * 8000) : round(4.3 * 8000)]).max() > 4000
    assert np.abs(sound[round(4.45 * 8000) : round(4.6 * 8000)]).max() < 1300


@pytest.mark.parametrize(
    ("said", "sure", "why"),
    [
        (None, 0.9, "nie ma ucha"),
        ("chcę zapytać od Zenka", 0.9, "Zenka"),
        ("chcę zapytać", 0.3, "nie jest pewne"),
        ("", 0.9, "nic nie usłyszało"),
    ],
)
def test_what_is_not_sure_is_refused_and_nothing_is_written(
    tmp_path: Path, said: str | None, sure: float, why: str
) -> None:
    with pytest.raises(Unsure) as refusal:
        maker(kept(tmp_path), said, sure).write(tmp_path / "out", "wewnętrzna")
    assert any(why in reason for reason in refusal.value.reasons)
    assert not (tmp_path / "out").exists()


def test_a_number_that_was_spoken_and_a_call_that_broke_off_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Unsure) as refusal:
        maker(kept(tmp_path, "mój pesel [numer]", whole=False), "mój").write(tmp_path / "out", "wewnętrzna")
    assert any("głosem" in reason for reason in refusal.value.reasons)
    assert any("do końca" in reason for reason in refusal.value.reasons)
