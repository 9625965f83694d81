"""Settings: the one place that reads the environment and ``infolinia.toml``.

Everything has a default that works on one machine. Environment variables are ``INFOLINIA_…`` (``INFOLINIA_VAR``,
``INFOLINIA_PORT_SHIFT``); nested ones use two underscores.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from voicebot.ears.tiny import TINY

ROOT = Path(__file__).resolve().parent.parent

Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9.:/\[\]_-]*$", max_length=255)]
SipUser = Annotated[str, Field(pattern=r"^[A-Za-z0-9+._-]*$", max_length=64)]
Consultant = Annotated[str, Field(pattern=r"^[a-z][a-z0-9._-]{0,63}$")]


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
            raise ValueError("operator.user: a line that registers or is challenged needs a user name")
        if (self.certificate is None) != (self.private_key is None):
            raise ValueError("operator.certificate and operator.private_key belong together")
        return self


class Settings(BaseSettings):
    """All that an operator may set. Paths are absolute after validation; ports are loopback unless said otherwise."""

    model_config = SettingsConfigDict(
        env_prefix="INFOLINIA_", env_nested_delimiter="__", toml_file="infolinia.toml", extra="forbid"
    )

    root: Path = ROOT
    var: Path = ROOT / "var"
    dialplans: Path = ROOT / "dialplans"
    database: str = ""
    port_shift: int = Field(0, description="added to every port, so that several stacks live on one machine")
    engines: int = Field(2, ge=1, le=16)

    sip_port: int = 5060
    sip_bind: str = "127.0.0.1"
    rtp_first: int = 20000
    rtp_last: int = 20999
    ami_port: int = 5038
    agi_port: int = Field(4573, description="engine n listens on this + n")
    media_port: int = Field(4593, description="engine n listens on this + n")
    metrics_port: int = Field(9464, description="engine n listens on this + n; the desk process on this - 1")
    eus_url: str = ""
    eus_port: int = 8461
    eus_authority: Path | None = Field(None, description="who signed e-US's certificate; without it, the public ones")
    eus_certificate: Path | None = Field(None, description="ours, for mutual TLS; with eus_private_key")
    eus_private_key: Path | None = None
    crm_url: str = ""
    crm_port: int = 8462
    operator: OperatorLine | None = Field(None, description="the operator's line; without one, calls come by loopback")
    consultants: tuple[Consultant, ...] = Field(
        ("konsultant1", "konsultant2", "konsultant3", "konsultant4"), description="telephones that register with us"
    )
    engine_limit: int = Field(1200, ge=60, le=7200, description="longest automatic part of a call, in seconds")
    asterisk_prefix: Path | None = Field(None, description="an Asterisk to use instead of the one made at set-up")

    vosk_model: Path | None = Field(None, description="a Vosk model folder; `tiny` is the one for tests and benches")
    whisper: bool = True
    ears: dict[Literal["matter", "choice", "yes-no"], Literal["vosk", "whisper", "keypad"]] = Field(
        default_factory=dict, description="which ear hears which kind of question; the best one hears the rest"
    )
    voice: str = Field("", description="rhvoice or espeak-ng; empty: the best one installed")
    drain_seconds: float = Field(60.0, description="how long a stop lets calls come to their queue")
    hours: Literal["plan", "open", "closed"] = Field(
        "plan", description="hold every office open or closed: demo, tests"
    )
    journal_stall: float = Field(1.0, description="seconds a call waits for its journal before it goes on in memory")
    alarm_command: str = ""
    alarm_webhook: str = ""

    @field_validator("vosk_model")
    @classmethod
    def _tiny_by_name(cls, model: Path | None) -> Path | None:
        return TINY if model == Path("tiny") else model

    @model_validator(mode="after")
    def _eus_proves_and_is_proved(self) -> "Settings":
        if (self.eus_certificate is None) != (self.eus_private_key is None):
            raise ValueError("eus_certificate and eus_private_key belong together")
        if self.eus_certificate is not None and self.eus_authority is None:
            raise ValueError("eus_certificate needs eus_authority: whom we prove ourselves to must prove itself to us")
        if self.eus_authority is not None and not self.eus.startswith("https://"):
            raise ValueError("eus_authority is for an eus_url that begins with https://")
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
