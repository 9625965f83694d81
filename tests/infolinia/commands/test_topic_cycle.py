"""``infolinia topics``: select, label, deploy, versions, rollback; ``infolinia report kpi2`` on a journal."""

import asyncio
import csv
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from infolinia.commands import report, topic_cycle
from infolinia.commands.topics import app
from ivr.conversations import Conversation, Matter, Said
from ivr.dialogue.call import Call
from ivr.dialogue.events import CallArrived, Candidate, Event, Heard, Keyed, LookedUp, Skipped
from ivr.dialogue.machine import step
from ivr.dialogue.plan import Plan
from ivr.journal import Journal
from store import create_tables, open_database
from voicebot.topics.catalogue import Phrase, load_catalogue
from voicebot.topics.train import fit

DIALPLANS = Path(__file__).parents[3] / "dialplans"
LABELS = ("pcc-termin", "og-wizyta", "og-nip", "__none__")


@pytest.fixture
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(DIALPLANS, tmp_path / "dialplans")
    monkeypatch.setenv("INFOLINIA_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("INFOLINIA_DIALPLANS", str(tmp_path / "dialplans"))
    teach(tmp_path, monkeypatch)
    return tmp_path


def teach(folder: Path, monkeypatch: pytest.MonkeyPatch, without: str = "") -> None:
    """Makes the present phrases' model one of four labels, with next to nothing known of the label ``without``."""
    catalogue = load_catalogue(DIALPLANS)
    phrases = [phrase for phrase in catalogue.phrases if phrase.label in LABELS and phrase.label != without]
    phrases += [Phrase("zupełnie co innego", without)] if without else []
    model = folder / f"model{without}.npz"
    fit(phrases, catalogue.lexicon, about={"phrases": str(len(phrases))}).model.save(model)
    monkeypatch.setattr(topic_cycle, "model_file", lambda settings: model)
    monkeypatch.setattr("infolinia.commands.topics.model_file", lambda settings: model)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def heldout(folder: Path) -> Path:
    path = folder / "set.tsv"
    said = [p for p in load_catalogue(DIALPLANS).phrases if p.label in ("og-wizyta", "pcc-termin")]
    path.write_text("".join(f"{phrase.label}\t{phrase.text}\n" for phrase in said), "utf-8")
    return path


def test_a_regression_is_refused_and_a_version_rolled_back(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judged = str(heldout(var))
    for number in ("1", "2"):
        deployed = run("deploy", "--heldout", judged)
        assert (deployed.exit_code, f"wersję {number}:" in deployed.output) == (0, True)
    teach(var, monkeypatch, without="og-wizyta")
    refused = run("deploy", "--heldout", judged)
    assert refused.exit_code == 1
    assert "og-wizyta: było" in refused.output
    assert "pcc-termin" not in refused.output
    assert [line.split()[:2] for line in run("versions").output.splitlines()][1] == ["*", "2"]
    assert run("rollback").exit_code == 0
    assert run("versions").output.split()[:2] == ["*", "1"]
    assert run("rollback").exit_code == 1


def test_from_a_journal_to_phrases_and_kpi2(var: Path, plan: Plan) -> None:
    (var / "var").mkdir()
    asyncio.run(_journal(var / "var" / "infolinia.db", plan))
    file = var / "selected.yaml"
    assert run("select", str(file)).exit_code == 0
    text = file.read_text("utf-8")
    assert text.count("text: ten kwit na hulajnogę") == 1
    assert "ile dni na pcc" not in text
    assert "nic nie zapisano" in run("select", str(var / "one.yaml"), "--model", "version-1").output
    assert not (var / "one.yaml").exists()
    assert run("select", str(file)).exit_code == 1
    reversed_days = run("select", str(var / "other.yaml"), "--from", "2026-03-02", "--to", "2026-03-01")
    assert (reversed_days.exit_code, "proszę je zamienić" in reversed_days.output.replace("\n", " ")) == (2, True)
    assert not (var / "other.yaml").exists()

    file.write_text(text.replace("label: ''", "label: og-nieznany"), "utf-8")
    assert "og-nieznany" in run("label", str(file)).output
    file.write_text(text.replace("label: ''", "label: og-pismo"), "utf-8")
    assert run("label", str(file)).exit_code == 0
    assert Phrase("ten kwit na hulajnogę", "og-pismo") in load_catalogue(var / "dialplans").phrases
    assert run("label", str(file)).exit_code == 1

    (row,) = [line for line in run("conversations").output.splitlines() if line.startswith("pcc-termin")]
    assert row.split() == ["pcc-termin", "2", "0", "0", "1"]
    split = CliRunner().invoke(report.app, ["kpi2", "--csv", "--by-model", "--tests"])
    models = [(line[-1], line[3], line[4]) for line in csv.reader(split.stdout.splitlines())][:3]
    assert models == [("model", "kpi2", "stated"), ("", "0.0000", "1"), ("version-1", "1.0000", "2")]
    shown = CliRunner().invoke(report.app, ["kpi2", "--csv", "--tests"])
    assert shown.stderr == "KPI.2 od pierwszej rozmowy do dzisiaj\n"
    lines = list(csv.reader(shown.stdout.splitlines()))
    assert lines[0][:4] == ["source", "channel", "month", "kpi2"]
    assert lines[1][3:] == ["0.6667", "3", "2", "0", "1", "1", "0", "0", "0"]
    assert [line[3] for line in lines[2:]] == ["0.9303", "0.9347", "0.9344", "0.7707", "0.7894", "0.8727"]


def test_two_matters_rightly_taken_are_not_to_be_labelled() -> None:
    both = Said("wizyta i zaświadczenie", (Candidate("og-wizyta|og-zaswiadczenie", 0.97),))
    other = Said("zwrot i wizyta", (Candidate("og-status-zwrotu|og-wizyta", 0.97),))
    topics = ("og-wizyta", "og-zaswiadczenie")
    matters = (Matter(topics, "accepted", (both,), 1), Matter(topics, "confirmed", (other,), 1))
    call = Conversation("a", None, datetime(2026, 4, 21, tzinfo=UTC), matters, False, ())
    assert [found.text for found in topic_cycle._unsure(call)] == ["zwrot i wizyta"]


async def _journal(file: Path, plan: Plan) -> None:
    database = open_database(f"sqlite+aiosqlite:///{file}")
    await create_tables(database)
    journal = Journal(database, "engine-0", stall=5.0)
    await journal.start()
    known = Heard(text="ile dni na pcc", confidence=0.9, readings=(Candidate("pcc-termin", 0.95),), model="version-1")
    lost = Heard(text="ten kwit na hulajnogę", confidence=0.9, readings=(Candidate("__none__", 0.6),))
    answers: tuple[tuple[Event, ...], ...] = ((known,), (lost, lost, Keyed(keys="1")), (known,))
    for number, said in enumerate(answers):
        call = Call(id=f"call-{number}")
        arrival = CallArrived(dialled="224605992", caller=f"+4800000000{number % 2}", at="2026-04-21T10:00:00+02:00")
        before = (arrival, LookedUp(what="hours", ok=True, found={"open": True}))
        for event in (*before, LookedUp(what="earlier", ok=True, found={}), Skipped(), *said):
            call, actions = step(plan, call, event)
            await journal.commit(call, event, actions)
    await journal.close()
    await database.dispose()
