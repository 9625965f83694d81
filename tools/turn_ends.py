"""When each way of turn taking thinks that a caller has finished: ours, Vosk's end-pointer, WebRTC's detector with a
plain hang-over."""

import json
from collections.abc import Callable

from tools.bench_media import Figures, spread
from tools.turn_sounds import frames, halves, utterances, voiced_span
from voicebot.audio import FRAME_BYTES, FRAME_SECONDS, RATE
from voicebot.ears.tiny import TINY
from voicebot.listen import STRICT
from voicebot.turn import Decision, Timing, Turn
from voicebot.voice_activity import Loudness, VoiceActivity, WebRtc, voice_activity

WAYS: dict[str, tuple[Callable[[], VoiceActivity], Timing]] = {
    "ours": (voice_activity, Timing()),
    "webrtcvad, 300 ms hang-over": (WebRtc, Timing(end=0.3, barge_in=0.1, murmur=0.3)),
    "webrtcvad, 600 ms hang-over": (WebRtc, Timing(barge_in=0.1)),
}
PAUSES = (0.2, 0.3, 0.4, 0.5, 0.55)
"""Pauses inside a sentence, in seconds: a breath, a thought."""

VOSK = "Vosk's end-pointer"
THINKS = Timing().open - Timing().end
"""Seconds in which an open answer that has ended may go on; what is said in them is added to it."""


def ends(pcm: bytes, way: str, thinks: float = 0.0) -> list[float]:
    """When a way of turn taking thinks that the caller has finished, in seconds, first to last. Who speaks on within
    the time that the ear ``thinks`` had not: that end is taken back."""
    activity, timing = WAYS[way]
    detector, turn, found = activity(), Turn(60.0, 0.0, prompt=False, timing=timing), []
    strict, loudness = WebRtc(STRICT), Loudness()
    for n, frame in enumerate(frames(pcm + bytes(FRAME_BYTES * 100))):
        at = (n + 1) * FRAME_SECONDS
        probability = detector.probability(frame)
        if way == "ours":
            probability = loudness.judge(probability, frame, speaking=turn.speaking, under_prompt=False)
        decision = turn.frame(probability, at, sounds=way == "ours" and strict.probability(frame) > 0)
        if decision is Decision.ENDED:
            found.append(at)
        elif decision is Decision.WENT_ON and at - found[-1] <= thinks:
            found.pop()
    return found


class VoskEndPointer:
    """Vosk's own end-pointer, with the small model of tests."""

    def __init__(self) -> None:
        import vosk

        vosk.SetLogLevel(-1)
        self._vosk, self._model = vosk, vosk.Model(str(TINY))

    def ends(self, pcm: bytes) -> list[float]:
        recogniser = self._vosk.KaldiRecognizer(self._model, RATE)
        found = []
        for n, frame in enumerate(frames(pcm + bytes(FRAME_BYTES * 150))):
            if recogniser.AcceptWaveform(frame) and json.loads(recogniser.Result()).get("text"):
                found.append((n + 1) * FRAME_SECONDS)
        return found


def end_pointing() -> Figures:
    """Seconds from the last sound of speech to the decision; how many utterances were cut off before their end."""
    found: Figures = {}
    known = utterances()
    theirs = VoskEndPointer()
    for way in (*WAYS, VOSK):

        def decisions(pcm: bytes, way: str = way) -> list[float]:
            return theirs.ends(pcm) if way == VOSK else ends(pcm, way)

        late, cut, missed, lasting = [], {"whole": 0, **{f"pause {pause:g} s": 0 for pause in PAUSES}}, 0, 0
        for name, pcm in known.items():
            decided = decisions(pcm)
            end = voiced_span(pcm)[1]
            missed += not decided
            cut["whole"] += bool(decided) and decided[0] < end - 0.1
            if decided:
                late.append(decided[-1] - end)
            for pause in PAUSES if len(name) > 8 else ():
                torn = halves(pcm, pause)
                decided = decisions(torn)
                cut[f"pause {pause:g} s"] += bool(decided) and decided[0] < voiced_span(torn)[1] - 0.1
                if way == "ours":
                    decided = ends(torn, way, THINKS)
                    lasting += bool(decided) and decided[0] < voiced_span(torn)[1] - 0.1
        long = sum(len(name) > 8 for name in known)
        share = {what: round(100 * n / (len(known) if what == "whole" else long), 1) for what, n in cut.items()}
        found[way] = {"end_to_decision": spread(late), "cut_off_percent": share, "not_heard": missed}
        if way == "ours":
            found[way]["cut_off_percent_not_taken_back"] = round(100 * lasting / (long * len(PAUSES)), 1)
    return found
