"""The CRM's own data: who an opaque reference is."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

SHIPPED = Path(__file__).with_name("people.yaml")


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Contact(_Row):
    """One earlier contact; ``on`` is a date, ISO 8601."""

    on: str
    channel: str
    matter: str
    result: str


class Person(_Row):
    """A person or organisation (``kind``: ``osoba`` or ``podmiot``)."""

    kind: str
    name: str
    office: str = ""
    contacts: tuple[Contact, ...] = ()


class People(_Row):
    people: dict[str, Person]

    def find(self, ref: str | None) -> Person | None:
        return self.people.get(ref) if ref else None


def load_people(path: Path = SHIPPED) -> People:
    """Read the data file. Raises OSError, and pydantic's ValidationError naming what is wrong."""
    return People.model_validate(YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")))
