"""Every port that the hotline opens on this machine: whose it is, and who holds it when it is taken."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from .asterisk.port import Protocol, check_free
from .asterisk.trouble import PortTaken
from .settings import Settings

LOOPBACK = "127.0.0.1"
STEP, STEPS = 100, 100
"""Shifts that are tried when one is to be proposed."""


@dataclass(frozen=True)
class Use:
    """``part`` opens ``number`` (shifted) for ``what`` (Polish); ``setting`` is where its number comes from."""

    part: str
    what: str
    setting: str
    number: int
    protocol: Protocol = "tcp"
    address: str = LOOPBACK


def uses(settings: Settings) -> Iterator[Use]:
    """All that is opened for good. Not the RTP ports: Asterisk opens them call by call and passes taken ones by."""
    sip = settings.port("sip")
    yield Use("asterisk", "SIP", "sip_port", sip, "udp", settings.sip_bind)
    yield Use("asterisk", "SIP", "sip_port", sip, "tcp", settings.sip_bind)
    yield Use("asterisk", "AMI", "ami_port", settings.port("ami"))
    yield Use("stub-eus", "atrapa e-US", "eus_port", settings.port("eus"))
    yield Use("stub-crm", "atrapa CRM", "crm_port", settings.port("crm"))
    for kind, what in (("agi", "AGI"), ("media", "AudioSocket"), ("metrics", "metryki")):
        for n in range(settings.engines):
            yield Use("serve", f"{what} silnika {n}", f"{kind}_port", settings.port(kind, n))
    yield Use("serve", "metryki stanowiska", "metrics_port", settings.port("metrics") - 1)


def check_all_free(settings: Settings, parts: Collection[str]) -> None:
    """Raises ``PortTaken`` with every port of ``parts`` that is taken, who holds it, and the mend."""
    taken = []
    for use in uses(settings):
        if use.part in parts and (fault := _fault(use)) is not None:
            taken.append(fault)
    if taken:
        shift = _free_shift(settings, parts)
        mend = f"np. INFOLINIA_PORT_SHIFT={shift}" if shift is not None else "INFOLINIA_PORT_SHIFT"
        raise PortTaken(
            "Nic nie uruchomiono.\n  " + "\n  ".join(taken) + "\nZakończ te procesy albo przesuń wszystkie porty tej "
            f"infolinii: {mend} przed poleceniem (port_shift w infolinia.toml)."
        )


def check_own(number: int, what: str) -> None:
    """For a verb that opens one port of its own, for ``what`` (Polish): raises ``PortTaken`` with holder and mend."""
    try:
        check_free(LOOPBACK, number, "tcp", what)
    except PortTaken as taken:
        raise PortTaken(f"{taken}\nZakończ ten proces albo wskaż inny port: --port {number + 1}") from None


def _fault(use: Use) -> str | None:
    try:
        check_free(use.address, use.number, use.protocol, use.what)
    except PortTaken as taken:
        return str(taken)
    return None


def _free_shift(settings: Settings, parts: Collection[str]) -> int | None:
    """The nearest shift at which nothing is in the way."""
    for shift in range(settings.port_shift + STEP, settings.port_shift + STEP * STEPS, STEP):
        moved = settings.model_copy(update={"port_shift": shift})
        numbers = [use for use in uses(moved) if use.part in parts]
        if all(use.number < 65_536 for use in numbers) and not any(map(_fault, numbers)):
            return shift
    return None
