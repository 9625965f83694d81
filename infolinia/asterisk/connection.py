"""The connection to Asterisk's manager interface, as one of the users that set-up makes there."""

from pydantic import SecretStr

from infolinia.secret_files import read_secret
from infolinia.settings import Settings
from ivr.asterisk.ami import Ami, AmiError, AmiRefused

EVENTS = {"desk": "call,agent,user", "engine": "off"}
"""What each user hears of."""


def manager(settings: Settings, user: str = "desk") -> Ami:
    """A connection as ``user``: ``desk`` or ``engine``. Raises ``FileNotFoundError`` before set-up."""
    password = SecretStr(read_secret(settings, f"ami-{user}").decode())
    return Ami("127.0.0.1", settings.port("ami"), user, password, events=EVENTS[user])


WITHOUT = {
    "desk": "konsultanci nie mają stron rozmówców ani przydziałów do kolejek",
    "engine": "silniki nie wiedzą, ile się czeka, i uważają kolejki za wolne",
}
"""What is missing while a user is not let in."""


async def not_let_in(settings: Settings) -> list[str]:
    """Sentences about users whom the running Asterisk does not let in, with the mend; found out by trying."""
    return [told for user in EVENTS if (told := await _try(settings, user))]


async def _try(settings: Settings, user: str) -> str | None:
    mend = "Pomoże: infolinia setup && infolinia restart"
    try:
        ami = manager(settings, user)
    except FileNotFoundError as error:
        return f"Brak hasła do Asteriska ({error.filename or user}): {WITHOUT[user]}. {mend}"
    try:
        await ami.start()
    except AmiRefused:
        who = "stanowiska (desk)" if user == "desk" else "silników (engine)"
        return f"Asterisk nie przyjmuje hasła {who}: {WITHOUT[user]}. {mend}"
    except AmiError:
        return f"Asterisk nie odpowiada na porcie poleceń 127.0.0.1:{settings.port('ami')}: {WITHOUT[user]}. {mend}"
    finally:
        await ami.close()
    return None
