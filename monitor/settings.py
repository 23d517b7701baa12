"""All settings, the only reader of the environment; what a room needs is handed to it as its own model."""

import ipaddress
from pathlib import Path
from typing import Self

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from alerts import ChannelSettings
from monitor.logs import LogFormat
from probes import Probes, Target
from thresholds import LimitOverride
from thresholds.quantity import Duration

PREFIX = "PORTALWATCH_"
CONFIG_VARIABLE = f"{PREFIX}CONFIG"
# `portalwatch probe suggest` is a command, and `portalwatch probe NAME` runs any other name.
PROBE_COMMANDS = ("suggest", "coverage")


class Section(BaseModel):
    """A part of the settings: closed, frozen, and silent about its input in errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class StoreSettings(Section):
    """Where measurements, baselines and alerts are kept."""

    url: SecretStr | None = Field(
        None, description="PostgreSQL URL of the store; without it an embedded server is used"
    )
    directory: Path | None = Field(None, description="data directory of the embedded server, and of the spool")
    samples_days: int = Field(35, ge=1, description="days for which single samples are kept")
    rollups_days: int = Field(400, ge=1, description="days for which hourly figures are kept")


class HttpSettings(Section):
    """Where the service listens."""

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(9464, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    require_operator_token: bool = Field(
        False, description="whether an operator needs a token; must be true on anything but loopback"
    )

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can connect."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @model_validator(mode="after")
    def _others_need_a_token(self) -> Self:
        if not self.is_loopback and not self.require_operator_token:
            raise ValueError(
                f"listening on {self.host} lets others in: set require_operator_token to true "
                "and make a token with `portalwatch token create`"
            )
        return self


class LogSettings(Section):
    """How logs are written, always to standard error."""

    format: LogFormat = Field("auto", description="json, console, or auto: console on a terminal")
    level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="least level that is written")


class EvaluationSettings(Section):
    """How the service holds its measurements against limits and the active baseline."""

    compare_every: Duration = Field(60.0, ge=1, description="how often the last hour is compared with the baseline")


class AlertSettings(Section):
    """Where alerts go: the shipped tiers name channels, and this says what each of them is."""

    channels: dict[str, ChannelSettings] = Field({}, description="Apprise URL of each channel, by name")


class Settings(BaseSettings):
    """Everything `portalwatch.yml` can say. Environment variables win over the file: `PORTALWATCH_HTTP__PORT=9500`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=True,
    )

    environment: str = Field("default", min_length=1, description="which installation this is: baselines belong to one")
    release: str = Field("unknown", min_length=1, description="release of the portal that is being watched")
    public_url: AnyHttpUrl | None = Field(None, description="where people reach this service; links in alerts need it")
    signing_key: SecretStr | None = Field(
        None, min_length=16, description="key that signs links; 16 characters or more"
    )
    store: StoreSettings = StoreSettings()
    http: HttpSettings = HttpSettings()
    log: LogSettings = LogSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    targets: dict[str, Target] = Field({}, description="what probes look at, by name")
    probes: Probes = Field({}, description="what is measured, by name")
    thresholds: dict[str, LimitOverride] = Field({}, description="limits that differ from the matrix, by series")
    alerts: AlertSettings = AlertSettings()

    @field_validator("probes")
    @classmethod
    def _names_are_no_commands(cls, probes: Probes) -> Probes:
        if taken := [name for name in PROBE_COMMANDS if name in probes]:
            raise ValueError(f"a probe can't be called {taken[0]}: `portalwatch probe {taken[0]}` is a command")
        return probes

    @model_validator(mode="after")
    def _others_come_with_a_token(self) -> Self:
        host = self.public_url.host if self.public_url else None
        if host not in (None, "127.0.0.1", "localhost", "[::1]") and not self.http.require_operator_token:
            raise ValueError(
                f"public_url lets people in at {host}: set http.require_operator_token to true "
                "and make a token with `portalwatch token create`"
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the library's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment, then what was read from the file; nothing else is looked at."""
        return env_settings, init_settings
