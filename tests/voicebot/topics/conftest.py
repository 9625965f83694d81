"""One full model a test session, and a small quick one."""

from pathlib import Path

import pytest

from voicebot.topics.catalogue import HUMAN, NONE, Catalogue, Phrase, load_catalogue
from voicebot.topics.recogniser import TopicRecogniser, ensure_model
from voicebot.topics.train import Fit, fit

DIALPLANS = Path(__file__).parents[3] / "dialplans"
PCC = {"pcc-termin", "pcc-rachunek", "pcc-korekta"}
SOME = PCC | {NONE, HUMAN, "zezn-termin", "zezn-korekta", "epit-korekta", "og-wizyta"}


TRAINING_SECONDS = 600
"""How long the first test that needs the full model may take: it trains, maybe on a machine with much else to do."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "recogniser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(TRAINING_SECONDS))


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue(DIALPLANS)


@pytest.fixture(scope="session")
def some_phrases(catalogue: Catalogue) -> list[Phrase]:
    return [phrase for phrase in catalogue.phrases if phrase.label in SOME]


@pytest.fixture(scope="session")
def small(catalogue: Catalogue, some_phrases: list[Phrase]) -> Fit:
    return fit(some_phrases, catalogue.lexicon)


@pytest.fixture(scope="session")
def recogniser(tmp_path_factory: pytest.TempPathFactory) -> TopicRecogniser:
    return TopicRecogniser.load(ensure_model(DIALPLANS, tmp_path_factory.mktemp("topics")))
