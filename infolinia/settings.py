"""Settings: the one place that reads the environment and ``infolinia.toml``.

Everything has a default that works on one machine. Environment variables are ``INFOLINIA_…`` (``INFOLINIA_VAR``,
``INFOLINIA_PORT_SHIFT``); nested ones use two underscores.
"""

import json
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from voicebot.ears.tiny import TINY

ROOT = Path(__file__).resolve().parent.parent
FILES = (ROOT / "infolinia.toml", Path("infolinia.toml"))
DRIVERS = ("sqlite+aiosqlite", "postgresql+psycopg")


def _url(text: str) -> str:
    """An empty text, or an http address; a slash at its end is taken off."""
    try:
        parts = urlsplit(text)
        sound = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        sound = False
    if text and not sound:
        raise ValueError(
            "to nie jest adres; poprawny zaczyna się od http:// albo https://, np. https://eus.example:8443"
        )
    return text.rstrip("/")


def _database(text: str) -> str:
    """An empty text, or the address of a database that we have a driver for."""
    try:
        driver = make_url(text).drivername if text else DRIVERS[0]
    except ArgumentError:
        driver = ""
    if driver not in DRIVERS:
        raise ValueError(f"adres bazy zaczyna się od {' albo '.join(DRIVERS)}, np. postgresql+psycopg://infolinia@/kas")
    return text


Port = Annotated[int, Field(ge=1, le=65535)]
Url = Annotated[str, AfterValidator(_url)]
Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9.:/\[\]_-]*$", max_length=255)]
SipUser = Annotated[str, Field(pattern=r"^[A-Za-z0-9+._-]*$", max_length=64)]
CONSULTANT = r"^[a-z][a-z0-9._-]{0,63}$"
Consultant = Annotated[str, Field(pattern=CONSULTANT)]


class OperatorLine(BaseModel):
    """The operator's SIP line, as the contract describes it. The password is the secret ``operator``."""

    model_config = ConfigDict(extra="forbid")

    host: Host = Field(min_length=1, description="the operator's SIP server")
    port: int = 5060
    addresses: tuple[Host, ...] = Field(min_length=1, description="addresses or networks that calls come from")
    transport: Literal["udp", "tcp", "tls"] = "udp"
    user: SipUser = ""
    registers: bool = Field(False, description="the line is reached by registering; else by our address")
    challenge: bool = Field(False, description="calls of the operator must authenticate too")
    from_domain: Host = ""
    proxy: Host = ""
    dialled_from: Literal["request-uri", "to", "diversion"] = "request-uri"
    dtmf: Literal["auto", "rfc4733", "inband", "info"] = "auto"
    wideband: bool = False
    media_encryption: bool = Field(False, description="SRTP (SDES); use it with tls")
    nat: bool = False
    public_address: Host = Field("", description="our address as the operator sees it, behind NAT")
    certificate: Path | None = None
    private_key: Path | None = None
    ca_list: Path = Path("/etc/ssl/certs/ca-certificates.crt")

    @model_validator(mode="after")
    def _whole(self) -> "OperatorLine":
        if (self.registers or self.challenge) and not self.user:
            raise ValueError(
                "operator.user: linia, która się rejestruje lub uwierzytelnia, potrzebuje nazwy użytkownika"
            )
        if (self.certificate is None) != (self.private_key is None):
            raise ValueError("operator.certificate i operator.private_key podaje się razem")
        return self


class Settings(BaseSettings):
    """All that an operator may set. Paths are absolute after validation; ports are loopback unless said otherwise."""

    model_config = SettingsConfigDict(
        env_prefix="INFOLINIA_",
        env_nested_delimiter="__",
        toml_file=FILES,
        extra="forbid",
    )

    root: Path = ROOT
    var: Path = ROOT / "var"
    dialplans: Path = ROOT / "dialplans"
    database: Annotated[str, AfterValidator(_database)] = ""
    port_shift: int = Field(0, description="added to every port, so that several stacks live on one machine")
    engines: int = Field(2, ge=1, le=16)

    sip_port: Port = 5060
    sip_bind: str = "127.0.0.1"
    rtp_first: int = Field(20000, ge=1024, le=65535)
    rtp_last: int = Field(20999, ge=1024, le=65535)
    ami_port: Port = 5038
    agi_port: Port = Field(4573, description="engine n listens on this + n")
    media_port: Port = Field(4593, description="engine n listens on this + n")
    metrics_port: Port = Field(9464, description="engine n listens on this + n; the desk process on this - 1")
    eus_url: Url = ""
    eus_port: Port = 8461
    eus_authority: Path | None = Field(None, description="who signed e-US's certificate; without it, the public ones")
    eus_certificate: Path | None = Field(None, description="ours, for mutual TLS; with eus_private_key")
    eus_private_key: Path | None = None
    crm_url: Url = ""
    crm_port: Port = 8462
    operator: OperatorLine | None = Field(None, description="the operator's line; without one, calls come by loopback")
    consultants: Annotated[tuple[Consultant, ...], NoDecode] = Field(
        ("konsultant1", "konsultant2", "konsultant3", "konsultant4"),
        min_length=1,
        description="telephones that register with us; in the environment with commas between them",
    )
    engine_limit: int = Field(1200, ge=60, le=7200, description="longest automatic part of a call, in seconds")
    asterisk_prefix: Path | None = Field(None, description="an Asterisk to use instead of the one made at set-up")
    asterisk_memory: int = Field(
        4096, ge=512, description="MiB of memory that our Asterisk may take; past it, it ends and is started again"
    )

    vosk_model: Path | None = Field(None, description="a Vosk model folder; `tiny` is the one for tests and benches")
    whisper: bool = True
    ears: dict[Literal["matter", "choice", "yes-no"], Literal["vosk", "whisper", "keypad"]] = Field(
        default_factory=dict, description="which ear hears which kind of question; the best one hears the rest"
    )
    voice: str = Field(
        "", description="rhvoice, rhvoice-NAME or espeak-ng; empty: the best one installed whose licence is free"
    )
    drain_seconds: float = Field(60.0, ge=0, le=3600, description="how long a stop lets calls come to their queue")
    recordings_days: float = Field(
        90.0, ge=0, description="days after which kept calls (infolinia record) are deleted; 0: never"
    )
    clock: str = Field(
        "",
        pattern=r"^$|^20\d\d-[01]\d-[0-3]\d [0-2]\d:[0-5]\d$",
        description="local date and time that the engines' clocks show when they start: replays, tests",
    )
    hours: Literal["plan", "open", "closed"] = Field(
        "plan", description="hold every office open or closed: demo, tests"
    )
    journal_stall: float = Field(
        1.0, gt=0, le=30, description="seconds a call waits for its journal before it goes on in memory"
    )
    alarm_command: str = ""
    alarm_webhook: Url = ""

    @field_validator("consultants", mode="before")
    @classmethod
    def _list_of_names(cls, value: Any) -> Any:
        """``a,b`` of the environment, or JSON as for other lists."""
        if not isinstance(value, str):
            return value
        if value.lstrip().startswith("["):
            try:
                return json.loads(value)
            except ValueError:
                raise ValueError("lista w JSON ma błąd; wystarczą nazwy po przecinku") from None
        return [name.strip() for name in value.split(",")]

    @model_validator(mode="after")
    def _ports_are_ports(self) -> "Settings":
        owners: dict[int, str] = {}
        for name, number in self._opened():
            if not 1 <= number <= 65535:
                raise ValueError(
                    f"INFOLINIA_PORT_SHIFT={self.port_shift}: {name} byłby na porcie {number}, a porty są od 1 do 65535"
                )
            if owners.setdefault(number, name) != name:
                raise ValueError(
                    f"port {number} jest potrzebny dwa razy: {owners[number]} i {name}; zmień jedno z nich "
                    f"(silników: {self.engines}, każdy ma własny port)"
                )
        if self.rtp_last - self.rtp_first < 3:
            raise ValueError(
                f"INFOLINIA_RTP_FIRST={self.rtp_first}, INFOLINIA_RTP_LAST={self.rtp_last}: zakres portów RTP jest "
                "pusty; rozmowa potrzebuje dwóch portów, np. 20000 do 20999"
            )
        return self

    def _opened(self) -> Iterator[tuple[str, int]]:
        """The port settings by the variables that set them, and every number opened for each."""
        several = {"agi": range(self.engines), "media": range(self.engines), "metrics": range(-1, self.engines)}
        for name in ("sip", "ami", "eus", "crm", *several):
            for n in several.get(name, range(1)):
                yield f"INFOLINIA_{name.upper()}_PORT", self.port(name, n)

    @field_validator("root", "var", "dialplans", "asterisk_prefix", "vosk_model", mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        """An empty text would mean the working folder."""
        if value == "":
            raise ValueError("puste; podaj folder albo usuń to ustawienie")
        return value

    @field_validator("root", "var")
    @classmethod
    def _absolute(cls, folder: Path) -> Path:
        return folder.absolute()

    @field_validator("vosk_model")
    @classmethod
    def _tiny_by_name(cls, model: Path | None) -> Path | None:
        chosen = TINY if model == Path("tiny") else model
        if chosen is not None and not chosen.is_dir():
            raise ValueError(f"nie ma folderu {chosen}; podaj folder modelu Vosk albo usuń to ustawienie")
        return chosen

    @field_validator("dialplans")
    @classmethod
    def _a_folder(cls, folder: Path) -> Path:
        if not folder.is_dir():
            raise ValueError(
                "nie ma takiego folderu; podaj folder dialplanów (hotline.yaml, …) albo usuń to ustawienie"
            )
        return folder

    @field_validator("sip_bind")
    @classmethod
    def _an_address(cls, address: str) -> str:
        try:
            return str(ip_address(address))
        except ValueError:
            raise ValueError(f"{address!r} nie jest adresem IP, np. 127.0.0.1 albo 0.0.0.0") from None

    @model_validator(mode="after")
    def _eus_proves_and_is_proved(self) -> "Settings":
        if (self.eus_certificate is None) != (self.eus_private_key is None):
            raise ValueError("INFOLINIA_EUS_CERTIFICATE i INFOLINIA_EUS_PRIVATE_KEY podaje się razem")
        if self.eus_certificate is not None and self.eus_authority is None:
            raise ValueError("INFOLINIA_EUS_CERTIFICATE wymaga INFOLINIA_EUS_AUTHORITY: e-US też ma się wykazać")
        if self.eus_authority is not None and not self.eus.startswith("https://"):
            raise ValueError("INFOLINIA_EUS_AUTHORITY wymaga INFOLINIA_EUS_URL, który zaczyna się od https://")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    def port(self, name: str, n: int = 0) -> int:
        """The port called ``name`` (``sip``, ``ami``, ``agi``, ``media``, ``metrics``, ``eus``, ``crm``), shifted."""
        return int(getattr(self, f"{name}_port")) + self.port_shift + n

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite+aiosqlite:///{self.var / 'infolinia.db'}"

    @property
    def eus(self) -> str:
        return self.eus_url or f"http://127.0.0.1:{self.port('eus')}"

    @property
    def crm(self) -> str:
        return self.crm_url or f"http://127.0.0.1:{self.port('crm')}"

    def secret(self, name: str) -> Path:
        """File of the secret ``name``, made at set-up with mode 600."""
        return self.var / "secrets" / name
