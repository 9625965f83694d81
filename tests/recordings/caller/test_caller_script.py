from pathlib import Path

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from recordings.caller.people import People, UnknownPerson
from recordings.caller.script import HangUp, Keys, NumberOf, Pause, Say, Script, WaitHangup
from recordings.caller.script_file import ScriptError, load_script
from voicebot.audio import silence, write_wav

WHOLE = """
to: "224605992"
caller: "+48000000001"
asserted: "+48000000001"
settle_s: 0.5
steps:
  - expect_media: 2
  - keys: "85831410110#"
    after_s: 0.5
  - keys: {pin_of: dz-01}
    after_s: -2.0
    prompt_s: 6.5
  - say: sprawa.wav
    after_s: 1
  - pause: 1.5
  - wait_silence: 0.8
    timeout_s: 5
  - wait_speech
  - wait_for: okno
  - hold: 2
  - hangup
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "rozmowa.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_whole_script_is_read(tmp_path: Path) -> None:
    write_wav(tmp_path / "sprawa.wav", silence(0.1))
    script = load_script(written(tmp_path, WHOLE))
    say = next(step for step in script.steps if isinstance(step, Say))
    assert script.name == "rozmowa"
    assert len(script.steps) == 10
    assert say.say == tmp_path / "sprawa.wav"
    assert isinstance(script.steps[-1], HangUp)
    assert isinstance(script.steps[2], Keys)
    assert isinstance(script.steps[2].keys, NumberOf)
    assert script.steps[2].keys.wanted == ("pin", "dz-01")


def test_digits_are_in_no_representation(tmp_path: Path) -> None:
    script = load_script(written(tmp_path, 'steps:\n  - keys: "482915#"\n'))
    assert "482915" not in repr(script)
    assert "482915" not in script.model_dump_json()


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("steps:\n  - keys: 482915\n", ":2:5:", "w cudzysłowie"),
        ("steps:\n  - keys: #\n", ":2:5:", "w cudzysłowie"),
        ('steps:\n  - keys: "48x915"\n', ":2:5:", "klawisze to cyfry"),
        ('steps:\n  - pause: 1\n  - keys: "1"\n    after: 2\n', ":4:5:", "„after”: nieznane pole"),
        ("steps:\n  - puase: 1\n", ":2:5:", "dokładnie jedno z: keys"),
        ('steps:\n  - keys: "1"\n    say: a.wav\n', ":2:5:", "dokładnie jedno z: keys"),
        ("steps:\n  - pause: długo\n", ":2:5:", "tu ma być liczba"),
        ("steps:\n  - pause: -1\n", ":2:5:", "za mała"),
        ("steps:\n  - say: nie-ma.wav\n", ":2:5:", "nie ma pliku dźwiękowego"),
        ("steps:\n  - hangup: false\n", ":2:5:", "tylko true"),
        ("steps:\n  - keys: {pin_of: dz-01, nip_of: dz-01}\n", ":2:5:", "dokładnie jedno z: pin_of"),
        ("steps:\n  - keys: {pesel: dz-01}\n", ":2:12:", "nieznane pole"),
        ("to: 224605992\nsteps: []\n", ":1:1:", "w cudzysłowie"),
        ("steps: 5\n", ":1:1:", "lista kroków"),
        ("to: a\nto: b\n", ":2:1", "dwa razy"),
        ("steps: [\n", ":", "poprawny YAML"),
        ("- keys\n", ":1:1:", "scenariusz to pola"),
    ],
)
def test_mistakes_are_told_with_place_and_mend(tmp_path: Path, text: str, place: str, why: str) -> None:
    with pytest.raises(ScriptError) as caught:
        load_script(written(tmp_path, text))
    assert f"rozmowa.yaml{place}" in str(caught.value)
    assert why in str(caught.value)


def test_a_mistake_in_digits_does_not_show_them(tmp_path: Path) -> None:
    for text in ('steps:\n  - keys: "48291x"\n', 'to: a\nsteps:\n  - keys: "48291x"\n    keys: "48291x"\n'):
        with pytest.raises(ScriptError) as caught:
            load_script(written(tmp_path, text))
        assert "4829" not in str(caught.value)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ScriptError) as caught:
        load_script(written(tmp_path, "steps:\n  - pause: x\n  - puase: 1\n"))
    assert len(str(caught.value).splitlines()) == 2


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    for bad in (path, tmp_path / "none.yaml", tmp_path):
        with pytest.raises(ScriptError, match="nie da się odczytać"):
            load_script(bad)


def test_scripts_are_built_in_python_too() -> None:
    script = Script(to="echo", steps=(Keys(keys="12#"), Pause(pause=1), WaitHangup(wait_hangup=True)))
    assert len(script.steps) == 3
    with pytest.raises(ValidationError, match="klawisze"):
        Keys(keys="zła")


def test_people_are_looked_up_and_never_shown(tmp_path: Path) -> None:
    path = tmp_path / "ludzie.yaml"
    path.write_text('callers:\n  - {id: dz-01, pesel: "85831410110", nip: null, telepin: "048291"}\n', encoding="utf-8")
    people = People.load(path)
    assert people.keys("pin", "dz-01").get_secret_value() == "048291"
    assert "048291" not in repr(people.keys("pin", "dz-01"))
    with pytest.raises(UnknownPerson, match="dz-99"):
        people.keys("pin", "dz-99")
    with pytest.raises(UnknownPerson, match="„nip”"):
        people.keys("nip", "dz-01")


@pytest.mark.parametrize("text", ["[]", "callers: 5", "callers:\n  - {id: a, telepin: 48291}", "callers: [", "x: \t"])
def test_files_without_people_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ludzie.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnknownPerson) as caught:
        People.load(path)
    assert "48291" not in str(caught.value)


SHARED = Path(__file__).resolve().parents[4] / "shared" / "callers.yaml"
PLAIN = {"dtmf": "keys", "silence_s": "pause", "speech": "say", "hangup": "hangup"}


@pytest.mark.shared
def test_every_edge_case_of_the_shared_callers_can_be_written_down() -> None:
    if not SHARED.is_file():
        pytest.skip("left out: no ../shared/callers.yaml beside the project")
    data = YAML(typ="safe", pure=True).load(SHARED.read_text(encoding="utf-8"))
    special = {f"@{name}#": f"{entry['value']}#" for name, entry in data["special_numbers"].items()}
    for case in data["edge_cases"]:
        given = [entry for entry in case["inputs"] if "eus" not in entry]
        steps = [{PLAIN.get(key, key): value for key, value in entry.items()} for entry in given]
        for step in steps:
            if "keys" in step:
                step["keys"] = special.get(step["keys"], step["keys"])
        script = Script.model_validate({"name": case["id"], "steps": steps})
        assert len(script.steps) == len(given)
