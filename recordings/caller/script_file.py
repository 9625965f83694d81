"""Reading a call script: YAML 1.2, duplicates refused, every mistake with file, line and mend, in Polish."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from recordings.caller.script import VERBS, Say, Script
from recordings.caller.unreadable import unreadable

_MESSAGES = {
    "missing": "brakuje tego pola",
    "extra_forbidden": "nieznane pole",
    "union_tag_invalid": "krok musi mieć dokładnie jedno z: " + ", ".join(VERBS),
    "union_tag_not_found": "krok musi mieć dokładnie jedno z: " + ", ".join(VERBS),
    "string_type": "tu ma być tekst; liczby zapisz w cudzysłowie",
    "float_parsing": "tu ma być liczba, np. 1.5",
    "float_type": "tu ma być liczba, np. 1.5",
    "bool_type": "tu ma być true albo false",
    "bool_parsing": "tu ma być true albo false",
    "literal_error": "tu może stać tylko true",
    "greater_than_equal": "za mała wartość",
    "less_than_equal": "za duża wartość",
    "tuple_type": "tu ma być lista kroków, każdy od myślnika",
}


class ScriptError(ValueError):
    """A script that cannot be used: file:line:column, what is wrong, how to mend it. One line per mistake."""


def load_script(path: Path) -> Script:
    """Read and check ``path``; sound files are looked for beside it. Raises ``ScriptError``."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScriptError(f"{path}: nie da się odczytać scenariusza: {unreadable(error)}") from None
    yaml = YAML(typ="rt", pure=True)
    try:
        data = yaml.load(text)
    except YAMLError as error:
        raise ScriptError(_yaml_trouble(path, error)) from None
    if not isinstance(data, CommentedMap):
        raise ScriptError(f"{path}:1:1: scenariusz to pola „steps:”, „to:” i inne, nie {type(data).__name__}")
    try:
        script = Script.model_validate(_plain(data))
    except ValidationError as error:
        raise ScriptError("\n".join(_trouble(path, data, detail) for detail in error.errors())) from None
    return _with_sounds(path, data, script)


def _with_sounds(path: Path, data: CommentedMap, script: Script) -> Script:
    steps: list[Any] = []
    for number, step in enumerate(script.steps):
        if isinstance(step, Say):
            sound = path.parent / step.say
            if not sound.is_file():
                raise ScriptError(f"{_where(path, data, ('steps', number))}: nie ma pliku dźwiękowego {sound}")
            step = step.model_copy(update={"say": sound})
        steps.append(step)
    return script.model_copy(update={"steps": tuple(steps), "name": script.name or path.stem})


def _plain(value: Any) -> Any:
    """The data without the marks of where it stood."""
    if isinstance(value, CommentedMap):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, CommentedSeq):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(value)
    return value


def _trouble(path: Path, data: CommentedMap, detail: ErrorDetails) -> str:
    place = detail["loc"]
    if len(place) > 2 and place[0] == "steps":
        place = place[:2] + place[3:]  # the verb that chose the model stands between a step and its field
    message = _MESSAGES.get(detail["type"]) or detail["msg"].removeprefix("Value error, ")
    named = [str(part) for part in place if isinstance(part, str) and part != "steps"]
    field = f"„{named[-1]}”: " if named else ""
    return f"{_where(path, data, place)}: {field}{message}"


def _where(path: Path, data: Any, place: tuple[str | int, ...]) -> str:
    """``file:line:column`` of the innermost thing of ``place`` that stands in the file."""
    line, column = 0, 0
    for part in place:
        if isinstance(data, CommentedMap) and part in data:
            line, column = data.lc.key(part)
            data = data[part]
        elif isinstance(data, CommentedSeq) and isinstance(part, int) and part < len(data):
            line, column = data.lc.item(part)
            data = data[part]
    return f"{path}:{line + 1}:{column + 1}"


def _yaml_trouble(path: Path, error: YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
    problem = str(getattr(error, "problem", "") or "").splitlines()
    if problem and "duplicate key" in problem[0]:
        return f"{place}: to samo pole dwa razy; zostaw jedno"
    return f"{place}: to nie jest poprawny YAML; sprawdź wcięcia, dwukropki i cudzysłowy"
