"""JSON Schemas of a dialplan folder's files, for editors: hints in Polish, completion of the ids that are in use.

Any well-formed id is allowed where one is referred to: a new node may be named before it is written. What is wrong
beyond the schema is told by ``infolinia check``.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from ..dialogue.manners import Manners
from ..dialogue.node import REFERS_TO
from ..dialogue.nodes import KINDS
from ..dialogue.plan import Office, QueueKind
from . import descriptions
from .draft import VERSION, Draft, TopicEntry

ID = "^[a-z0-9][a-z0-9-]*$"
PLACES = {
    "hotline": "hotline.yaml",
    "prompts": "prompts.yaml",
    "queues": "queues.yaml",
    "office": "offices/*.yaml",
    "topics": "topics/*.yaml",
}
"""Schema -> the files it is for, in the dialplan folder."""


def schemas(root: Path) -> dict[str, dict[str, Any]]:
    """The schemas by name (see ``PLACES``), with the ids that the folder ``root`` knows. Raises nothing for faults."""
    draft = Draft(root)
    texts = {"type": "object", "propertyNames": {"pattern": ID}, "additionalProperties": {"type": "string"}}
    listed = {"type": "array", "items": {}}
    node = {"oneOf": [{"$ref": f"#/$defs/{kind.__name__}"} for kind in KINDS.values()]}
    nodes = {"type": "object", "propertyNames": {"pattern": ID}, "additionalProperties": node}
    own = {**nodes, "additionalProperties": {"anyOf": [{"$ref": "#/$defs/OwnFields"}, *node["oneOf"]]}}
    known, manners = {"$ref": "#/$defs/known-node"}, {"$ref": "#/$defs/Manners"}
    fields: dict[str, tuple[str, dict[str, Any], set[str]]] = {
        "hotline": (
            "Flow",
            {"start": known, "person": known, "end": known, "nodes": nodes, "manners": manners},
            {"end", "manners"},
        ),
        "prompts": ("Prompts", {"prompts": texts, "variables": texts}, {"variables"}),
        "queues": ("Queues", {"queues": {**listed, "items": {"$ref": "#/$defs/QueueKind"}}}, set()),
        "office": (
            "OfficeFile",
            {"office": {"$ref": "#/$defs/Office"}, "nodes": own, "prompts": texts, "variables": texts},
            {"nodes", "prompts", "variables"},
        ),
        "topics": (
            "Topics",
            {"topics": {**listed, "items": {"$ref": "#/$defs/TopicEntry"}}, "area": {"type": "string"}},
            {"area"},
        ),
    }
    definitions = _definitions(draft)
    return {name: _file(name, *shape, definitions) for name, shape in fields.items()}


def _file(
    name: str, model: str, fields: dict[str, Any], optional: set[str], definitions: dict[str, Any]
) -> dict[str, Any]:
    properties = {"version": {"const": VERSION}, **fields}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": f"Dialplan infolinii: {PLACES[name]}",
        "type": "object",
        "additionalProperties": False,
        "required": [field for field in properties if field not in optional],
        "properties": {
            field: {"description": descriptions.describe(model, field), **shape} for field, shape in properties.items()
        },
        "$defs": definitions,
    }


def _definitions(draft: Draft) -> dict[str, Any]:
    models: list[type[BaseModel]] = [*KINDS.values(), Manners, Office, QueueKind, TopicEntry]
    _, made = models_json_schema([(model, "validation") for model in models], ref_template="#/$defs/{model}")
    definitions: dict[str, Any] = made["$defs"]
    for model, schema in definitions.items():
        definitions[model] = _with_known(schema)
        _in_polish(model, definitions[model])
    kinds = {kind.__name__: name for name, kind in KINDS.items()}
    for model, name in kinds.items():
        definitions[model]["description"] = descriptions.KINDS[name]
    definitions["OwnFields"] = _own_fields([definitions[model] for model in kinds])
    for table, what in (("nodes", "node"), ("prompts", "prompt"), ("queues", "queue"), ("topics", "topic")):
        definitions[f"known-{what}"] = _known(draft.names.get(table, set()))
    queues = {"items": {"$ref": "#/$defs/known-queue"}}
    office, topic = definitions["Office"]["properties"], definitions["TopicEntry"]["properties"]
    office["queues"].update(queues)
    office["overflow"]["items"] = _known(draft.names.get("offices", set()))
    office["default_queue"] = {"description": office["default_queue"]["description"], "$ref": "#/$defs/known-queue"}
    topic["queue"]["anyOf"][0] = {"$ref": "#/$defs/known-queue"}
    return definitions


def _in_polish(model: str, schema: dict[str, Any]) -> None:
    schema.pop("description", None)
    schema.pop("title", None)
    for field, shape in schema.get("properties", {}).items():
        shape.pop("title", None)
        shape["description"] = descriptions.describe(model, field)


def _with_known(schema: Any) -> Any:
    """``schema`` with a reference to the known ids wherever one is referred to."""
    if isinstance(schema, list):
        return [_with_known(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(kind := schema.get(REFERS_TO), str):
        return {"$ref": f"#/$defs/known-{kind}"}
    return {key: _with_known(part) for key, part in schema.items()}


def _own_fields(kinds: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Some fields of a national node, changed by an office: any field of any kind, but not the kind."""
    fields: dict[str, Any] = {}
    for kind in kinds:
        for name, shape in kind["properties"].items():
            known = fields.setdefault(name, {"description": shape["description"], "anyOf": []})["anyOf"]
            bare = {key: value for key, value in shape.items() if key not in ("description", "default")}
            if bare not in known:
                known.append(bare)
    fields.pop("node")
    return {"type": "object", "additionalProperties": False, "minProperties": 1, "properties": fields}


def _known(names: Iterable[str]) -> dict[str, Any]:
    listed = sorted(names)
    any_id = {"type": "string", "pattern": ID}
    return {"anyOf": [{"enum": listed}, any_id]} if listed else any_id
