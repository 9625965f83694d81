"""``python -m voicebot.voices.pyttsx3_process RATE FILE``: the text on standard input as speech in ``FILE``.

One file and one run of the engine a process: what more is asked of pyttsx3 2.99 gets lost.
"""

import sys

import pyttsx3


def say(text: str, rate: int, output: str) -> None:
    engine = pyttsx3.init("espeak")
    engine.setProperty("voice", "pl")
    engine.setProperty("rate", rate)
    engine.save_to_file(text, output)
    engine.runAndWait()


if __name__ == "__main__":
    say(sys.stdin.buffer.read().decode(), int(sys.argv[1]), sys.argv[2])
