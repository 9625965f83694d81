"""The pronunciation lexicon: names of the tax world, spelled as a synthesiser says them right. Data: lexicon.yaml."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from .voice import LEXICON


class LexiconError(ValueError):
    """The lexicon file cannot be used: names the file and the fault."""


class Lexicon:
    """Replaces whole words only; the longest spelling wins."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = dict(words)
        longest = sorted(map(re.escape, self._words), key=len, reverse=True)
        self._pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(longest)})(?![\w-])") if longest else None

    def spell(self, text: str) -> str:
        """``text`` as the synthesiser should read it."""
        return text if self._pattern is None else self._pattern.sub(lambda found: self._words[found.group()], text)

    @classmethod
    def load(cls, path: Path) -> "Lexicon":
        """Raises ``LexiconError``."""
        try:
            content = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, YAMLError) as error:
            raise LexiconError(f"{path}: {error}") from error
        words = content.get("words") if isinstance(content, dict) else None
        if not isinstance(words, dict) or not all(isinstance(word, str) for pair in words.items() for word in pair):
            raise LexiconError(f"{path}: `words` must map a spelling to how it is said, both texts (in quotes)")
        return cls(words)


@cache
def shipped() -> Lexicon:
    """The lexicon that comes with the program."""
    return Lexicon.load(LEXICON)
