"""Writes docs/nodes.md from the nodes themselves: each with its text, its fields and its example, which is really run.

Usage: python tools/node_reference.py [--check]   (--check: fail when the page is not what the nodes say)
"""

import inspect
import sys
import textwrap
from pathlib import Path

from ruamel.yaml import YAML

from ivr.dialogue.call import Call
from ivr.dialogue.events import CallArrived
from ivr.dialogue.machine import step
from ivr.dialogue.node import Node
from ivr.dialogue.nodes import KINDS
from ivr.dialogue.plan import Plan
from ivr.dialogue.script import short
from ivr.dialplan import load_plan

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "nodes.md"
INTRO = """# Nodes

A dialplan's flow is made of nodes. This page is made by `make docs` from the nodes themselves; each example is run, and
under it stands what the machine did with it.
"""


def example(kind: type[Node]) -> str:
    return textwrap.dedent(kind.EXAMPLE).strip()  # type: ignore[attr-defined]


def run(kind: type[Node], shipped: Plan) -> list[str]:
    """What the machine does on entering the example in a plan made of it and one last node."""
    plan = Plan(
        version="example",
        start="przyklad",
        person="koniec",
        nodes={
            "przyklad": kind.model_validate(YAML(typ="safe").load(example(kind))),
            "koniec": KINDS["hangup"].model_validate({"node": "hangup"}),
        },
        prompts=_AnyPrompt(shipped.prompts),
        offices=shipped.offices,
        queues=shipped.queues,
        topics=shipped.topics,
    )
    arrived = CallArrived(dialled="223300330", caller="+48000000001", at="2026-04-21T10:00:00+02:00")
    _, actions = step(plan, Call(id="example"), arrived)
    return [short(action) for action in actions]


class _AnyPrompt(dict[str, str]):
    """The shipped prompts; any other id reads as itself."""

    def __missing__(self, key: str) -> str:
        return key


def page() -> str:
    shipped = load_plan(ROOT / "dialplans")
    parts = [INTRO]
    for name, kind in sorted(KINDS.items()):
        doc = inspect.getdoc(kind) or ""
        done = "\n".join(run(kind, shipped))
        parts.append(f"## {name}\n\n{doc}\n\n```yaml\n{example(kind)}\n```\n\n```text\n{done}\n```\n")
        rows = [
            f"| `{field.alias or key}` | {'yes' if field.is_required() else 'no'} | "
            f"{'' if field.is_required() else f'`{field.get_default(call_default_factory=True)!r}`'} |"
            for key, field in kind.model_fields.items()
            if key != "node"
        ]
        parts.append("| field | required | default |\n|---|---|---|\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    text = page()
    if "--check" in sys.argv:
        sys.exit(0 if PAGE.read_text(encoding="utf-8") == text else "docs/nodes.md is stale: make docs")
    PAGE.write_text(text, encoding="utf-8")
