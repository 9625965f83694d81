"""Set-up in one call: an Asterisk, secrets, sounds, music and configuration. Idempotent; run it after every change of
the plan too."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from infolinia.settings import Settings
from ivr.dialogue.plan import Office, QueueKind

from . import conf, install, music, secret, sound
from .debian import Progress
from .install import silent
from .site import Site
from .sound import Speak


@dataclass(frozen=True)
class Ready:
    """``changed``: configuration files that are new or different (see ``control.Asterisk.reload``)."""

    site: Site
    changed: list[str]


def set_up(
    settings: Settings,
    offices: Sequence[Office],
    queues: Sequence[QueueKind],
    speak: Speak,
    today: date,
    progress: Progress = silent,
) -> Ready:
    """Make all that ``control.Asterisk(settings, ready.site).start()`` needs. Raises AsteriskError."""
    site = install.ensure(settings, progress)
    sound.prepare(settings, sound.announcements(settings, offices, today), speak, progress)
    music.prepare(conf.folder(settings) / "moh")
    secrets = secret.ensure(settings, conf.secret_names(settings))
    files = conf.render(settings, site, offices, queues, secrets, today)
    return Ready(site, conf.write(settings, files))
