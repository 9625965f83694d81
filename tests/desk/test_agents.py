import pytest
from desk_fakes import QUEUE, FakeSwitchboard
from sqlalchemy.ext.asyncio import AsyncEngine

from desk.agents import AgentError, Agents, choose_queues

pytestmark = pytest.mark.anyio

PIT = "malopolskie-kol-pit"


async def test_membership_is_kept_and_seated(database: AsyncEngine) -> None:
    switchboard = FakeSwitchboard()
    agents = Agents(switchboard, database)
    assert await agents.add("konsultant1", [QUEUE, "lodzkie-*"], "Anna") == [QUEUE, "lodzkie-kol-pit"]
    assert set(switchboard.members) == {("PJSIP/konsultant1", QUEUE), ("PJSIP/konsultant1", "lodzkie-kol-pit")}
    assert {headers.get("MemberName") for name, headers in switchboard.asked if name == "QueueAdd"} == {"Anna"}
    assert [(member.agent, member.queue, member.live) for member in await agents.listed()] == [
        ("konsultant1", "lodzkie-kol-pit", "wolny"),
        ("konsultant1", QUEUE, "wolny"),
    ]


async def test_adding_twice_renames_and_does_not_unpause(database: AsyncEngine) -> None:
    agents = Agents(FakeSwitchboard(), database)
    await agents.add("konsultant1", [QUEUE], "Anna")
    await agents.pause("konsultant1", reason="obiad")
    await agents.add("PJSIP/konsultant1", [QUEUE], "Anna K.")
    [member] = await agents.stored()
    assert (member.name, member.paused, member.reason) == ("Anna K.", True, "obiad")


async def test_pause_unpause_and_remove_act_on_all_or_on_named_queues(database: AsyncEngine) -> None:
    switchboard = FakeSwitchboard()
    agents = Agents(switchboard, database)
    await agents.add("konsultant1", ["malopolskie-*"])
    assert await agents.pause("konsultant1", ["*-pit"]) == [PIT]
    assert {key[1]: seat["Paused"] for key, seat in switchboard.members.items()} == {QUEUE: "0", PIT: "1"}
    assert sorted(await agents.unpause("konsultant1")) == sorted([QUEUE, PIT])
    assert {seat["Paused"] for seat in switchboard.members.values()} == {"0"}
    assert await agents.remove("konsultant1", [PIT]) == [PIT]
    assert set(switchboard.members) == {("PJSIP/konsultant1", QUEUE)}
    assert await agents.remove("konsultant1") == [QUEUE]
    assert await agents.stored() == []


async def test_membership_survives_a_restart_of_asterisk(database: AsyncEngine) -> None:
    first = FakeSwitchboard()
    await Agents(first, database).add("konsultant1", [QUEUE, PIT], "Anna")
    await Agents(first, database).pause("konsultant1", [PIT])
    fresh = FakeSwitchboard()
    await Agents(fresh, database).apply()
    assert fresh.members == first.members
    before = len(fresh.asked)
    await Agents(fresh, database).apply()
    assert [name for name, _ in fresh.asked[before:]] == ["QueueStatus"], "nothing to mend the second time"


async def test_what_asterisk_remembers_wrongly_is_mended_but_static_members_stay(database: AsyncEngine) -> None:
    switchboard = FakeSwitchboard()
    agents = Agents(switchboard, database)
    await agents.add("konsultant1", [QUEUE])
    switchboard.members["PJSIP/konsultant1", QUEUE]["Paused"] = "1"
    switchboard.members["PJSIP/duch", QUEUE] = {"Paused": "0", "Membership": "dynamic", "Status": "5"}
    switchboard.members["PJSIP/staly", QUEUE] = {"Paused": "0", "Membership": "static", "Status": "1"}
    await agents.apply()
    assert {key[0]: seat["Paused"] for key, seat in switchboard.members.items()} == {
        "PJSIP/konsultant1": "0",
        "PJSIP/staly": "0",
    }


async def test_a_queue_that_is_gone_does_not_stop_the_others(database: AsyncEngine) -> None:
    await Agents(FakeSwitchboard(), database).add("konsultant1", [QUEUE, PIT])
    fewer = FakeSwitchboard(queues=(PIT,))
    await Agents(fewer, database).apply()
    assert set(fewer.members) == {("PJSIP/konsultant1", PIT)}


async def test_an_unknown_queue_is_refused_with_the_nearest_and_nothing_is_kept(database: AsyncEngine) -> None:
    agents = Agents(FakeSwitchboard(), database)
    with pytest.raises(AgentError, match=r"Nie ma kolejki „malopolskie-kol-pcc”.*malopolskie-kol-pcc-sd"):
        await agents.add("konsultant1", [PIT, "malopolskie-kol-pcc"])
    assert await agents.stored() == []


@pytest.mark.parametrize("agent", ["", "Anna Nowak", "PJSIP/a\r\nAction: Logoff", "../x", "ż", "x" * 65])
async def test_a_strange_agent_is_refused(database: AsyncEngine, agent: str) -> None:
    with pytest.raises(AgentError):
        await Agents(FakeSwitchboard(), database).add(agent, [QUEUE])


async def test_strange_names_and_reasons_are_refused(database: AsyncEngine) -> None:
    agents = Agents(FakeSwitchboard(), database)
    with pytest.raises(AgentError):
        await agents.add("konsultant1", [QUEUE], "Anna\r\nAction: Logoff")
    with pytest.raises(AgentError):
        await agents.pause("konsultant1", reason="a,b")


async def test_an_unknown_agent_is_refused_with_the_nearest(database: AsyncEngine) -> None:
    agents = Agents(FakeSwitchboard(), database)
    await agents.add("konsultant1", [QUEUE])
    with pytest.raises(AgentError, match="konsultant1"):
        await agents.pause("konsultant2")


def test_wildcards_choose_each_queue_once() -> None:
    known = {"a-x", "a-y", "b-x"}
    assert choose_queues(["a-*", "*-x"], known) == ["a-x", "a-y", "b-x"]
    with pytest.raises(AgentError, match="Nie ma kolejki"):
        choose_queues(["c-*"], known)
    with pytest.raises(AgentError, match="żadnych kolejek"):
        choose_queues(["*"], set())
