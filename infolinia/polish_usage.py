"""What typer says by itself, in Polish: headings of ``--help``, and errors in how a command was called.

typer has no translations; what its versions name otherwise than is known here stays English, and works.
"""

import json
import re
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, cast

import typer
from typer import core, rich_utils

UsageError = cast("type[Exception]", typer.BadParameter.__bases__[0])
"""Every fault of a command line; its own module differs between versions of typer."""
HEADINGS = {
    "ARGUMENTS_PANEL_TITLE": "Argumenty",
    "OPTIONS_PANEL_TITLE": "Opcje",
    "COMMANDS_PANEL_TITLE": "Polecenia",
    "DEFAULT_STRING": "[domyślnie: {}]",
    "ENVVAR_STRING": "[zmienna: {}]",
    "REQUIRED_LONG_STRING": "[wymagane]",
}
USAGE = "Użycie: "
HELP = "Pokaż tę pomoc."
METAVARS = {"[OPTIONS]": "[OPCJE]", "COMMAND [ARGS]...": "POLECENIE [ARGUMENTY]..."}
NEAR = r"(?:\.? (?:Did you mean|\(Possible options:) (?P<near>.+?)[?)])?"

_SENTENCES: tuple[tuple[str, str], ...] = (
    (rf"No such option: (?P<what>[^\s.]\S*?)\.?{NEAR}", "nie ma opcji {what}{near}"),
    (rf"No such command '(?P<what>.*?)'\.?{NEAR}", "nie ma polecenia „{what}”{near}"),
    (r"Missing (?:argument|parameter)(?: |: )'?(?P<what>.+?)'?\.?", "brak argumentu „{what}”"),
    (r"Missing option (?P<what>.+?)\.", "brak opcji {what}"),
    (r"Missing command\.", "brak polecenia"),
    (r"Got unexpected extra arguments?(?:\(s\))? \((?P<what>.*)\)", "za dużo argumentów: {what}"),
    (r"Option '(?P<what>.*)' does not take a value\.", "opcja {what} nie ma wartości"),
    (r"Option '(?P<what>.*)' requires an argument\.", "opcja {what} wymaga wartości"),
    (r"Option '(?P<what>.*)' requires (?P<many>\d+) arguments\.", "opcja {what} wymaga tylu wartości: {many}"),
    (r"Argument '(?P<what>.*)' takes (?P<many>\d+) values\.", "argument „{what}” wymaga tylu wartości: {many}"),
    (r"\w+ '(?P<what>.*)' does not exist\.", "nie ma takiego pliku ani folderu: {what}"),
    (r"\w+ '(?P<what>.*)' is a file\.", "to jest plik, a potrzeba folderu: {what}"),
    (r"\w+ '(?P<what>.*)' is a directory\.", "to jest folder, a potrzeba pliku: {what}"),
    (r"\w+ '(?P<what>.*)' is not readable\.", "brak prawa odczytu: {what}"),
    (r"\w+ '(?P<what>.*)' is not writable\.", "brak prawa zapisu: {what}"),
    (r"(?P<what>.+) is not one of (?P<near>.+?)\.?", "{what} to nie jest żadna z wartości{near}"),
    (r"Input should be (?P<what>'.*')", "wartością może być {what}"),
    (
        r"(?:Input should be a valid integer|.* is not a valid (?:int|integer|int range)).*",
        "to nie jest liczba całkowita",
    ),
    (r"(?:Input should be a valid number|.* is not a valid (?:float|number|float range)).*", "to nie jest liczba"),
    (r"Input should be greater than or equal to (?P<what>\S+)", "za mało; najmniej {what}"),
    (r"Input should be less than or equal to (?P<what>\S+)", "za dużo; najwięcej {what}"),
    (r".* is not in the range (?P<what>.+?)\.?", "wartość jest poza zakresem {what}"),
)


def speak() -> None:
    """Have ``--help`` speak Polish from here on. Once is enough, more does no harm."""
    for name, words in HEADINGS.items():
        if hasattr(rich_utils, name):
            setattr(rich_utils, name, words)
    formatter: Any = typer.Context.formatter_class
    if not hasattr(formatter.write_usage, "__wrapped__"):
        formatter.write_usage = _usage_of(formatter.write_usage)
    for kind in (core.TyperCommand, core.TyperGroup):
        command: Any = kind
        if not hasattr(command.get_help_option, "__wrapped__"):
            command.get_help_option = _help_of(command.get_help_option)


def told(error: Any, verb: str) -> str:
    """A ``UsageError`` of ``verb`` in Polish, with where help is to be had; called without anything, the help."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return str(error.ctx.get_help())
    command = error.ctx.command_path if error.ctx is not None else f"infolinia {verb}".strip()
    said = sentence(error.format_message())
    if verb == "say" and said.startswith("nie ma opcji"):
        said += '; tekst, który zaczyna się od kreski, podaje się po „--”: infolinia say -o x.wav -- "-5 zł"'
    return f"Błąd: {said}\nPomoc: {command} --help"


def refuse(text: str, code: int) -> int:
    """Say why a command does nothing; who asked for JSON has it as ``{"ok": false, "error": …}`` too. The ``code``."""
    if "--json" in sys.argv:
        typer.echo(json.dumps({"ok": False, "error": text}, ensure_ascii=False))
    typer.echo(text, err=True)
    return code


def sentence(text: str) -> str:
    """What typer complains of, in Polish; as it stands where it is not known here."""
    text = " ".join(text.split()).removeprefix("Value error, ")
    if match := re.fullmatch(r"Invalid value(?: for (?P<which>.+?))?: (?P<what>.*)", text):
        which, what = match["which"], sentence(match["what"])
        return f"zła wartość {which.strip(chr(39))}: {what}" if which else f"zła wartość: {what}"
    for pattern, words in _SENTENCES:
        if match := re.fullmatch(pattern, text):
            found = match.groupdict()
            near = found.get("near")
            listed = f": {near}" if "wartości{near}" in words else f"; czy chodziło o {near}?"
            if words == "brak opcji {what}":
                found["what"] = found["what"].replace("'", "").replace(" / ", " albo ")
            return words.format(**{**found, "near": listed if near else ""})
    return text


def _usage_of(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def write_usage(self: Any, prog: str, args: str = "", prefix: str | None = None) -> None:
        for english, polish in METAVARS.items():
            args = args.replace(english, polish)
        original(self, prog, args, USAGE if prefix is None else prefix)

    return write_usage


def _help_of(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def get_help_option(self: Any, ctx: Any) -> Any:
        option = original(self, ctx)
        if option is not None:
            option.help = HELP
        return option

    return get_help_option
