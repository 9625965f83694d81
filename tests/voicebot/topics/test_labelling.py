"""From what was heard to phrases: grouped, labelled, merged; a fault changes no file."""

import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from voicebot.topics.catalogue import Catalogue, CatalogueError, Phrase, load_catalogue
from voicebot.topics.labelling import Unsure, group, merge, read_labelled, to_yaml
from voicebot.topics.train import Fit

DIALPLANS = Path(__file__).parents[3] / "dialplans"


def unsure(text: str, label: str = "__none__", share: float = 0.4) -> Unsure:
    return Unsure(text, ((label, share),), "keys")


@pytest.fixture
def dialplans(tmp_path: Path) -> Path:
    shutil.copytree(DIALPLANS / "topics", tmp_path / "topics")
    return tmp_path


def labelled(folder: Path, *pairs: tuple[str, str]) -> Path:
    path = folder / "labelled.yaml"
    entries = [{"text": text, "label": label} for text, label in pairs]
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe", pure=True).dump({"version": 1, "utterances": entries}, file)
    return path


def test_the_alike_are_together_and_the_frequent_first(small: Fit) -> None:
    heard = [
        unsure("zgubiłem kwit na hulajnogę"),
        *[unsure("chcę umówić wizytę w urzędzie na jutro rano")] * 3,
        unsure("umówić wizytę w urzędzie na jutro rano", "og-wizyta", 0.6),
        unsure("..."),
    ]
    first, second = group(small.model.space, heard)
    assert [(member.text, times) for member, times in first.members] == [
        ("chcę umówić wizytę w urzędzie na jutro rano", 3),
        ("umówić wizytę w urzędzie na jutro rano", 1),
    ]
    assert [member.text for member, _ in second.members] == ["zgubiłem kwit na hulajnogę"]
    assert first.worth > second.worth


def test_a_doubtful_matter_comes_before_what_is_surely_none_of_ours(small: Fit) -> None:
    pizza, visit = unsure("poproszę pizzę hawajską", "__none__", 0.98), unsure("z tą wizytą", "og-wizyta", 0.4)
    groups = group(small.model.space, [pizza, visit])
    assert [found.members[0][0].text for found in groups] == [visit.text, pizza.text]
    assert group(small.model.space, [*[pizza] * 5, visit])[0].members[0] == (pizza, 5)


def test_nothing_heard_gives_no_groups(small: Fit) -> None:
    assert group(small.model.space, []) == []


def test_what_is_selected_can_be_labelled(small: Fit, catalogue: Catalogue, tmp_path: Path) -> None:
    path = tmp_path / "selected.yaml"
    path.write_text(to_yaml(group(small.model.space, [unsure("zgubiłem: kwit, na hulajnogę")])), "utf-8")
    assert read_labelled(path, catalogue) == []
    path.write_text(path.read_text("utf-8").replace("label: ''", "label: og-pismo"), "utf-8")
    assert read_labelled(path, catalogue) == [Phrase("zgubiłem: kwit, na hulajnogę", "og-pismo")]


def test_labelled_utterances_become_phrases(dialplans: Path) -> None:
    catalogue = load_catalogue(dialplans)
    path = labelled(
        dialplans,
        ("Zgubiłem kwit, na hulajnogę!", "og-pismo"),
        ("null", "__none__"),
        ("dajcie mi tu jakiegoś ludzia", "__human__"),
        ("nieopisane", ""),
    )
    merged = merge(dialplans, read_labelled(path, catalogue))
    assert sorted((path.name, count) for path, count in merged.items()) == [
        ("ctl-konsultant.yaml", 1),
        ("og-pismo.yaml", 1),
        ("out-of-scope.yaml", 1),
    ]
    new = set(load_catalogue(dialplans).phrases) - set(catalogue.phrases)
    assert new == {
        Phrase("zgubiłem kwit na hulajnogę", "og-pismo"),
        Phrase("null", "__none__"),
        Phrase("dajcie mi tu jakiegoś ludzia", "__human__"),
    }


def test_every_fault_is_told_at_once(catalogue: Catalogue, tmp_path: Path) -> None:
    taught = catalogue.phrases[0]
    path = labelled(
        tmp_path,
        ("pierwsza wypowiedź próbna", "nie-ma-takiego"),
        (taught.text, taught.label),
        ("druga wypowiedź próbna", "og-vat"),
        ("Druga wypowiedź próbna.", "og-nip"),
    )
    with pytest.raises(CatalogueError) as refused:
        read_labelled(path, catalogue)
    told = str(refused.value)
    assert "nie-ma-takiego" in told
    assert taught.label in told
    assert "4: „Druga wypowiedź próbna.” jest już frazą tematu og-vat" in told
