"""Depth ``audio``: shipped calls through the whole engine on a virtual clock, and what is done to them told."""

import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from infolinia.rehearsals import stage_of
from infolinia.replays import EAR, HEARD
from infolinia.settings import ROOT, Settings
from ivr.dialogue.actions import Line
from ivr.dialogue.call import Call
from ivr.rehearsal import Stage
from recordings.fixture import journal_file
from recordings.fixture.edit import change
from recordings.fixture.folder import Folder, load
from recordings.fixture.journal_file import Turn
from recordings.replay import audio
from recordings.replay.core_call import CALL
from recordings.replay.ear import Memory, Remembered, RememberingEar
from recordings.replay.streaming_ear import StreamingEar
from recordings.replay.verdict import Result, as_json
from recordings.replay.virtual_call import Course
from tests.recordings.replay.rehearsed import plan
from voicebot.ears.tiny import TINY

CALLS = ROOT / "recordings" / "calls"
KEYED = ("auth-nip", "auth-jednym-ciagiem", "auth-zly-potem-dobry", "rozlacza-przy-telepin", "zerwany-dzwiek")
"""Calls without a word: they need neither ear nor topics."""
SPOKEN = "czlowiek-slowem"
WORD = {"text": "konsultant", "confidence": 0.9}


@pytest.fixture(scope="module")
def stage() -> Stage:
    found = stage_of(plan(), Settings())
    return Stage(found.plan, found.people, found.authority, lambda: None)


def deaf(name: str = EAR) -> RememberingEar:
    return RememberingEar(name, None, [])


class Parrot:
    """A recogniser that always understands the same."""

    def __init__(self, text: str = "konsultant") -> None:
        self.text, self.heard = text, 0

    def __call__(self) -> "Parrot":
        return self

    def begin(self, stream: int, question: object) -> None: ...

    def feed(self, stream: int, pcm: bytes) -> None: ...

    def end(self, stream: int) -> object:
        from voicebot.ears.ear import Utterance

        self.heard += 1
        return Utterance(self.text, 0.9)


def copy(folder: Path, name: str, **fields: object) -> Path:
    place = folder / name
    shutil.copytree(CALLS / name, place)
    if fields:
        change(place / "fixture.yaml", {tuple(_key(name)): value for name, value in fields.items()})
    return place


def _key(name: str) -> list[str | int]:
    return [int(part) if part.isdigit() else part for part in name.split("__")]


def _lines(turn: Turn) -> list[Line]:
    return [line for action in turn.actions for line in getattr(action, "lines", ())]


def judged(stage: Stage, place: Path, ear: RememberingEar | None = None) -> Result:
    return audio.replay(stage, load(place), ear or deaf())[0]


@pytest.mark.parametrize("name", KEYED)
def test_keyed_calls_take_their_course(stage: Stage, name: str, tmp_path: Path) -> None:
    """What they expect comes true; their words are not compared, since prompts may have changed with the dialplans."""
    place = copy(tmp_path, name)
    (place / "journal.jsonl").unlink()
    result = judged(stage, place)
    assert result.verdict == "pass", result.why


def test_sound_reaches_the_ear_and_its_words_the_core(stage: Stage, tmp_path: Path) -> None:
    parrot = Parrot()
    place = copy(tmp_path, SPOKEN)
    (place / "journal.jsonl").unlink()
    (place / HEARD).unlink()
    memory = Memory(tmp_path / "cache.jsonl", appends=True)
    ear = RememberingEar("parrot", parrot, [memory])
    result = judged(stage, place, ear)
    assert result.verdict == "pass", result.why
    assert parrot.heard == 1
    assert [one.reading for one in result.heard] == ["__human__"]
    assert result.heard[0].delay is not None
    assert 0.2 < result.heard[0].delay < 3

    again = RememberingEar("parrot", None, [Memory(tmp_path / "cache.jsonl")])
    assert judged(stage, place, again).verdict == "pass", "the second time it remembers"


def test_ten_runs_are_the_same_to_the_byte(stage: Stage, tmp_path: Path) -> None:
    places = [copy(tmp_path, name) for name in (KEYED[1], KEYED[3], SPOKEN)]
    seen = {str(as_json([judged(stage, place) for place in places], details=True)) for _ in range(10)}
    assert len(seen) == 1


def test_an_ear_that_streams_hears_the_same_each_time(stage: Stage, tmp_path: Path) -> None:
    pytest.importorskip("vosk")
    from voicebot.ears.vosk import VoskEngine

    ear = StreamingEar("vosk-tiny", VoskEngine(str(TINY)))
    place = copy(tmp_path, SPOKEN)
    results = [audio.replay(stage, load(place), ear)[0] for _ in range(2)]
    assert results[0].verdict == "pass", results[0].why
    assert "konsultant" in results[0].heard[0].text
    assert len({str(as_json([result], details=True)) for result in results}) == 1


def test_a_known_fault_hides_no_other(stage: Stage, tmp_path: Path) -> None:
    """It is known while the recorded course comes again and misses what is expected."""
    place = copy(tmp_path, KEYED[0], known={"why": "tak jest, choć nie powinno"})
    change(place / "fixture.yaml", {("expect", "verdict"): "refused"})
    (place / "journal.jsonl").unlink()
    course = audio.replay(stage, load(place), deaf())[1]
    assert course is not None
    (place / "journal.jsonl").write_bytes(journal_file.dump(course.turns))
    assert judged(stage, place).verdict == "known"
    (place / "journal.jsonl").write_bytes(journal_file.dump(course.turns[:-1]))
    assert judged(stage, place).verdict == "fail"
    change(place / "fixture.yaml", {("expect", "verdict"): "ok"})
    gone = judged(stage, place)
    assert gone.verdict == "fail"
    assert "już nie występuje" in gone.why


def test_two_prompts_that_exchange_their_words_are_told(stage: Stage, tmp_path: Path) -> None:
    place = copy(tmp_path, KEYED[0])
    (place / "journal.jsonl").unlink()
    course = audio.replay(stage, load(place), deaf())[1]
    assert course is not None
    written = journal_file.dump(course.turns).decode()
    asks = [lines[-1] for turn in course.turns if (lines := [*_lines(turn)])]
    first, second = asks[0].text, asks[-1].text
    assert first != second
    swapped = written.replace(first, "@").replace(second, first).replace("@", second)
    (place / "journal.jsonl").write_text(swapped, encoding="utf-8")
    result = judged(stage, place)
    assert result.verdict == "fail"
    assert "mówi to, co mówił" in result.why


def test_a_known_fault_of_one_ear_need_not_be_that_of_another(stage: Stage, tmp_path: Path) -> None:
    place = copy(tmp_path, SPOKEN, known={"why": "tak słyszy tamto ucho"})
    (place / "journal.jsonl").unlink()
    assert judged(stage, place, RememberingEar("parrot-2", Parrot(), [])).verdict == "pass"
    assert judged(stage, place, RememberingEar("whisper-2", Parrot(), [])).verdict == "fail"


def test_without_a_model_what_was_never_heard_is_refused(stage: Stage, tmp_path: Path) -> None:
    place = copy(tmp_path, SPOKEN)
    (place / HEARD).unlink()
    result = judged(stage, place)
    assert result.verdict == "refuse"
    assert "infolinia models get" in result.why


def test_what_the_ear_makes_of_it_is_compared_with_what_was_said(stage: Stage, tmp_path: Path) -> None:
    place = copy(tmp_path, "po-godzinach-pyta")
    (place / "journal.jsonl").unlink()
    result = judged(stage, place, RememberingEar("parrot", Parrot("kalafior"), []))
    assert result.verdict == "fail"
    assert result.divergence is not None
    assert result.divergence.line is not None
    assert "„kalafior”" in result.why


def test_a_word_that_no_longer_stops_the_prompt_is_told(stage: Stage, tmp_path: Path) -> None:
    """The same sound, and a bot that hears nothing: the call goes elsewhere than recorded."""
    place = copy(tmp_path, SPOKEN)
    result = judged(stage, place, RememberingEar("parrot", Parrot(""), []))
    assert result.verdict == "fail"
    assert result.divergence is not None


@pytest.mark.parametrize(
    ("step", "told"),
    [({"sound": [0.0, 99.0]}, "nagranie ma"), ({"sound": None}, "nie ma dźwięku")],
)
def test_missing_sound_is_refused(stage: Stage, tmp_path: Path, step: dict[str, object], told: str) -> None:
    place = copy(tmp_path, SPOKEN, **{f"steps__0__{name}": value for name, value in step.items()})
    result = judged(stage, place)
    assert result.verdict == "refuse"
    assert told in result.why


def test_a_step_answers_its_question_wherever_it_stands(stage: Stage, tmp_path: Path) -> None:
    """Steps written in another order find their questions; a step whose question is never asked is left over."""
    place = copy(tmp_path, "auth-nip")
    (place / "journal.jsonl").unlink()
    text = (place / "fixture.yaml").read_text(encoding="utf-8")
    head, *steps = text.split("\n  - ")
    *steps, last = steps
    last, _, tail = last.partition("\n")
    (place / "fixture.yaml").write_text("\n  - ".join([head, *reversed(steps), last]) + "\n" + tail, encoding="utf-8")
    assert judged(stage, place).verdict == "pass"
    change(place / "fixture.yaml", {("steps", 0, "asked"): "nigdzie"})
    result = judged(stage, place)
    assert result.verdict in ("fail", "refuse")


def test_the_memory_of_an_ear_survives_damage(tmp_path: Path) -> None:
    file = tmp_path / "heard.jsonl"
    memory = Memory(file, appends=True)
    memory.put(Remembered("a", "parrot", "tak", 0.9))
    file.write_bytes(b"garbage\n" + file.read_bytes() + b'{"key": "cut')
    assert Memory(file).get("a") == Remembered("a", "parrot", "tak", 0.9)


@pytest.mark.parametrize(("depth", "verdict"), [("call", "pass"), ("audio", "fail")])
def test_a_doubt_that_did_not_come_is_no_difference_of_real_calls(depth: str, verdict: str) -> None:
    """A real line is heard a little otherwise each time; the virtual one is not."""
    assert surer(load(CALLS / "pcc-pozyczka-brat"), depth).verdict == verdict


def test_another_topic_without_the_doubt_is_a_difference_of_real_calls_too() -> None:
    assert surer(load(CALLS / "pcc-pozyczka-brat"), "call", topic="pcc-termin").verdict == "fail"


def surer(folder: Folder, depth: str, topic: str | None = None) -> Result:
    """The verdict on the recorded call in which the bot did not ask which of two it was; with ``topic`` as its own."""
    recorded = list(folder.journal)
    at = next(n for n, turn in enumerate(recorded) if "Ask" in str(turn.actions) and "a-czy-b" in str(turn.actions))
    merged = replace(recorded[at + 1], event=recorded[at].event)
    if topic is not None:
        merged = replace(merged, after=replace(merged.after, topic=topic))
    course = Course(Call(id=CALL), [*recorded[:at], merged, *recorded[at + 2 :]], left=1)
    course.times = [turn.at for turn in course.turns]
    return audio.judged(folder, course, recorded, depth)
