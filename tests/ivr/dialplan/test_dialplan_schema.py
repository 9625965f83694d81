"""JSON Schemas for editors: they accept what ships, hint in Polish at every field, and know the ids in use."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ivr.dialplan.json_schema import PLACES, schemas
from ivr.dialplan.yaml12 import read
from tests.ivr.dialplan.broken_plans import SHIPPED

SCHEMAS = schemas(SHIPPED)
LOCAL = {
    "version": 1,
    "office": {"id": "x", "name": "X", "spoken": "X", "queues": ["kol-pit"], "hours": []},
    "nodes": {"tozsamosc": {"patience": 12}, "nowy": {"node": "hangup"}},
    "prompts": {"powitanie": "Dzień dobry."},
}


def faults(name: str, data: Any) -> list[str]:
    return [error.message for error in jsonschema.Draft7Validator(SCHEMAS[name]).iter_errors(data)]


@pytest.mark.parametrize("name", PLACES)
def test_a_schema_is_one_and_accepts_every_shipped_file(name: str) -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMAS[name])
    documents = [read(path.read_bytes()).data for path in sorted(SHIPPED.glob(PLACES[name]))]
    judged = [faults(name, data) for data in documents if name != "topics" or "topics" in data]
    assert judged
    assert judged == [[]] * len(judged)


def test_what_an_office_changes_is_accepted_and_what_it_may_not_is_refused() -> None:
    office = {**LOCAL["office"], "hours": [{"days": ["pn"], "from": "08:00", "to": "16:00"}]}  # type: ignore[dict-item]
    assert faults("office", {**LOCAL, "office": office}) == []
    assert faults("office", LOCAL)
    assert faults("office", {**LOCAL, "office": office, "nodes": {"tozsamosc": {"pateince": 12}}})
    assert faults("office", {**LOCAL, "office": office, "version": 2})


@pytest.mark.parametrize("name", PLACES)
def test_every_field_has_a_hint_in_polish(name: str) -> None:
    def walk(schema: Any) -> None:
        if isinstance(schema, dict):
            for field, shape in schema.get("properties", {}).items():
                assert shape.get("description"), field
            for part in schema.values():
                walk(part)

    walk(SCHEMAS[name])


def test_known_ids_are_offered_and_new_ones_allowed() -> None:
    node, prompt = (SCHEMAS["hotline"]["$defs"][f"known-{kind}"] for kind in ("node", "prompt"))
    assert "tozsamosc" in node["anyOf"][0]["enum"]
    assert "podaj-numer" in prompt["anyOf"][0]["enum"]
    jsonschema.validate("nowy-wezel", node)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate("Nowy węzeł", node)


def test_schemas_are_made_of_a_folder_that_is_broken(tmp_path: Path) -> None:
    assert schemas(tmp_path).keys() == PLACES.keys()
