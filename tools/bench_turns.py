"""Whose turn it is, measured: our turn taking beside plain hang-over on WebRTC's detector, and on real calls.

    .venv/bin/python tools/bench_turns.py detectors [--minutes 2]   end-pointing, early cut-offs, noises
    .venv/bin/python tools/bench_turns.py calls [--calls 17]        end of speech to first sound, barge-in

``detectors`` needs no telephone: recordings and noises made by rule, through A-law. ``calls`` places calls to an engine
in this process, with the ear that the machine has; the ear works in a process of its own, as in the product.
"""

import argparse
import asyncio
import json
from dataclasses import dataclass
from pathlib import Path

from infolinia.settings import Settings
from ivr.dialogue.actions import Ask
from ivr.phones.meaning import Meaning
from recordings.caller.live import LiveCall
from tools.bench_media import Figures, spread, tone
from tools.media_rig import AUDIOSOCKET, Rig, rig, session_of
from tools.turn_closed import closed_answers, ears_here
from tools.turn_ends import end_pointing
from tools.turn_noise import noises
from tools.turn_sounds import DEMO, voiced_span
from voicebot import understand
from voicebot.audio import load
from voicebot.ears.choose import open_ear
from voicebot.ears.ear import Ear
from voicebot.ears.tiny import TINY
from voicebot.listen import Listener, Question
from voicebot.media import MediaServer, MediaSession
from voicebot.models import model_folder


@dataclass
class Spoken:
    """One answer on a call: loop times of its parts."""

    end: float = 0.0
    ended: float = 0.0
    text: float = 0.0
    play: float = 0.0
    heard: float = 0.0

    def parts(self) -> dict[str, float]:
        return {
            "line and end-pointing": self.ended - self.end,
            "ear": self.text - self.ended,
            "understanding": self.play - self.text,
            "first sound": self.heard - self.play,
            "end of speech to first sound": self.heard - self.end,
        }


class Bot:
    """The engine's side of one call: listens, understands, answers with a tone."""

    def __init__(self, media: MediaSession, listener: Listener, meaning: Meaning) -> None:
        self._media, self._listener, self._meaning = media, listener, meaning
        self._loop = asyncio.get_running_loop()

    async def answer(self, ask: Ask, spoken: Spoken) -> None:
        def floor(whose: str) -> None:
            if whose == "bot":
                spoken.ended = self._loop.time()

        phrases = (
            understand.YES_NO_PHRASES if ask.grammar == "yes-no" else tuple(w for ws in ask.words.values() for w in ws)
        )
        question = Question(ask.grammar, phrases, 10.0)
        utterance = await self._listener.hear(self._media, None, question, floor)
        spoken.text = self._loop.time()
        if utterance is not None:
            self._meaning.of(ask, utterance)
        spoken.play = self._loop.time()
        self._media.play(tone(0.5))


OPEN = Ask(question="matter", lines=(), grammar="matter")
YES_NO = Ask(question="q", lines=(), grammar="yes-no")
OFFICES = Ask(
    question="office",
    lines=(),
    grammar="choice",
    words={"m": ("mazowieckie", "małopolskie"), "d": ("dolnośląskie",)},
)
ASKED = {"tak": YES_NO, "nie": YES_NO, "malopolskie": OFFICES, "dolnoslaskie": OFFICES, "mazowieckie": OFFICES}


async def one_answer(
    made: Rig, media: MediaServer, listener: Listener, meaning: Meaning, number: str, name: str
) -> Spoken:
    expected = media.expect(session_of(number))
    call = await made.dial(number)
    bot = Bot(await asyncio.wait_for(expected, 5), listener, meaning)
    spoken = Spoken()
    answering = asyncio.create_task(bot.answer(ASKED.get(name, OPEN), spoken))
    await asyncio.sleep(0.5)
    pcm = load(DEMO / f"{name}.wav")
    began = asyncio.get_running_loop().time()
    await call.say(pcm)
    spoken.end = began + voiced_span(pcm)[1]
    await answering
    call.mark = spoken.play
    spoken.heard = await call.wait_speech(5)
    call.hang_up()
    return spoken


async def one_barge_in(made: Rig, media: MediaServer, listener: Listener, number: str, name: str) -> float | None:
    """Seconds from the first sound of speech to the prompt silent at the caller's ear."""
    expected = media.expect(session_of(number))
    call: LiveCall = await made.dial(number)
    session = await asyncio.wait_for(expected, 5)
    prompt = session.play(tone(20))
    hearing = asyncio.create_task(listener.hear(session, prompt, Question("matter", patience=3)))
    await call.wait_speech(5)
    await asyncio.sleep(0.7)
    loop, pcm = asyncio.get_running_loop(), load(DEMO / f"{name}.wav")
    began = loop.time() + voiced_span(pcm)[0]
    call.leg.media.say(pcm)
    heard = call.leg.media.hearing
    while loop.time() < began + 3:
        await asyncio.sleep(0.01)
        if loop.time() > began + 0.15 and heard.quiet_for(loop.time()) > 0.15:
            break
    found = heard.segments[-1].end - began if heard.quiet_for(loop.time()) > 0.15 else None
    hearing.cancel()
    call.hang_up()
    return found


async def calls(count: int, ear: str) -> Figures:
    listener = Listener(await ear_here(ear))
    meaning = Meaning(lambda: None)
    names = [file.stem for file in sorted(DEMO.glob("*.wav"))]
    found: Figures = {"ear": listener.ear.name}
    async with rig() as made:
        media = MediaServer()
        await media.start("127.0.0.1", made.audiosocket)
        spoken = []
        for n in range(count):
            name = names[n % len(names)]
            spoken.append((name, await one_answer(made, media, listener, meaning, f"{AUDIOSOCKET}{n:04}", name)))
        for kind, chosen in (("commands", True), ("open question", False)):
            of_kind = [one.parts() for name, one in spoken if (name in ASKED) is chosen]
            if of_kind:
                found[kind] = {part: spread([parts[part] for parts in of_kind]) for part in of_kind[0]}
        silent = []
        for n in range(count):
            silent.append(
                await one_barge_in(made, media, listener, f"{AUDIOSOCKET}{1000 + n:04}", names[n % len(names)])
            )
        found["barge-in: speech to silence"] = spread([value for value in silent if value is not None])
        found["barge-in: not stopped"] = sum(value is None for value in silent)
        await media.close()
    await listener.ear.close()
    return found


EARS = ("best", "tiny", "whisper")


async def ear_here(name: str) -> Ear:
    """``best``: what an engine of this installation would have; ``tiny``: Vosk with the small model of tests."""
    settings = Settings()
    models = settings.var / "models"
    if name == "tiny":
        return await open_ear(TINY, None)
    if name == "whisper":
        return await open_ear(None, model_folder(models, "whisper"))
    return await open_ear(settings.vosk_model or model_folder(models, "vosk"), model_folder(models, "whisper"))


async def detectors(count: float, name: str) -> Figures:
    ear = await ear_here(name)
    try:
        return {
            "ear": ear.name,
            "end-pointing": end_pointing(),
            "closed answers": await closed_answers(ears_here()),
            "under a prompt, in 10 minutes": await noises(ear, count),
        }
    finally:
        await ear.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("detectors", "calls"))
    parser.add_argument("--minutes", type=float, default=2.0, help="of each kind of noise")
    parser.add_argument("--calls", type=int, default=17)
    parser.add_argument("--ear", choices=EARS, default="best")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    ear = options.ear
    run = (
        detectors(min(options.minutes, 10), ear) if options.what == "detectors" else calls(min(options.calls, 60), ear)
    )
    found = asyncio.run(run)
    print(json.dumps(found, indent=1, ensure_ascii=False))
    if options.json:
        options.json.write_text(json.dumps(found, ensure_ascii=False))


if __name__ == "__main__":
    main()
