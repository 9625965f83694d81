"""The words and sentences of the shipped dialplans: what the model knows, and what it is trained to expect."""

import random
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from num2words import num2words
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
DIALPLANS = ROOT / "dialplans"
SEEN = 3
"""A word of the topics is known when this many phrases hold it."""
MONTHS = [
    "stycznia",
    "lutego",
    "marca",
    "kwietnia",
    "maja",
    "czerwca",
    "lipca",
    "sierpnia",
    "września",
    "października",
    "listopada",
    "grudnia",
]
ORDINALS = [
    "pierwszego",
    "drugiego",
    "trzeciego",
    "czwartego",
    "piątego",
    "szóstego",
    "siódmego",
    "ósmego",
    "dziewiątego",
    "dziesiątego",
    "jedenastego",
    "dwunastego",
    "trzynastego",
    "czternastego",
    "piętnastego",
    "szesnastego",
    "siedemnastego",
    "osiemnastego",
    "dziewiętnastego",
    "dwudziestego",
    "trzydziestego",
]
EXTRA = [
    "telepin",
    "pesel",
    "nip",
    "regon",
    "pit",
    "vat",
    "pcc",
    "jpk",
    "ksef",
    "e",
    "us",
    "krzyżyk",
    "gwiazdka",
    "złotych",
    "złote",
    "złoty",
    "grosz",
    "grosze",
    "groszy",
    "rok",
    "roku",
    "jedna",
    "dwie",
]


def words(text: str) -> list[str]:
    """The words of ``text``: lower case letters alone."""
    return re.findall(r"[a-ząćęłńóśźż]+", text.lower())


def _yaml(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


@cache
def topic_phrases() -> tuple[str, ...]:
    """What callers say to the open question, figures and other signs left out."""
    listed = [
        phrase for file in sorted((DIALPLANS / "topics/phrases").glob("*.yaml")) for phrase in _yaml(file)["phrases"]
    ]
    found = [phrase["text"] if isinstance(phrase, dict) else str(phrase) for phrase in listed]
    return tuple(" ".join(words(phrase)) for phrase in found if not re.search(r"\d", phrase) and words(phrase))


@cache
def answers() -> tuple[str, ...]:
    """What callers say to closed questions: agreement, commands, places."""
    lines = (Path(__file__).with_name("answers.txt")).read_text(encoding="utf-8").splitlines()
    said = [line for line in lines if line and not line.startswith("#")]
    for file in sorted((DIALPLANS / "offices").glob("*.yaml")):
        office = _yaml(file)["office"]
        said += [*office.get("words", ()), office.get("voivodeship") or "", office.get("seat") or ""]
    return tuple(dict.fromkeys(" ".join(words(text)) for text in said if words(text)))


@cache
def prompt_words() -> tuple[str, ...]:
    prompts = _yaml(DIALPLANS / "prompts.yaml")["prompts"].values()
    return tuple(dict.fromkeys(word for text in prompts for word in words(re.sub(r"\{\w+\}", " ", text))))


@cache
def number_words() -> tuple[str, ...]:
    said = [*range(1000), 1_000, 2_000, 5_000, 1_000_000, 2_000_000, 5_000_000]
    return tuple(dict.fromkeys(word for number in said for word in words(num2words(number, lang="pl"))))


@cache
def vocabulary() -> tuple[str, ...]:
    """Every word that the model knows, sorted."""
    counts = Counter(word for phrase in topic_phrases() for word in set(words(phrase)))
    known = {word for word, seen in counts.items() if seen >= SEEN}
    known |= {word for phrase in answers() for word in phrase.split()}
    known |= {*prompt_words(), *number_words(), *MONTHS, *ORDINALS, *EXTRA}
    return tuple(sorted(word for word in known if len(word) > 1 or word in "aeiouwz"))


def number(chance: random.Random) -> str:
    """A number as callers say one: digits, pairs, threes, an amount, a date."""
    kind = chance.randrange(5)
    if kind == 0:
        return " ".join(
            num2words(chance.randrange(10), lang="pl") for _ in range(chance.choice([1, 2, 3, 4, 6, 10, 11]))
        )
    if kind == 1:
        return " ".join(num2words(chance.randrange(10, 100), lang="pl") for _ in range(chance.randint(1, 5)))
    if kind == 2:
        return " ".join(num2words(chance.randrange(100, 1000), lang="pl") for _ in range(chance.randint(1, 3)))
    if kind == 3:
        return num2words(chance.randrange(10 ** chance.randint(2, 6)), lang="pl") + " złotych"
    return (
        f"{chance.choice(ORDINALS)} {chance.choice(MONTHS)} {num2words(chance.randrange(1930, 2030), lang='pl')} roku"
    )


def sentences(chance: random.Random, known_only: bool = False) -> Iterator[str]:
    """Endless sentences to train on: topics, answers, numbers, and words in no order (known ones and strange ones)."""
    known, topics, closed = vocabulary(), topic_phrases(), answers()
    strange = sorted({word for phrase in topics for word in phrase.split()} - set(known))
    while True:
        kind = chance.random()
        if kind < 0.45:
            yield chance.choice(topics)
        elif kind < 0.60:
            yield number(chance)
        elif kind < 0.80:
            yield chance.choice(closed)
        else:
            size = chance.choice([1, 1, 2, 3, 4, 5])
            pool = known if known_only or chance.random() < 0.7 else strange
            yield " ".join(chance.choice(pool) for _ in range(size))
