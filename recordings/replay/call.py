"""The verdict of depth ``call`` on one fixture."""

from ..caller.sip import Refused
from ..fixture.folder import Folder
from ..fixture.journal_file import JournalError
from .audio import hindrance, judged
from .judge import refused
from .live import Lines, play
from .verdict import Result

DEPTH = "call"


async def replay(lines: Lines, folder: Folder, number: str | None, at: str) -> Result:
    """Place the call of ``folder`` as ``number`` at a hotline whose clock began at ``at``, and judge."""
    name, path = folder.name, str(folder.path)
    if why := _out_of_reach(folder, at) or hindrance(folder):
        return refused(name, path, DEPTH, why)
    try:
        course = await play(lines, folder, number)
        recorded = folder.journal
    except Refused as error:
        return refused(name, path, DEPTH, f"infolinia nie odebrała: {error}")
    except JournalError as error:
        return refused(name, path, DEPTH, str(error))
    except KeyError as error:
        return refused(name, path, DEPTH, f"nie ma takiej osoby ani jej numeru: {error.args[0]}")
    if not course.turns:
        return refused(name, path, DEPTH, "w dzienniku infolinii nie ma tej rozmowy")
    return judged(folder, course, recorded, DEPTH)


def _out_of_reach(folder: Folder, at: str) -> str:
    """What a real hotline cannot be made to do for one call; nothing when it can."""
    fixture = folder.fixture
    if fixture.at != at:
        return f"rozmowa jest z {fixture.at}, a zegar infolinii zaczął o {at}"
    if fixture.closures or fixture.earlier or not fixture.hears:
        return "zamknięcia, przerwanej rozmowy i braku rozpoznawania nie da się zadać jednej prawdziwej rozmowie"
    for step in fixture.steps:
        if step.verdict or step.lost or step.clock:
            return "wyniku e-US, zerwania dźwięku i zegara nie da się zadać jednej prawdziwej rozmowie"
        if step.queue not in (None, "served"):
            return f"kolejki zakończonej „{step.queue}” nie da się zadać jednej prawdziwej rozmowie"
    return ""
