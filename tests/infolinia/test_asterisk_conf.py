"""What Asterisk is told, by meaning."""

import re
from datetime import date
from pathlib import Path

import pytest

from infolinia.asterisk import conf, install, sound
from infolinia.asterisk.site import Site
from infolinia.asterisk.trouble import AsteriskError
from infolinia.settings import OperatorLine, Settings
from ivr.dialogue.plan import Hours, Office, Season, SpecialDay
from tests.fakes.asterisk_plan import NUMBERS, QUEUES, offices, queues

SITE = Site(Path("/ast/bin/asterisk"), Path("/ast/modules"), Path("/ast/data"), "22.10.1")
TODAY = date(2026, 11, 21)


def settings(tmp_path: Path, **changes: object) -> Settings:
    return Settings(var=tmp_path, port_shift=700, **changes)


def rendered(settings: Settings, some: list[Office] | None = None, today: date = TODAY) -> dict[str, str]:
    secrets = {name: f"geheim-{name}" for name in conf.secret_names(settings)}
    return conf.render(settings, SITE, some or offices(), queues(), secrets, today)


def sections(text: str) -> dict[str, list[str]]:
    """Section -> its lines, without comments."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        line = line.split(" ;")[0].rstrip()
        if heading := re.match(r"^\[([^]]+)\]", line):
            lines = found.setdefault(heading.group(1), [])
        elif line and not line.startswith(";"):
            lines.append(line)
    return found


def test_every_number_of_every_office_leads_to_its_office(tmp_path: Path) -> None:
    numbers = sections(rendered(settings(tmp_path))["extensions.conf"])["infolinia-numbers"]
    told = dict(re.findall(r"exten => x(\d{9}),1,Set\(IVR_OFFICE=([a-z-]+)\)", "\n".join(numbers)))
    assert told == {number: office for office, all_of in NUMBERS.items() for number in all_of}


def test_every_office_has_every_queue_and_hours(tmp_path: Path) -> None:
    files = rendered(settings(tmp_path))
    assert {f"{office}-{queue}" for office in NUMBERS for queue in QUEUES} <= set(sections(files["queues.conf"]))
    dialplan = sections(files["extensions.conf"])
    for office in NUMBERS:
        assert f"exten => {office},1,Set(IVR_OPEN=0)" in dialplan["infolinia-hours"]
        assert f"days-off-{office}" in dialplan


def test_a_caller_reaches_no_outside_line(tmp_path: Path) -> None:
    line = OperatorLine(host="sip.example", addresses=("192.0.2.7",), user="48224605990", registers=True)
    files = rendered(settings(tmp_path, sip_bind="0.0.0.0", operator=line))
    dialplan = sections(files["extensions.conf"])
    dials = [(name, row) for name, rows in dialplan.items() for row in rows if re.search(r"\b(Dial|Originate)\(", row)]
    assert {name for name, _ in dials} == {"internal"}
    assert all(re.search(r",Dial\(PJSIP/konsultant\d,30,g\)$", row) for _, row in dials)
    assert "operator" not in files["extensions.conf"].replace("; ", "")
    loaded = files["modules.conf"]
    for way_out in ("app_transfer", "app_originate", "res_pjsip_refer", "app_system", "func_shell", "pbx_spool"):
        assert f"load={way_out}" not in loaded


def test_a_consultant_reaches_only_the_end(tmp_path: Path) -> None:
    files = rendered(settings(tmp_path))
    rows = sections(files["extensions.conf"])["from-consultant"]
    assert rows
    assert all(row.endswith(",1,Hangup(21)") for row in rows)
    assert sections(files["pjsip.conf"])["consultant"][1] == "context=from-consultant"


def test_lines_are_known_by_address_and_consultants_by_password(tmp_path: Path) -> None:
    line = OperatorLine(host="sip.example", addresses=("192.0.2.7", "192.0.2.8"))
    pjsip = rendered(settings(tmp_path, sip_bind="0.0.0.0", operator=line))["pjsip.conf"]
    for name in ("trunk", "operator"):
        assert "identify_by=ip" in sections(pjsip)[name]
    assert {"match=192.0.2.7", "match=192.0.2.8"} <= set(sections(pjsip)["operator"])
    for consultant in ("konsultant1", "konsultant4"):
        assert {f"auth={consultant}", f"password=geheim-sip-{consultant}"} <= set(sections(pjsip)[consultant])


def test_an_operators_line_with_tls_registration_and_nat(tmp_path: Path) -> None:
    line = OperatorLine(
        host="sip.example", port=5061, addresses=("192.0.2.0/24",), transport="tls", user="u1", registers=True,
        from_domain="kas.example", media_encryption=True, nat=True, public_address="198.51.100.4", dialled_from="to",
        dtmf="inband",
    )  # fmt: skip
    told = sections(rendered(settings(tmp_path, sip_bind="0.0.0.0", operator=line))["pjsip.conf"])
    assert {"protocol=tls", "external_signaling_address=198.51.100.4"} <= set(told["tls"])
    assert {
        "transport=tls", "media_encryption=sdes", "set_var=IVR_DIALLED_FROM=to", "dtmf_mode=inband",
        "server_uri=sip:sip.example:5061\\;transport=tls", "client_uri=sip:u1@kas.example", "qualify_frequency=30",
        "trust_id_inbound=yes", "password=geheim-operator",
    } <= set(told["operator"])  # fmt: skip


def test_the_manager_gets_no_keys_and_little_power(tmp_path: Path) -> None:
    manager = sections(rendered(settings(tmp_path))["manager.conf"])
    assert {"bindaddr=127.0.0.1", "port=5738", "channelvars=IVR_CALL,IVR_CALLER,IVR_WITHHELD"} <= set(
        manager["general"]
    )
    rights = dict(row.split("=", 1) for row in manager["desk"] if row.startswith(("read=", "write=")))
    assert set(rights["read"].split(",")) == {"system", "call", "agent", "user"}
    assert set(rights["write"].split(",")) == {"agent", "reporting"}
    assert "permit=127.0.0.1/255.255.255.255" in manager["desk"]


def test_no_log_can_hold_a_key(tmp_path: Path) -> None:
    files = rendered(settings(tmp_path))
    levels = {level for row in sections(files["logger.conf"])["logfiles"] for level in row.split(" => ")[1].split(",")}
    assert levels == {"notice", "warning", "error", "security"}
    assert {"verbose = 0", "debug = 0"} <= set(sections(files["asterisk.conf"])["options"])
    assert "res_pjsip_logger" not in "".join(re.findall("^load=.*", files["modules.conf"], re.MULTILINE))


def test_every_announcement_played_is_rendered_and_the_other_way_round(tmp_path: Path) -> None:
    used = settings(tmp_path)
    files = rendered(used)
    text = files["extensions.conf"] + files["queues.conf"]
    played = set()
    for name in re.findall(r"infolinia/([a-z-]+(?:\$\{IVR_OFFICE\})?)", re.sub(r"(?m)^;.*", "", text)):
        played |= {name.replace("${IVR_OFFICE}", office) for office in NUMBERS}
    assert played == set(sound.announcements(used, offices(), TODAY))


def test_every_application_and_function_of_the_dialplan_has_its_module(tmp_path: Path) -> None:
    homes = {
        "AGI": "res_agi", "Queue": "app_queue", "Dial": "app_dial", "Playback": "app_playback", "Gosub": "app_stack",
        "Return": "app_stack", "UserEvent": "app_userevent", "Log": "app_verbose", "ExecIf": "app_exec",
            "TryExec": "app_exec",
        "CALLERID": "func_callerid", "REDIRECTING": "func_callerid", "CHANNEL": "func_channel", "IF": "func_logic",
        "CUT": "func_cut", "FILTER": "func_strings", "REGEX": "func_strings", "LEN": "func_strings",
        "STRFTIME": "func_strings", "TOLOWER": "func_strings", "TIMEOUT": "func_timeout", "UUID": "func_uuid",
        "RAND": "func_rand", "DIALPLAN_EXISTS": "func_dialplan", "QUEUE_EXISTS": "app_queue",
        "PJSIP_HEADER": "res_pjsip_header_funcs", "PJSIP_PARSE_URI_FROM": "chan_pjsip",
    }  # fmt: skip
    core = {"Set", "Goto", "GotoIf", "GotoIfTime", "Answer", "Hangup", "Wait"}
    rows = [row for rows in sections(rendered(settings(tmp_path))["extensions.conf"]).values() for row in rows]
    used = set(re.findall(r"(?:,|\?|\$\{|Set\(|:)([A-Z][A-Za-z_]+)\(", "\n".join(rows)))
    assert used - core <= set(homes)
    modules = install.needed_modules(settings(tmp_path))
    assert {f"{homes[name]}.so" for name in used - core} <= set(modules)


@pytest.mark.parametrize(
    ("closes", "times"), [("16:00", "08:00-15:59"), ("24:00", "08:00-23:59"), ("15:30", "08:00-15:29")]
)
def test_the_closing_minute_is_not_open(closes: str, times: str) -> None:
    assert conf.opening_times([Hours(days=("pn", "sr"), opens="08:00", closes=closes)]) == [(times, "mon&wed")]


def test_days_off_are_public_holidays_the_offices_own_and_not_those_taken_back(tmp_path: Path) -> None:
    changed = offices()
    changed[5] = changed[5].model_copy(update={"closed_on": ("12-31",), "open_on": ("2026-12-24",)})
    dialplan = sections(rendered(settings(tmp_path), changed)["extensions.conf"])
    assert {"exten => x20261231,1,Return()", "exten => x20271231,1,Return()"} <= set(dialplan["days-off-opolskie"])
    assert "exten => x20261224,1,Return()" not in dialplan["days-off-opolskie"]
    assert "exten => x20261224,1,Return()" in dialplan["days-off-lodzkie"]
    assert "exten => x20261123,1,Return()" not in dialplan["days-off-lodzkie"]


def test_special_days_and_seasons_have_hours_of_their_own(tmp_path: Path) -> None:
    changed = offices()
    late = SpecialDay(date="2026-12-26", opens="10:00", closes="14:00")
    summer = Hours(days=("sr",), opens="08:00", closes="19:00", season=Season(first="07-01", last="08-31"))
    changed[5] = changed[5].model_copy(update={"special": (late,), "hours": (*changed[5].hours, summer)})
    dialplan = sections(rendered(settings(tmp_path), changed)["extensions.conf"])
    days = dialplan["days-off-opolskie"]
    at = days.index("exten => x20261226,1,Set(IVR_OPEN=0)")
    assert days[at + 1] == " same => n,GotoIfTime(10:00-13:59,*,*,*,Europe/Warsaw?open)"
    at = days.index("exten => x20270707,1,Set(IVR_OPEN=0)")
    assert days[at + 1] == " same => n,GotoIfTime(08:00-18:59,*,*,*,Europe/Warsaw?open)"
    assert "exten => x20270708,1,Set(IVR_OPEN=0)" not in days
    assert "exten => x20270901,1,Set(IVR_OPEN=0)" not in days
    assert not [row for row in dialplan["infolinia-hours"] if "18:59" in row]


def test_offices_can_be_held_open_or_closed(tmp_path: Path) -> None:
    held = {
        state: sections(rendered(settings(tmp_path, hours=state))["extensions.conf"]) for state in ("open", "closed")
    }
    assert " same => n,GotoIfTime(*,*,*,*,Europe/Warsaw?open)" in held["open"]["infolinia-hours"]
    assert held["open"]["days-off-lodzkie"] == []
    assert not [row for row in held["closed"]["infolinia-hours"] if "GotoIfTime" in row]


def test_engines_and_ports_come_from_the_settings(tmp_path: Path) -> None:
    files = rendered(settings(tmp_path, engines=3))
    assert {"ENGINES=3", "AGI_PORT=5273", "MAX_ASKED=6"} <= set(sections(files["extensions.conf"])["globals"])
    assert "bind=127.0.0.1:5760" in files["pjsip.conf"]


def test_plans_and_settings_that_cannot_work_are_refused(tmp_path: Path) -> None:
    twice = [*offices(), offices()[0].model_copy(update={"id": "lubuskie"})]
    with pytest.raises(AsteriskError, match="224605990 należy do dwóch urzędów: podlaskie i lubuskie"):
        rendered(settings(tmp_path), twice)
    lost = [offices()[0].model_copy(update={"default_queue": "kol-clo"})]
    with pytest.raises(AsteriskError, match="kolejki domyślnej kol-clo"):
        rendered(settings(tmp_path), lost)
    with pytest.raises(AsteriskError, match="sip_bind"):
        rendered(settings(tmp_path, operator=OperatorLine(host="sip.example", addresses=("192.0.2.7",))))
    with pytest.raises(AsteriskError, match="Brak sekretów"):
        conf.render(settings(tmp_path), SITE, offices(), queues(), {}, TODAY)
    backwards = Hours(days=("pn",), opens="16:00", closes="08:00")
    with pytest.raises(AsteriskError, match="16:00 do 08:00"):
        rendered(settings(tmp_path), [offices()[0].model_copy(update={"hours": (backwards,)})])


@pytest.mark.parametrize("bad", ["x;y5678901", "dwa słowa 12", "a\nread=all", "short"])
def test_a_secret_cannot_break_out_of_its_line(tmp_path: Path, bad: str) -> None:
    used = settings(tmp_path)
    secrets = dict.fromkeys(conf.secret_names(used), "geheimgeheim") | {"ami-desk": bad}
    with pytest.raises(AsteriskError) as caught:
        conf.render(used, SITE, offices(), queues(), secrets, TODAY)
    assert bad not in str(caught.value)


def test_an_offices_name_cannot_become_configuration(tmp_path: Path) -> None:
    sly = offices()[0].model_copy(update={"name": "Urząd\n[evil]\nexten => 1,1,Dial(PJSIP/x)"})
    for name, text in rendered(settings(tmp_path), [sly]).items():
        assert not any(key.startswith("evil") for key in sections(text)), name


def test_files_are_for_their_owner_and_only_changes_are_written(tmp_path: Path) -> None:
    used = settings(tmp_path)
    files = rendered(used)
    assert sorted(conf.write(used, files)) == sorted(files)
    assert conf.write(used, files) == []
    assert conf.write(used, files | {"rtp.conf": "[general]\n"}) == ["rtp.conf"]
    for path in (tmp_path / "asterisk" / "etc").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path
    assert {path.name for path in (tmp_path / "asterisk" / "etc").iterdir()} == set(files)
