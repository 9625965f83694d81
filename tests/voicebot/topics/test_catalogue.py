"""The catalogue that the product ships with."""

import shutil
from collections import Counter
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from voicebot.topics.catalogue import HUMAN, NONE, Catalogue, CatalogueError, digest, label_of, load_catalogue
from voicebot.topics.normalise import normalise

DIALPLANS = Path(__file__).parents[3] / "dialplans"


def test_families_have_their_topics(catalogue: Catalogue) -> None:
    families = Counter(topic.split("-")[0] for topic in catalogue.topics)
    assert families == {"pcc": 34, "zezn": 29, "epit": 13, "og": 16, "ctl": 4}


def test_queues_exist(catalogue: Catalogue) -> None:
    queues = YAML(typ="safe", pure=True).load(DIALPLANS / "queues.yaml")["queues"]
    known = {queue["id"] for queue in queues}
    assert {topic.queue for topic in catalogue.topics.values()} - {None} <= known
    assert all(topic.queue for topic in catalogue.topics.values() if not topic.id.startswith("ctl-"))


def test_only_verified_answers_are_released(catalogue: Catalogue) -> None:
    for topic in catalogue.topics.values():
        may = topic.self_service and topic.verified in ("lookup", "source-doc") and topic.answer is not None
        assert topic.released == may, topic.id


def test_only_annual_returns_have_a_season(catalogue: Catalogue) -> None:
    for topic in catalogue.topics.values():
        assert topic.season == (("02-15", "04-30") if topic.id.startswith("zezn-") else None), topic.id


def test_every_topic_has_forty_phrases(catalogue: Catalogue) -> None:
    sizes = Counter(phrase.label for phrase in catalogue.phrases)
    assert {topic: sizes[label_of(topic)] for topic in catalogue.topics if sizes[label_of(topic)] < 40} == {}
    assert sizes[NONE] >= 300
    assert sizes[HUMAN] >= 120


def test_no_phrase_teaches_two_topics(catalogue: Catalogue) -> None:
    labels: dict[str, set[str]] = {}
    for phrase in catalogue.phrases:
        labels.setdefault(" ".join(normalise(phrase.text)), set()).add(phrase.label)
    assert {text: found for text, found in labels.items() if len(found) > 1} == {}


def test_phrases_are_as_a_recogniser_writes_them(catalogue: Catalogue) -> None:
    for phrase in catalogue.phrases:
        assert phrase.text == phrase.text.lower().strip()
        assert not set(phrase.text) & set(".,;:?!\"'()"), phrase.text


def test_broken_files_are_named(tmp_path: Path) -> None:
    shutil.copytree(DIALPLANS / "topics", tmp_path / "topics")
    (tmp_path / "topics/phrases/pcc-termin.yaml").write_text("version: 1\nphrases:\n  - 5\n")
    with pytest.raises(CatalogueError, match=r"pcc-termin\.yaml.*fraza musi być tekstem"):
        load_catalogue(tmp_path)
    (tmp_path / "topics/phrases/pcc-termin.yaml").unlink()
    with pytest.raises(CatalogueError, match=r"pcc-termin\.yaml: nie ma takiego pliku"):
        load_catalogue(tmp_path)


def test_phrases_of_no_topic_are_refused(tmp_path: Path) -> None:
    shutil.copytree(DIALPLANS / "topics", tmp_path / "topics")
    (tmp_path / "topics/phrases/pcc-nowy.yaml").write_text("version: 1\nphrases: [coś]\n")
    with pytest.raises(CatalogueError, match="pcc-nowy"):
        load_catalogue(tmp_path)


def test_digest_follows_every_phrase(tmp_path: Path) -> None:
    shutil.copytree(DIALPLANS / "topics", tmp_path / "topics")
    before = digest(tmp_path)
    assert before == digest(DIALPLANS)
    with (tmp_path / "topics/phrases/og-vat.yaml").open("a") as file:
        file.write("  - jeszcze jedna fraza\n")
    assert digest(tmp_path) != before
