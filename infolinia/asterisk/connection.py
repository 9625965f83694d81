"""The connection to Asterisk's manager interface, as one of the users that set-up makes there."""

from pydantic import SecretStr

from infolinia.secret_files import read_secret
from infolinia.settings import Settings
from ivr.asterisk.ami import Ami

EVENTS = {"desk": "call,agent,user", "engine": "off"}
"""What each user hears of."""


def manager(settings: Settings, user: str = "desk") -> Ami:
    """A connection as ``user``: ``desk`` or ``engine``. Raises ``FileNotFoundError`` before set-up."""
    password = SecretStr(read_secret(settings, f"ami-{user}").decode())
    return Ami("127.0.0.1", settings.port("ami"), user, password, events=EVENTS[user])
