"""What the running stack was started with. Kept beside its pid files, so that later commands find it by its own ports
and hours, whatever the environment of the moment says."""

import json
from pathlib import Path
from typing import Any

import msgspec

from .asterisk.conf import replace_file
from .settings import Settings

FIELDS = (
    "port_shift", "engines", "hours", "sip_port", "sip_bind", "rtp_first", "rtp_last", "ami_port", "agi_port",
    "media_port", "metrics_port", "eus_url", "eus_port", "crm_url", "crm_port", "consultants", "whisper", "clock",
    "asterisk_prefix",
)  # fmt: skip
"""The settings that a running stack keeps until it is restarted, and that lead others to it. None is a secret."""


class Started(msgspec.Struct, kw_only=True):
    """``chosen`` are the settings of FIELDS, ``own`` the names of those that the verb chose by itself;
    ``stubs`` and ``phones`` what ``up`` was told."""

    chosen: dict[str, Any]
    stubs: bool = True
    phones: tuple[str, ...] = ()
    own: tuple[str, ...] = ()

    def in_force(self, settings: Settings) -> Settings:
        """``settings`` with those that the stack was started with."""
        known = {name: value for name, value in self.chosen.items() if name in FIELDS}
        known["consultants"] = tuple(known.get("consultants", ()))
        if (prefix := known.pop("asterisk_prefix", None)) is not None:
            known["asterisk_prefix"] = Path(prefix)
        return settings.model_copy(update=known)

    def unlike(self, settings: Settings) -> list[str]:
        """What ``settings`` would have otherwise, as ``name=value`` of the environment variable. What a verb chose by
        itself waits for nothing, unless somebody sets it now."""
        wanted = settings.model_dump(mode="json", include=set(FIELDS))
        return [
            f"INFOLINIA_{name.upper()}={wanted[name]}"
            for name in FIELDS
            if name in self.chosen
            and self.chosen[name] != wanted[name]
            and (name not in self.own or name in settings.model_fields_set)
        ]


def path(settings: Settings) -> Path:
    return settings.var / "run" / "stack.json"


def keep(settings: Settings, *, stubs: bool, phones: tuple[str, ...], own: tuple[str, ...] = ()) -> None:
    """Write down what the stack is started with."""
    chosen = settings.model_dump(mode="json", include=set(FIELDS))
    started = Started(chosen=chosen, stubs=stubs, phones=phones, own=own)
    path(settings).parent.mkdir(parents=True, exist_ok=True)
    replace_file(path(settings), json.dumps(msgspec.to_builtins(started), indent=1).encode())


def read(settings: Settings) -> Started | None:
    """What was written down; None where there is nothing that can be read."""
    try:
        return msgspec.json.decode(path(settings).read_bytes(), type=Started)
    except (OSError, msgspec.DecodeError):
        return None
