"""Training: what a model learns, that it learns it twice alike, and that it learns nothing from nonsense."""

import random
from pathlib import Path

import numpy as np
import pytest

from voicebot.topics.catalogue import Catalogue, Phrase
from voicebot.topics.model import Model, ModelError
from voicebot.topics.train import Fit, fit


def unseen_share(found: Fit) -> float:
    return float((found.unseen.argmax(axis=1) == found.truth).mean())


def test_shuffled_labels_teach_nothing(catalogue: Catalogue, some_phrases: list[Phrase], small: Fit) -> None:
    labels = [phrase.label for phrase in some_phrases]
    random.Random(7).shuffle(labels)
    shuffled = [Phrase(phrase.text, label) for phrase, label in zip(some_phrases, labels, strict=True)]
    largest = max(labels.count(label) for label in set(labels)) / len(labels)
    assert unseen_share(small) > 0.8
    assert unseen_share(fit(shuffled, catalogue.lexicon)) < largest + 0.05


def test_training_is_deterministic(catalogue: Catalogue, some_phrases: list[Phrase], small: Fit) -> None:
    again = fit(some_phrases, catalogue.lexicon).model
    assert np.array_equal(again.votes, small.model.votes)
    assert again.scale == small.model.scale


def test_left_out_scores_are_those_of_a_model_without_the_phrases(catalogue: Catalogue, small: Fit) -> None:
    """The shortcut through the inverse against training anew: same best label, but for what rare features shift."""
    at = [place for place, phrase in enumerate(small.phrases) if "wizyt" in phrase.text][:5]
    for place in at:
        rest = [phrase for other, phrase in enumerate(small.phrases) if other != place]
        model = fit(rest, catalogue.lexicon).model
        scores = model.scores(small.phrases[place].text)
        assert np.corrcoef(scores, small.unseen[place])[0, 1] > 0.8


def test_probabilities_sum_to_one(small: Fit) -> None:
    shares = small.model.probabilities("ile mam dni na pcc")
    assert shares.sum() == pytest.approx(1.0, abs=1e-4)
    assert shares.min() >= 0


def test_saved_model_says_the_same(small: Fit, tmp_path: Path) -> None:
    small.model.save(tmp_path / "m.npz")
    again = Model.load(tmp_path / "m.npz")
    for text in ("ile mam dni na pcc", "umówić wizytę", "ala ma kota"):
        assert again.probabilities(text) == pytest.approx(small.model.probabilities(text), abs=1e-5)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"\x80\x04cos\nsystem\n."])
def test_what_is_no_model_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"m\.npz"):
        Model.load(path)


def test_pickled_objects_are_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "m.npz"
    np.savez(path, about=np.array([{"format": 1}], dtype=object))
    with pytest.raises(ModelError):
        Model.load(path)
