"""All settings, the only reader of the environment; what a room needs is handed to it as its own model."""

from datetime import time
from pathlib import Path
from typing import Self

from pydantic import AnyHttpUrl, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from alerts import ChannelSettings, WatchdogSettings, WebhookSettings
from monitor.ingest.admission import origin_of
from monitor.links import checked_template
from monitor.load.settings import LoadSettings
from monitor.logs import LogFormat
from probes import Probes, Target
from probes.web.addresses import is_loopback
from thresholds import (
    GradeBands,
    LimitOverride,
    Profile,
    ProfileFigures,
    RollbackOverride,
    RoutingOverride,
    load_routing,
)
from thresholds.error_class import ErrorClassOverride, load_error_classes
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
        return is_loopback(self.host)

    @model_validator(mode="after")
    def _others_need_a_token(self) -> Self:
        if not self.is_loopback and not self.require_operator_token:
            raise ValueError(
                f"listening on {self.host} lets others in: set require_operator_token to true "
                "and make a token with `portalwatch token create`"
            )
        return self


class LogSettings(Section):
    """How the service's logs are written."""

    format: LogFormat = Field("auto", description="json, console, or auto: console on a terminal")
    level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="least level that is written")


class EvaluationSettings(Section):
    """How the service holds its measurements against limits and the active baseline."""

    compare_every: Duration = Field(60.0, ge=1, description="how often the last hour is compared with the baseline")


class CaptureSettings(Section):
    """Baselines that the service captures by itself."""

    every_days: int | None = Field(None, ge=1, description="a capture every so many days; none without it")
    at: time = Field(time(2, 30), description="when it begins, in UTC")
    sessions: int = Field(5, ge=1, description="capture sessions")
    samples: int = Field(20, ge=1, description="samples of each series in a session")
    keep: int = Field(8, ge=1, description="how many of them are kept, besides the active one")

    @field_validator("at", mode="before")
    @classmethod
    def _is_a_text(cls, given: object) -> object:
        """Without quotes YAML takes 11:30 for the number 690."""
        if not isinstance(given, str | time):
            raise ValueError('a time of day is a text in quotes, such as "02:30"')
        return given


class ChecksSettings(Section):
    """The checks that follow a deployment."""

    always: bool = Field(False, description="whether they run by the schedule also without a deployment")


class IngestSettings(Section):
    """Who may send something in, and how much. By default nobody may: there is no origin, and no token."""

    origins: tuple[str, ...] = Field((), description="origins whose pages may send, as https://portal.example:8443")
    body_bytes: int = Field(65_536, ge=1_024, le=1_048_576, description="largest body")
    per_client: float = Field(20, gt=0, description="requests a second of one address without a token; 5 s at once")
    overall: float = Field(2_000, gt=0, description="requests a second of everybody together")
    clock_skew: Duration = Field(300.0, ge=0, description="how far a client's clock may be off and is still noted")
    errors_days: int = Field(30, ge=1, description="days for which errors are kept")
    hash_key: SecretStr | None = Field(
        None, min_length=16, description="key that user ids are hashed with; signing_key without it"
    )

    @field_validator("origins")
    @classmethod
    def _as_browsers_write_them(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(origin_of(one) for one in origins)


class ErrorsSettings(Section):
    """How errors that are sent in are told apart."""

    classes: dict[str, ErrorClassOverride] = Field({}, description="classes that differ or are new, by name")

    @field_validator("classes")
    @classmethod
    def _are_whole(cls, classes: dict[str, ErrorClassOverride]) -> dict[str, ErrorClassOverride]:
        for name, one in classes.items():
            known = load_error_classes().classes
            lacking = [key for key in ("pattern", "level", "route") if getattr(one, key) is None]
            if name not in known and lacking:
                raise ValueError(f"{name} is no shipped class ({', '.join(known)}), so it needs a {lacking[0]}")
        load_error_classes().overridden(classes)
        return classes


class LinksSettings(Section):
    """Addresses of other systems that pages lead to; {correlation_id}, {from} and {to} are filled in."""

    logs: str | None = Field(None, description="where log lines are found")
    sentry: str | None = Field(None, description="where Sentry has an error")

    @field_validator("logs", "sentry")
    @classmethod
    def _can_be_filled(cls, template: str | None) -> str | None:
        return None if template is None else checked_template(template)


class AlertSettings(RoutingOverride):
    """Where alerts go: tiers name channels, and this says what each of them is."""

    channels: dict[str, ChannelSettings] = Field({}, description="Apprise URL of each channel, by name")
    watchdog: WatchdogSettings = Field(WatchdogSettings(), description="who hears that alerts do not leave")
    webhooks: WebhookSettings = Field(WebhookSettings(), description="who may call back that somebody acknowledged")


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
    capture: CaptureSettings = CaptureSettings()
    checks: ChecksSettings = ChecksSettings()
    ingest: IngestSettings = IngestSettings()
    errors: ErrorsSettings = ErrorsSettings()
    links: LinksSettings = LinksSettings()
    targets: dict[str, Target] = Field({}, description="what probes look at, by name")
    probes: Probes = Field({}, description="what is measured, by name")
    thresholds: dict[str, LimitOverride] = Field(
        {}, description="limits that differ from the matrix, by series, or by category as category.*"
    )
    profiles: dict[Profile, ProfileFigures] = Field({}, description="tolerance profiles that differ, by name")
    grades: dict[str, GradeBands] = Field({}, description="performance grades of queries, by name of the query")
    rollback: RollbackOverride = Field(RollbackOverride(), description="what differs from the rollback matrix")
    alerts: AlertSettings = AlertSettings()
    load: LoadSettings = LoadSettings()

    @field_validator("probes")
    @classmethod
    def _names_are_no_commands(cls, probes: Probes) -> Probes:
        if taken := [name for name in PROBE_COMMANDS if name in probes]:
            raise ValueError(f"a probe can't be called {taken[0]}: `portalwatch probe {taken[0]}` is a command")
        return probes

    @model_validator(mode="after")
    def _classes_are_routed(self) -> Self:
        known = load_routing().alert_categories | set(self.alerts.routes)
        for name, one in self.errors.classes.items():
            if one.route is not None and one.route not in known:
                raise ValueError(
                    f"errors.classes.{name}.route: unknown alert category {one.route!r}, known are "
                    f"{', '.join(sorted(known))}"
                )
        return self

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
