"""The verdict of depth ``call`` on one fixture."""

from dataclasses import dataclass

from ..caller.sip import Refused
from ..fixture.folder import Folder
from ..fixture.journal_file import JournalError
from .audio import hindrance, judged
from .judge import refused
from .live import Lines, play
from .verdict import Result

DEPTH = "call"


@dataclass(frozen=True)
class Scene:
    """What a hotline must be for a call: its clock began ``at``, it has an ear (``hears``), e-US answers (``eus``), and
    offices are closed with a text (``closures``)."""

    at: str
    hears: bool = True
    eus: bool = True
    closures: tuple[tuple[str, str], ...] = ()


def scene_of(folder: Folder) -> Scene:
    """The hotline that the call of ``folder`` needs."""
    fixture = folder.fixture
    eus = all(step.verdict != "unavailable" for step in fixture.steps)
    return Scene(fixture.at, fixture.hears, eus, tuple(sorted(fixture.closures.items())))


async def replay(lines: Lines, folder: Folder, number: str | None, scene: Scene) -> Result:
    """Place the call of ``folder`` as ``number`` at a hotline that is ``scene``, and judge."""
    name, path = folder.name, str(folder.path)
    if why := out_of_reach(folder, scene) or hindrance(folder):
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


def out_of_reach(folder: Folder, scene: Scene) -> str:
    """What a real hotline that is ``scene`` cannot be made to do for one call; nothing when it can."""
    fixture, wanted = folder.fixture, scene_of(folder)
    if wanted.at != scene.at:
        return f"rozmowa jest z {wanted.at}, a zegar infolinii zaczął o {scene.at}"
    if wanted != scene:
        return "rozmowa potrzebuje innej infolinii: z zamknięciami, bez rozpoznawania mowy albo bez e-US"
    if fixture.earlier:
        return "przerwanej wcześniej rozmowy nie da się zadać jednej prawdziwej rozmowie"
    for step in fixture.steps:
        if step.verdict not in (None, "unavailable") or step.lost or step.clock:
            return "wyniku e-US, zerwania dźwięku i zegara nie da się zadać jednej prawdziwej rozmowie"
        if step.queue not in (None, "served"):
            return f"kolejki zakończonej „{step.queue}” nie da się zadać jednej prawdziwej rozmowie"
    return ""
