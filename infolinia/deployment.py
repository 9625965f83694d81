"""Going live: dialplans become an immutable version, and that version the one that calls are served with.

Whatever could fail is done before the live version changes: the copy is judged (not the folder, which may be edited
meanwhile), its prompts are rendered, its recogniser is taught, Asterisk knows its numbers and queues. The change itself
is one rename; engines see it within half a second. Calls under way keep their version (``infolinia.editions``).
"""

import asyncio
import getpass
import hashlib
import os
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from infolinia.judgement import Judgement, Say, judge
from infolinia.rehearsals import taught
from infolinia.settings import Settings
from ivr.calendar import WARSAW
from ivr.dialogue.plan import Office, Plan
from ivr.dialplan import PlanError, compile_plan, examine, files_of, load_plan, read_compiled
from ivr.dialplan.differences import Difference, differences
from store.versions import Version, VersionError, Versions
from voicebot.topics.recogniser import ensure_model

from .asterisk import conf
from .asterisk.control import Asterisk
from .asterisk.setup import set_up
from .progress import bar
from .voice import prompt_book

COMPILED = "plan.json"
SYSTEM = "infolinia"
"""Who deploys the shipped dialplans when nobody did before."""


class NotFit(Exception):
    """The dialplans may not go live; ``found`` says why."""

    def __init__(self, found: Judgement) -> None:
        told = [*map(str, found.faults), f"Błędów: {len(found.faults)}. Nic nie zostało wdrożone."]
        super().__init__("\n".join(told))
        self.found = found


@dataclass(frozen=True)
class Deployed:
    """``changes``: what calls will notice, None for the first version; ``new`` is False when that content was live
    already; ``version`` is None after a trial."""

    version: Version | None
    plan: Plan
    judgement: Judgement
    changes: list[Difference] | None
    new: bool = True


def versions_of(settings: Settings) -> Versions:
    """The versions of this installation's dialplans."""
    return Versions(settings.var / "dialplans")


def who() -> str:
    """Whoever runs this command, also through sudo."""
    return os.environ.get("SUDO_USER") or getpass.getuser()


def plan_of(version: Version) -> Plan:
    """The plan of a version, called by its id. Raises ``VersionError`` when it is damaged, ``PlanError`` when this
    program cannot read its files any more."""
    version.verify()
    try:
        known = read_compiled((version.folder / COMPILED).read_bytes())
    except OSError:
        known = None
    return known if known is not None and known.version == version.id else load_plan(version.files, version.id)


def live_plan(settings: Settings) -> Plan:
    """The plan in force; before the first deployment, that of the folder. Raises ``VersionError``, ``PlanError``."""
    version = versions_of(settings).live()
    return load_plan(settings.dialplans) if version is None else plan_of(version)


def offices_lost(settings: Settings, plan: Plan) -> list[str]:
    """The offices of the live version that ``plan`` does not have; none when there is no live version to read."""
    try:
        live = versions_of(settings).live()
        return [] if live is None else [office for office in plan_of(live).offices if office not in plan.offices]
    except (VersionError, PlanError, OSError):
        return []


def deploy(
    settings: Settings,
    root: Path,
    *,
    by: str,
    note: str = "",
    trial: bool = False,
    remove: Collection[str] = (),
    say: Say = lambda text: None,
) -> Deployed:
    """Make the dialplans in ``root`` the live version; with ``trial`` only say what that would do. An office of the
    live version may be missing only when ``remove`` names it.

    Raises ``NotFit``, ``VersionError`` (somebody else deploys), ``VoiceError`` or ``AsteriskError``: the live version
    is then the one it was.
    """
    versions = versions_of(settings)
    with versions.changing(by, waits=lambda holder: say(f"Czekam, trwa inne wdrożenie: {holder}")):
        return _deploy(settings, versions, root, by, note, trial, remove, say)


def _deploy(
    settings: Settings,
    versions: Versions,
    root: Path,
    by: str,
    note: str,
    trial: bool,
    remove: Collection[str],
    say: Say,
) -> Deployed:
    say("Sprawdzam pliki")
    first = examine(root)
    if first.plan is None:  # no copy shows a link that leads out of the folder, or a pipe
        raise NotFit(Judgement(first, first.faults, None, 0))
    if lost := [office for office in offices_lost(settings, first.plan) if office not in remove]:
        names, options = ", ".join(f"`{name}`" for name in lost), " ".join(f"--remove {name}" for name in lost)
        raise VersionError(
            f"W {root} nie ma urzędów, które ma działająca wersja: {names}; automat przestałby odbierać ich numery. "
            f"Jeśli tak ma być: infolinia deploy {options}"
        )
    if not taught(root):
        raise VersionError(f"W {root} nie ma topics/phrases, więc nie wiadomo, jak dzwoniący pytają: proszę je dodać")
    with versions.draft(root, files_of(root)) as draft:
        found = judge(draft.files, settings, say=say, shown=root)
        if found.plan is None:
            raise NotFit(found)
        live = versions.live()
        plan = load_plan(draft.files, draft.id)
        changes = None if live is None else changes_between(live.files, plan_of(live), draft.files, plan)
        if live is not None and live.id == draft.id:
            return Deployed(live, plan, found, [], new=False)
        if trial:
            return Deployed(None, plan, found, changes)
        make_ready(settings, plan, draft.files, say)
        about = {"proof": found.proof, "rehearsals": found.rehearsals}
        made_of_it = {COMPILED: compile_plan(plan)}
        version = versions.keep(draft, by=by, note=note, about=about, made_of_it=made_of_it)
        _tell_asterisk(settings, plan, version.files, None if live is None else plan_of(live), say)
        versions.go_live(version, by=by, note=note)
        return Deployed(version, plan, found, changes)


def roll_back(
    settings: Settings, name: str | None, *, by: str, note: str = "", say: Say = lambda text: None
) -> tuple[Version, Version]:
    """Back to the version called ``name``; None: the one before. Returns the one left and the one now live. Raises
    ``VersionError``, ``PlanError`` and what ``deploy`` does."""
    versions = versions_of(settings)
    with versions.changing(by, waits=lambda holder: say(f"Czekam, trwa inne wdrożenie: {holder}")):
        live = versions.live()
        if live is None:
            raise VersionError("Nic jeszcze nie wdrożono: infolinia deploy")
        way = versions.way_back()
        if name is None and len(way) < 2:
            raise VersionError(f"Przed wersją {live.number} nie było innej. Wszystkie pokazuje: infolinia versions")
        target = versions.get(way[1]) if name is None else versions.find(name)
        if target.id == live.id:
            raise VersionError(f"Wersja {target.number} już działa")
        plan = plan_of(target)
        make_ready(settings, plan, target.files, say)
        _tell_asterisk(settings, plan, target.files, plan_of(live), say)
        versions.go_live(target, by=by, what="rollback", note=note)
        return live, target


def changes_between(old: Path, before: Plan, new: Path, after: Plan) -> list[Difference]:
    """What calls will notice, and which phrases, rehearsals and recordings are others."""
    found = differences(before, after)
    kinds = {"topics/": "Nauka rozpoznawania tematów", "tests/": "Próby", "recordings/": "Nagrania studyjne"}
    names = sorted({*files_of(old), *files_of(new)})
    for start, kind in kinds.items():
        others = [name for name in names if name.startswith(start) and _content(old / name) != _content(new / name)]
        if start == "topics/":
            others = [name for name in others if name.count("/") > 1 or after.topics == before.topics]
        if others:
            shown = ", ".join(Path(name).stem for name in others[:6]) + (" …" if len(others) > 6 else "")
            found.append(Difference(kind, f"innych plików: {len(others)} ({shown})"))
    return found


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def make_ready(settings: Settings, plan: Plan, files: Path, say: Say) -> None:
    """Make all that calls of ``plan`` need and that is slow to make; what is there is left alone. Raises
    ``VoiceError``."""
    book = prompt_book(settings, files)
    with bar("komunikaty") as progress:
        asyncio.run(book.prepare(((line.prompt, line.text) for line in plan.fixed_lines()), progress))
    ensure_model(files, settings.var / "topics", say)


def make_asterisk(settings: Settings, plan: Plan, files: Path, former: Plan | None, say: Say) -> None:
    """Make Asterisk and what it reads of ``plan``: numbers, hours, queues; what changed comes into force at once. The
    queues of ``former``, whose calls may be under way, stay. Raises ``asterisk.trouble.AsteriskError``."""
    book = prompt_book(settings, files)
    with bar("Asterisk") as progress:
        ready = set_up(
            settings,
            offices_of(plan, former),
            list({**(former.queues if former is not None else {}), **plan.queues}.values()),
            lambda name, text: asyncio.run(book.audio(name, text)),
            datetime.now(WARSAW).date(),
            lambda what, done, total: progress(done, total),
        )
    asterisk = Asterisk(settings, ready.site)
    if ready.changed and asterisk.pid is not None:
        waiting = asterisk.reload(ready.changed)
        say(f"Asterisk wczytał: {', '.join(sorted(set(ready.changed) - set(waiting)))}")
        if waiting:
            say(f"Te pliki wchodzą w życie po ponownym uruchomieniu Asteriska: {', '.join(waiting)}")


def _tell_asterisk(settings: Settings, plan: Plan, files: Path, former: Plan | None, say: Say) -> None:
    """``make_asterisk``, where set-up has made one; elsewhere set-up will."""
    if (conf.folder(settings) / "etc" / "extensions.conf").is_file():
        make_asterisk(settings, plan, files, former, say)


def offices_of(plan: Plan, former: Plan | None) -> list[Office]:
    """The offices as Asterisk must know them while calls of ``former`` are still under way: those of ``plan``, with the
    queues that only ``former`` had; numbers are those of ``plan`` alone."""
    if former is None:
        return list(plan.offices.values())
    kept = []
    for id_, office in plan.offices.items():
        before = former.offices.get(id_)
        gone = [queue for queue in before.queues if queue not in office.queues] if before is not None else []
        kept.append(office.model_copy(update={"queues": (*office.queues, *gone)}))
    closed = [office for id_, office in former.offices.items() if id_ not in plan.offices]
    return [*kept, *(office.model_copy(update={"numbers": ()}) for office in closed)]


def standing(settings: Settings) -> str:
    """Which version is live, and whether the folder has changes that are not: one line, Polish."""
    versions = versions_of(settings)
    try:
        live = versions.live()
    except VersionError as error:
        return str(error)
    if live is None:
        return "nic nie wdrożono; pierwszą wersję wdroży infolinia up"
    names = files_of(settings.dialplans)
    others = [name for name in {*names, *live.hashes} if _digest(settings.dialplans / name) != live.hashes.get(name)]
    told = f"wersja {live.number} ({live.id[:8]}), {live.by}"
    if not others:
        return told
    return f"{told}; {settings.dialplans.name}/ ma zmiany, które nie działają (plików: {len(others)}): infolinia diff"


def _digest(path: Path) -> str | None:
    content = _content(path)
    return None if content is None else hashlib.sha256(content).hexdigest()
