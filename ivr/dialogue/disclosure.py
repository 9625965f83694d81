"""By which words a prompt tells the caller that a machine speaks (AI Act, Regulation (EU) 2024/1689, article 50(1)).

The prompts that carry this duty are called ``automat`` or ``automat-…``; by their text it is judged whether they do it.
"""

import re

MACHINE = (
    r"(?<!nie )(?<!nie z )(?<!nie jest )(?<!nie jestem )"
    r"(?:automat(?:u|owi|em|ach|y|ów)?|automatyczn(?:y|a|ego|emu|ą|ej|ym)|maszyn(?:a|y|ie|ę|ą)|robot(?:a|em|owi)?"
    r"|(?:voice|chat|czat)?bot(?:a|em|owi)?|sztuczn(?:a|ej|ą) inteligencj(?:a|i|ę|ą)|wirtualn\w+ \w+)"
    r"|nie (?:jestem |jest |z )?(?:człowiek(?:iem)?|ludźmi|osob(?:a|ą))"
)
"""A pattern for a whole word or phrase, case left aside: "automat", "maszyna", "nie człowiek", but not "to nie automat"
and not "automatycznie"."""
_MACHINE = re.compile(rf"(?<!\w)(?:{MACHINE})(?!\w)", re.I)


def is_disclosure(prompt: str) -> bool:
    """Whether the prompt of this id has to tell that a machine speaks. A prompt of one office may be called
    ``<office>.<prompt>``."""
    name = prompt.rpartition(".")[2]
    return name == "automat" or name.startswith("automat-")


def discloses(text: str) -> bool:
    """Whether ``text`` tells that a machine speaks."""
    return _MACHINE.search(" ".join(text.split())) is not None
