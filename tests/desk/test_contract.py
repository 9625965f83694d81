"""The published contract agrees with what the desk sends."""

from pathlib import Path

import msgspec
import pytest
from ruamel.yaml import YAML

from desk.message import Authenticated, Card, Ended, Entitled, Named, Principal, Session, Withdrawn
from desk.webhook import KEY, LATE, SIGNATURE, Envelope, judge

CONTRACT = YAML(typ="safe", pure=True).load(
    (Path(__file__).parents[2] / "docs" / "contracts" / "crm-webhook.openapi.yaml").read_text(encoding="utf-8")
)
SCHEMAS = CONTRACT["components"]["schemas"]
POST = CONTRACT["paths"]["/webhook"]["post"]


STRUCTS = (Envelope, Card, Session, Withdrawn, Ended, Named, Authenticated, Entitled, Principal)


@pytest.mark.parametrize("struct", STRUCTS)
def test_every_field_is_published_and_no_other(struct: type[msgspec.Struct]) -> None:
    schema = SCHEMAS[struct.__name__]
    fields = {field.encode_name for field in msgspec.structs.fields(struct)}
    assert set(schema["properties"]) == fields
    assert set(schema["required"]) == fields


def test_the_headers_are_published() -> None:
    assert {parameter["name"] for parameter in POST["parameters"]} == {SIGNATURE, KEY, LATE}


def test_the_answers_mean_what_the_contract_says() -> None:
    means = {int(status): answer["x-means"] for status, answer in POST["responses"].items() if status.isdigit()}
    assert means == {status: judge(status).outcome for status in means}
    assert len(means) >= 6
