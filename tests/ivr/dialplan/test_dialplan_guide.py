"""The administrator's guide: every example loads, together and in its order, and is heard as the guide says."""

import re
import shutil
from pathlib import Path

import pytest

from infolinia import judgement, rehearsals
from infolinia.settings import Settings
from ivr.dialplan import load_plan
from ivr.dialplan.speech import WAYS
from tests.fakes.taught import share_recogniser
from tests.ivr.dialplan.broken_plans import SHIPPED, copy_shipped

GUIDE = (Path(__file__).parents[3] / "docs" / "dialplans.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"```yaml\n# dialplans/(\S+), ([^\n]+):\n(.*?)```", re.DOTALL)


SECTIONS = {
    title: examples
    for title, body in re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", GUIDE, re.DOTALL | re.MULTILINE)
    if (examples := EXAMPLE.findall(body))
}


def put(text: str, where: str, example: str) -> str:
    """``text`` with ``example`` at the place that the guide names."""
    if where == "nowy plik":
        assert not text
        return example
    if where == "na końcu":
        return text + example
    how, _, field = where.rpartition(" ")
    line = re.search(rf"^( *){field}:.*\n", text, re.MULTILINE)
    assert line, f"{field} is not in the file"
    if how == "przed":
        return text[: line.start()] + example + text[line.start() :]
    if how == "po":
        return text[: line.end()] + example + text[line.end() :]
    assert how == "w miejsce"
    inner = re.match(rf"(?:{line[1]} +.*\n)*", text[line.end() :])
    assert inner
    return text[: line.start()] + example + text[line.end() + inner.end() :]


def paste(root: Path, examples: list[tuple[str, str, str]]) -> None:
    for name, where, example in examples:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        path.write_text(put(before, where, example), encoding="utf-8")


@pytest.mark.parametrize("section", SECTIONS)
def test_the_examples_of_a_section_pasted_into_the_shipped_files_disturb_no_rehearsal(
    section: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that ``infolinia check`` looks at but the proof. The recogniser is the one that set-up has taught: another
    takes a minute to make."""
    taught = share_recogniser(tmp_path / "var")
    for module in (judgement, rehearsals):
        monkeypatch.setattr(module, "ensure_model", lambda *given: taught)
    root = tmp_path / "dialplans"
    shutil.copytree(SHIPPED, root)
    paste(root, SECTIONS[section])
    found = judgement.judge(root, Settings(var=tmp_path / "var"), prove=False)
    assert [str(fault) for fault in found.faults] == []
    assert found.rehearsals >= 38


def test_all_examples_load_one_after_another_and_together(tmp_path: Path) -> None:
    root = copy_shipped(tmp_path)
    examples = EXAMPLE.findall(GUIDE)
    assert len(examples) == GUIDE.count("```yaml")
    paste(root, examples)
    plan = load_plan(root)
    office = plan.for_office("podlaskie")
    assert office.line("powitanie").text.endswith("w Białymstoku. Nasz adres: ulica Lipowa siedem.")
    assert office.nodes["tozsamosc"].patience == 12
    heard = "Limit to pięć tysięcy siedemset trzydzieści trzy złote, termin upływa trzydziestego kwietnia."
    assert office.line("druga-sprawa").text.startswith(heard)
    assert heard in GUIDE


@pytest.mark.parametrize("name", WAYS)
def test_every_way_of_speaking_is_in_the_guide_and_says_its_example(name: str) -> None:
    way = WAYS[name]
    assert way.say(way.value) == way.said
    assert f"| `{name}` | {way.what} | {way.value} | {way.said} |" in GUIDE


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("value", ["", "x", "-", "1.5.5", "٣", "25:61", "2026-13-01", "1" * 40])
def test_what_cannot_be_said_is_refused(name: str, value: str) -> None:
    if name == "cyfry" and value == "1" * 40:
        assert WAYS[name].say(value) == " ".join(["jeden"] * 40)
        return
    try:
        said = WAYS[name].say(value)
    except ValueError:
        return
    pytest.fail(f"{value!r} is said as {said!r}")
