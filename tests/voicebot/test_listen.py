"""The listener over a media session, an ear and a detector that do as they are told."""

import asyncio

import pytest

from tests.fakes.ear import FakeEar
from tests.fakes.media import QUIET, VOICE, FakeMedia
from voicebot.audio import FRAME_BYTES, silence
from voicebot.ears.keypad import KeypadOnly
from voicebot.listen import HOLD, MAX_RESUMES, Listener, Question, Utterance
from voicebot.understand import CONTROL_PHRASES

pytestmark = pytest.mark.anyio
OPEN = Question("matter", patience=5.0)
YES_NO = Question("yes-no", ("tak", "nie"), patience=5.0)
MATTER = Utterance("gdzie jest mój zwrot", 0.8)


class Loud:
    """Every frame with sound in it is speech."""

    def probability(self, frame: bytes) -> float:
        return float(any(frame))


def listener(ear: FakeEar | KeypadOnly) -> Listener:
    return Listener(ear, activity=Loud)


async def begun(task: "asyncio.Task[Utterance | None]") -> None:
    await asyncio.sleep(0)
    assert not task.done()


async def test_an_answer_is_heard_with_what_came_before_its_onset() -> None:
    ear, media = FakeEar(MATTER), FakeMedia()
    task = asyncio.create_task(listener(ear).hear(media, None, OPEN))
    await begun(task)
    await media.hears(QUIET, 1.0)
    await media.hears(VOICE, 1.0)
    await media.hears(QUIET, 1.0)
    assert await task == MATTER
    sound = ear.hearings[0].sound
    before = sound.index(VOICE) / FRAME_BYTES * 0.02
    assert 0.29 <= before <= 0.33
    assert sound.count(VOICE) == 50
    assert media.on_frame is None


async def test_speech_stops_the_prompt() -> None:
    ear, media = FakeEar(MATTER), FakeMedia()
    prompt = media.play(silence(30))
    task = asyncio.create_task(listener(ear).hear(media, prompt, OPEN))
    await begun(task)
    await media.hears(QUIET, 0.5)
    assert not prompt.done.done()
    await media.hears(VOICE, 0.1)
    assert prompt.held
    await media.hears(VOICE, 0.9)
    await media.hears(QUIET, 1.0)
    assert await task == MATTER
    assert prompt.done.result() is False
    assert prompt.position < 1.0


async def test_a_cough_leaves_the_prompt_alone_and_what_follows_is_heard() -> None:
    ear, media = FakeEar(MATTER), FakeMedia()
    prompt = media.play(silence(30))
    task = asyncio.create_task(listener(ear).hear(media, prompt, OPEN))
    await begun(task)
    await media.hears(VOICE, 0.12)
    assert prompt.held
    await media.hears(QUIET, 0.4)
    assert not prompt.held
    assert not prompt.done.done()
    assert ear.hearings[0].dropped
    assert not ear.hearings[0].finished
    await media.hears(VOICE, 0.8)
    await media.hears(QUIET, 1.0)
    assert await task == MATTER


async def test_a_prompt_goes_on_while_the_ear_takes_its_time() -> None:
    ear, media = FakeEar(MATTER, thinks=True), FakeMedia()
    prompt = media.play(silence(30))
    task = asyncio.create_task(listener(ear).hear(media, prompt, OPEN))
    await begun(task)
    await media.hears(VOICE, 1.0)
    await media.hears(QUIET, 1.0)
    assert prompt.held
    await asyncio.sleep(HOLD + 0.05)
    assert not prompt.held
    assert not task.done()
    ear.thinks = False
    assert await task == MATTER
    assert prompt.done.result() is False


@pytest.mark.parametrize("text", ["mhm", "Tak, tak.", "", "no dobrze"])
@pytest.mark.parametrize("seconds", [0.5, 0.9])
async def test_a_back_channel_does_not_cut_an_open_question(text: str, seconds: float) -> None:
    ear, media = FakeEar(Utterance(text, 0.9), MATTER), FakeMedia()
    prompt = media.play(silence(30))
    task = asyncio.create_task(listener(ear).hear(media, prompt, OPEN))
    await begun(task)
    await media.hears(QUIET, 2.0)
    await media.hears(VOICE, seconds)
    at = prompt.position
    await media.hears(QUIET, 1.0)
    assert not prompt.held
    assert prompt.position < at + 1.0
    await media.hears(VOICE, 0.8)
    await media.hears(QUIET, 1.0)
    assert await task == MATTER
    assert prompt.done.result() is False


async def test_a_room_that_talks_holds_a_prompt_only_so_often() -> None:
    ear, media = FakeEar(*[Utterance("", 0.0)] * 6), FakeMedia()
    prompt = media.play(silence(30))
    task = asyncio.create_task(listener(ear).hear(media, prompt, OPEN))
    await begun(task)
    held = []
    for _ in range(MAX_RESUMES + 2):
        await media.hears(VOICE, 0.9)
        held.append(prompt.held)
        await media.hears(QUIET, 1.0)
    assert held == [True] * MAX_RESUMES + [False, False]
    task.cancel()


async def test_who_goes_on_while_the_ear_thinks_is_heard_whole() -> None:
    ear, media = FakeEar(MATTER, thinks=True), FakeMedia()
    floor: list[str] = []
    task = asyncio.create_task(listener(ear).hear(media, None, OPEN, floor.append))
    await begun(task)
    await media.hears(VOICE, 1.0)
    await media.hears(QUIET, 0.8)
    await media.hears(VOICE, 1.0)
    await media.hears(QUIET, 0.8)
    assert floor == ["bot", "caller", "bot"]
    ear.thinks = False
    assert await task == MATTER
    assert ear.hearings[0].dropped
    assert ear.hearings[-1].sound.count(VOICE) == 100


async def test_a_distorted_voice_and_one_without_end_are_said_so() -> None:
    loud = b"\xff\x7f" * (FRAME_BYTES // 2)
    ear, media = FakeEar(Utterance("", 0.0)), FakeMedia()
    task = asyncio.create_task(listener(ear).hear(media, None, OPEN))
    await begun(task)
    await media.hears(loud, 1.0)
    await media.hears(QUIET, 1.0)
    assert await task == Utterance("", 0.0, fault="too-loud")
    endless = FakeEar(Utterance("a", 0.5))
    task = asyncio.create_task(listener(endless).hear(media, None, OPEN))
    await begun(task)
    await media.hears(VOICE, 15.2)
    assert await task == Utterance("a", 0.5, fault="too-long")


async def test_a_slow_caller_may_pause_longer() -> None:
    ear, media = FakeEar(MATTER), FakeMedia()
    task = asyncio.create_task(listener(ear).hear(media, None, Question("matter", patience=5.0, slow=True)))
    await begun(task)
    await media.hears(VOICE, 1.0)
    await media.hears(QUIET, 0.8)
    assert not ear.hearings[0].finished
    await media.hears(QUIET, 0.3)
    assert await task == MATTER


async def test_a_short_yes_under_a_closed_question_is_an_answer() -> None:
    ear, media = FakeEar(Utterance("Tak", 0.9)), FakeMedia()
    prompt = media.play(silence(30))
    task = asyncio.create_task(listener(ear).hear(media, prompt, YES_NO))
    await begun(task)
    await media.hears(VOICE, 0.2)
    await media.hears(QUIET, 1.0)
    assert await task == Utterance("Tak", 0.9)
    await media.hears(QUIET, 0.2)
    assert prompt.done.done()


async def test_a_short_sound_that_answers_nothing_is_no_answer_to_a_closed_question() -> None:
    ear, media = FakeEar(Utterance("mhm", 0.9), Utterance("nie", 0.9)), FakeMedia()
    prompt = media.play(silence(30))
    task = asyncio.create_task(listener(ear).hear(media, prompt, YES_NO))
    await begun(task)
    await media.hears(VOICE, 0.2)
    await media.hears(QUIET, 1.0)
    assert not prompt.done.done()
    await media.hears(VOICE, 0.6)
    await media.hears(QUIET, 1.0)
    assert await task == Utterance("nie", 0.9)


async def test_nothing_said_is_none_after_the_patience() -> None:
    ear, media = FakeEar(), FakeMedia()
    assert await listener(ear).hear(media, None, Question("matter", patience=0.05)) is None
    assert ear.hearings[0].dropped


async def test_speech_that_is_not_understood_is_an_empty_utterance_and_a_noise_is_nothing() -> None:
    ear, media = FakeEar(Utterance("", 0.0), Utterance("", 0.0)), FakeMedia()
    task = asyncio.create_task(listener(ear).hear(media, None, OPEN))
    await begun(task)
    await media.hears(VOICE, 0.2)
    await media.hears(QUIET, 1.0)
    assert not task.done()
    await media.hears(VOICE, 1.2)
    await media.hears(QUIET, 1.0)
    assert await task == Utterance("", 0.0)


async def test_an_ear_that_gives_no_answer_in_time_is_speech_not_understood() -> None:
    ear, media = FakeEar(None), FakeMedia()
    task = asyncio.create_task(listener(ear).hear(media, None, OPEN))
    await begun(task)
    await media.hears(VOICE, 0.2)
    await media.hears(QUIET, 1.0)
    assert await task == Utterance("", 0.0)


async def test_a_complete_answer_ends_the_turn_early() -> None:
    ear, media = FakeEar(Utterance("tak", 0.9), partial="tak"), FakeMedia()
    task = asyncio.create_task(listener(ear).hear(media, None, YES_NO))
    await begun(task)
    await media.hears(VOICE, 0.4)
    await media.hears(QUIET, 0.3)
    assert await task == Utterance("tak", 0.9)


async def test_closed_questions_listen_for_commands_too() -> None:
    ear, media = FakeEar(), FakeMedia()
    await listener(ear).hear(media, None, Question("yes-no", ("tak", "nie"), patience=0.02))
    assert set(ear.questions[0].phrases) == {"tak", "nie", *CONTROL_PHRASES}


@pytest.mark.parametrize("ear", [FakeEar(free=False), KeypadOnly()])
async def test_without_an_ear_nothing_is_heard_and_no_prompt_is_stopped(ear: FakeEar | KeypadOnly) -> None:
    media = FakeMedia()
    prompt = media.play(silence(3))
    heard = listener(ear)
    task = asyncio.create_task(heard.hear(media, prompt, Question("matter", patience=0.05)))
    await begun(task)
    await media.hears(VOICE, 2.0)
    assert not prompt.done.done()
    await media.hears(QUIET, 2.0)
    assert await task is None
    assert heard.available is isinstance(ear, FakeEar)


async def test_the_end_of_the_session_ends_the_listening() -> None:
    ear, media = FakeEar(), FakeMedia()
    task = asyncio.create_task(listener(ear).hear(media, media.play(silence(30)), OPEN))
    await begun(task)
    media.ended.set_result("closed")
    assert await task is None


async def test_cancelled_by_keys_it_lets_go_of_everything() -> None:
    ear, media = FakeEar(), FakeMedia()
    prompt = media.play(silence(30))
    task = asyncio.create_task(listener(ear).hear(media, prompt, OPEN))
    await begun(task)
    await media.hears(VOICE, 0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert media.on_frame is None
    assert ear.hearings[0].dropped
    prompt.stop(0)
    await media.hears(QUIET, 0.2)


async def test_more_words_than_anybody_could_have_said_are_invented() -> None:
    ear, media = FakeEar(Utterance("Dzień dobry, chcę zapytać o podatek od kupna samochodu", 0.7), MATTER), FakeMedia()
    prompt = media.play(silence(30))
    task = asyncio.create_task(listener(ear).hear(media, prompt, OPEN))
    await begun(task)
    await media.hears(VOICE, 0.5)
    await media.hears(QUIET, 0.6)
    assert not prompt.held
    await media.hears(VOICE, 0.9)
    await media.hears(QUIET, 1.0)
    assert await task == MATTER


async def test_a_voice_across_the_room_holds_no_prompt_and_is_heard_after_it() -> None:
    faint = b"\x40\x00" * (FRAME_BYTES // 2)
    ear, media = FakeEar(MATTER), FakeMedia()
    prompt = media.play(silence(2))
    task = asyncio.create_task(listener(ear).hear(media, prompt, OPEN))
    await begun(task)
    await media.hears(faint, 1.5)
    assert not prompt.held
    await media.hears(QUIET, 1.0)
    assert prompt.done.done()
    await media.hears(faint, 1.0)
    await media.hears(QUIET, 1.0)
    assert await task == MATTER


async def test_an_ear_that_does_not_stream_knows_a_complete_answer_after_a_pause() -> None:
    ear, media = FakeEar(Utterance("tak", 0.9), guess="tak"), FakeMedia()
    task = asyncio.create_task(listener(ear).hear(media, None, YES_NO))
    await begun(task)
    await media.hears(VOICE, 0.4)
    await media.hears(QUIET, 0.18)
    assert ear.hearings[0].paused == 0
    await media.hears(QUIET, 0.12)
    assert ear.hearings[0].paused
    assert (await asyncio.wait_for(task, 0.05)) == Utterance("tak", 0.9)


async def test_who_hesitates_is_waited_for_by_an_ear_that_does_not_stream() -> None:
    ear, media = FakeEar(MATTER, guess="chodzi mi o"), FakeMedia()
    task = asyncio.create_task(listener(ear).hear(media, None, OPEN))
    await begun(task)
    await media.hears(VOICE, 0.6)
    await media.hears(QUIET, 1.1)
    assert not ear.hearings[0].finished
    await media.hears(VOICE, 0.6)
    assert ear.hearings[0].partial == "", "there is more now"
    await media.hears(QUIET, 1.5)
    assert await task == MATTER
    assert len(ear.hearings) == 1


async def test_an_open_answer_may_go_on_for_a_while_after_its_end() -> None:
    ear, media = FakeEar(MATTER, MATTER), FakeMedia()
    task = asyncio.create_task(listener(ear).hear(media, None, OPEN))
    await begun(task)
    await media.hears(VOICE, 0.6)
    await media.hears(QUIET, 0.7)
    assert ear.hearings[0].finished
    await media.hears(VOICE, 0.6)
    assert not task.done()
    await media.hears(QUIET, 1.0)
    assert await task == MATTER
    assert ear.hearings[1].sound.count(VOICE) == 60
