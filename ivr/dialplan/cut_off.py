"""Files that break off: saved by half, or copied by half. What they lack is told once, and not again at each place that
refers to it."""

from .draft import Draft
from .source import Fault, Source

TABLES = {"hotline.yaml": ("nodes",), "prompts.yaml": ("prompts", "variables"), "queues.yaml": ("queues",)}
FOLDERS = {"topics": ("topics",), "offices": ("offices",)}
LACKS = "brakuje pola `"


def cut_off(draft: Draft) -> list[Fault]:
    """A fault for each file of ``draft`` that ends within a line and within an entry, in place of those of its missing
    fields. ``draft`` then no longer knows what such a file should hold: nothing is judged by it."""
    found = []
    for source in draft.sources:
        if isinstance(source.data, dict) and source.raw and not source.raw.endswith(b"\n"):
            found += _ending(draft, source, source.data)
    return found


def _ending(draft: Draft, source: Source, data: dict[str, object]) -> list[Fault]:
    top = list(data)[-1]
    inner = data[top]
    name, at = top, source.position((top,), key=True)
    if isinstance(inner, dict) and inner and top != "office":
        name, at = list(inner)[-1], source.position((top, list(inner)[-1]), key=True)
    elif isinstance(inner, list) and inner:
        entry = inner[-1]
        name = str(entry.get("id", top)) if isinstance(entry, dict) else top
        at = source.position((top, len(inner) - 1))
    lines = source.raw.decode("utf-8", "replace").split("\n")
    theirs = [f for f in draft.faults if f.file == source.name and (f.line, f.column) >= at]
    lacking = [f for f in theirs if f.message.startswith(LACKS)]
    empty = lines[-1].rstrip().endswith(":") and any(fault.line == len(lines) for fault in theirs)
    if not lacking and not empty:
        return []
    draft.faults = [fault for fault in draft.faults if fault not in lacking]
    for table in TABLES.get(source.name) or FOLDERS[source.name.partition("/")[0]]:
        draft.names.pop(table, None)
    fields = ", ".join(f"`{fault.message[len(LACKS) :]}" for fault in sorted(lacking))
    message = f"plik urywa się we wpisie `{name}`" + (f"; brakuje w nim: {fields}" if fields else "")
    return [Fault(source.name, len(lines), len(lines[-1]) + 1, message, "proszę zapisać plik w całości")]
