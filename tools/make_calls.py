"""Makes the synthetic callers of recordings/calls from recordings/scripts.yaml: their sound and their fixture.yaml.

.venv/bin/python tools/make_calls.py [NAME…] [--voices FOLDER]

A script is a fixture whose steps have no sound yet; ``voice`` and ``line`` say who speaks over what. Needs RHVoice with
the CC0 voices natan and michal (``--voices``: the folder with ``languages`` and ``voices``, where they are not
installed). Afterwards: infolinia replay --audio --update, and a look at what ``expect`` makes of it.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

sys.path.insert(0, str(Path(__file__).resolve().parent))
from caller_sound import Wave, cough, music, noise, pcm, speak, telephone

from recordings.fixture.edit import editor, inline
from recordings.fixture.sound import write_alaw
from voicebot.audio import BYTES_PER_SECOND

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS, CALLS = ROOT / "recordings/scripts.yaml", ROOT / "recordings/calls"
GAP = 0.2
LICENCE = "CC0-1.0"
HEAD = "# Rozmowa próbna; opis pól: docs/laboratory.md. Dźwięk robi tools/make_calls.py z recordings/scripts.yaml.\n"
ONE_LINE = ("voice", "audio", "expect", "known", "style", "made", "earlier", "closures")


class Tape:
    """A caller's sound as it grows; ``add`` returns where it lies."""

    def __init__(self) -> None:
        self.pcm = b""

    def add(self, wave: Wave) -> list[float]:
        start = len(self.pcm)
        self.pcm += pcm(wave)
        end = len(self.pcm)
        self.pcm += bytes(2 * round(GAP * 8000))
        return [round(start / BYTES_PER_SECOND, 3), round(end / BYTES_PER_SECOND, 3)]


def make(script: dict[str, Any], defaults: dict[str, Any], voices: Path | None) -> None:
    """Write the fixture of one script; its journal is made anew by the next --update."""
    script = {**defaults, **script}
    name, voice, line = script.pop("name"), script.pop("voice"), script.pop("line", {})
    tape, steps = Tape(), []
    for step in script.pop("steps"):
        steps.append(_step(dict(step), {**voice, **step.get("voice", {})}, line, name, tape, voices))
    audio: dict[str, Any] = {}
    if under := line.get("noise"):
        others = [speak(text, {"name": "natan", "rate": 110}, voices) for text in BABBLE] if under == "babble" else []
        audio["background"] = tape.add(noise(under, line.get("loop", 2.5), line.get("under", 18), name, others))
    engine = "espeak-ng" if voice.get("engine") == "espeak" else "RHVoice"
    who = {"kind": "synthetic", "name": f"{engine} {voice.get('name', 'michal')}", "licence": LICENCE}
    if not tape.pcm:
        who = {"kind": "none"}
    folder = CALLS / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "journal.jsonl").unlink(missing_ok=True)
    if tape.pcm:
        write_alaw(folder / "caller.wav", tape.pcm)
    data = {"version": 1, **{k: v for k, v in script.items() if k != "expect"}, "voice": who}
    if audio:
        data["audio"] = audio
    data["expect"] = script["expect"]
    write(folder / "fixture.yaml", {**data, "steps": steps})


BABBLE = (
    "a słuchaj, byłem wczoraj w sklepie i oni mi mówią, że tego nie ma",
    "dobrze, to ja zadzwonię jutro po południu i się umówimy",
)


def _step(
    step: dict[str, Any], voice: dict[str, Any], line: dict[str, Any], name: str, tape: Tape, voices: Path | None
) -> dict[str, Any]:
    step.pop("voice", None)
    makes, spoken = step.pop("makes", None), step.pop("spoken", None)
    if step.get("say") is not None:
        wave = telephone(speak(spoken or step["say"], voice, voices), line, name + step["say"])
        step["sound"] = tape.add(wave)
    elif makes is not None:
        kind, _, seconds = makes.partition(" ")
        wave = cough(name) if kind == "cough" else music(float(seconds))
        step["sound"] = tape.add(telephone(wave, line, name + kind) if kind == "cough" else wave)
    return step


def write(path: Path, data: dict[str, Any]) -> None:
    """A fixture file as people write it: short things on one line."""
    shown = {key: inline(value) if key in ONE_LINE else value for key, value in data.items()}
    shown["steps"] = [_shown(step) for step in data["steps"]]
    with path.open("w", encoding="utf-8") as file:
        file.write(HEAD)
        editor().dump(shown, file)


def _shown(step: dict[str, Any]) -> Any:
    short = {key: inline(value) for key, value in step.items()}
    return inline(step) if "say" not in step and len(str(step)) < 90 else short


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--voices", type=Path)
    options = parser.parse_args()
    book = YAML(typ="safe").load(SCRIPTS)
    scripts = [one for one in book["calls"] if not options.names or one["name"] in options.names]
    for number, script in enumerate(scripts, start=1):
        print(f"\r{number} of {len(scripts)}: {script['name']:<40}", end="", flush=True)
        make(script, book["defaults"], options.voices)
    size = sum(file.stat().st_size for file in CALLS.rglob("*") if file.is_file())
    print(f"\n{len(scripts)} calls written; {CALLS.relative_to(ROOT)} holds {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
