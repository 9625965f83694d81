"""What pydantic found wrong, said in Polish to an administrator who does not program."""

from collections.abc import Iterable, Mapping
from typing import Any

from rapidfuzz import process


def guess(word: str, known: Iterable[str]) -> str:
    """ "czy chodziło o `…`?" for the nearest known word, or nothing when none is near."""
    found = process.extractOne(word, list(known), score_cutoff=60)
    return f"czy chodziło o `{found[0]}`?" if found else ""


def explain(error: Mapping[str, Any], known_fields: Iterable[str] = ()) -> tuple[str, str]:
    """Message and hint for one pydantic error."""
    name = str(error["loc"][-1]) if error["loc"] else ""
    context = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return f"brakuje pola `{name}`", "proszę je dopisać"
        case "extra_forbidden":
            return f"nieznane pole `{name}`", guess(name, known_fields)
        case "union_tag_invalid":
            return f"nieznany rodzaj węzła `{context.get('tag')}`", guess(
                str(context.get("tag")), str(context.get("expected_tags", "")).replace("'", "").split(", ")
            )
        case "union_tag_not_found":
            return "brakuje pola `node` (rodzaj węzła)", "na przykład `node: say`"
        case "string_type":
            return f"pole `{name}` musi być tekstem", "proszę ująć wartość w cudzysłów"
        case "string_pattern_mismatch":
            return f"niedozwolona wartość pola `{name}`: {error['input']!r}", f"wzorzec: {context.get('pattern')}"
        case "int_type" | "int_parsing" | "float_type" | "float_parsing" | "int_from_float":
            return f"pole `{name}` musi być liczbą", ""
        case "bool_type" | "bool_parsing":
            return f"pole `{name}` musi być `true` albo `false`", ""
        case "tuple_type" | "list_type":
            return f"pole `{name}` musi być listą", "na przykład `[pierwszy, drugi]`"
        case "too_short":
            return f"lista `{name}` jest za krótka", f"co najmniej {context.get('min_length')}"
        case "literal_error":
            return f"niedozwolona wartość {error['input']!r}", f"dozwolone: {context.get('expected')}"
        case "greater_than_equal" | "greater_than" | "less_than_equal" | "less_than":
            bound = next(iter(context.values()), "")
            return f"wartość pola `{name}` poza zakresem: {error['input']!r}", f"granica: {bound}"
        case "model_type" | "dict_type" | "model_attributes_type":
            return f"pole `{name}` musi mieć pola w środku", "na przykład `nazwa: wartość` w kolejnych wierszach"
    return f"błędna wartość pola `{name}`", str(error["msg"])
