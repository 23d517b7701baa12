"""What a user says of channels, and of who watches the delivery itself."""

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from alerts.messages.message import Style
from thresholds.quantity import Duration

# Services with incidents of their own (`alerts.incidents`): one an alert, and its acknowledgement is told them too.
_INCIDENTS = ("pagerdutyevents", "opsgeniealerts")
_FORMS = {
    Style.MAIL: ("mailto", "mailtos", "sendgrid", "mailgun", "ses", "sparkpost", "smtp2go"),
    Style.SMS: (
        "bulksms",
        "clicksend",
        "messagebird",
        "nexmo",
        "plivo",
        "seven",
        "signal",
        "sinch",
        "sns",
        "twilio",
        "voipms",
        "vonage",
    ),
}
_RATE = re.compile(r"(\d+)\s*(?:per|/)\s*(?:(\d+(?:\.\d+)?)\s*)?([a-z]+)")
_SECONDS = {"s": 1.0, "second": 1.0, "min": 60.0, "m": 60.0, "minute": 60.0, "h": 3600.0, "hour": 3600.0}


class Rate(BaseModel):
    """So many messages in any stretch of so many seconds; written `20 per min`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    messages: int = Field(ge=1)
    seconds: float = Field(gt=0)

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        found = _RATE.fullmatch(given.strip())
        if found is None or found[3] not in _SECONDS:
            raise ValueError(f"{given!r} is no rate: write it as 20 per min, or 5 per 10 s")
        return {"messages": int(found[1]), "seconds": float(found[2] or 1) * _SECONDS[found[3]]}


class ChannelSettings(BaseModel):
    """One destination. Durations are written with units (`timeout: 20 s`) and held in seconds."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, validate_by_name=True, validate_by_alias=True
    )

    url: SecretStr = Field(description="one Apprise URL")
    fallbacks: tuple[str, ...] = Field((), description="channels that are told where this one fails, in order")
    style: Style | None = Field(None, description="mail, chat, sms or call; by the kind of URL where it is not given")
    rate_limit: Rate = Field(
        Rate(messages=30, seconds=60.0), description="most messages; what is more goes into one digest"
    )
    timeout_seconds: Annotated[Duration, Field(alias="timeout", description="longest time of one call")] = 20.0
    # Well before the customer's 15 minutes to the next tier, so that the fallback still has time to be answered.
    deadline_seconds: Annotated[
        Duration, Field(alias="deadline", description="how long it is tried before the fallback is told")
    ] = 300.0

    @property
    def written_as(self) -> Style:
        """How messages to this channel are written."""
        if self.style is not None:
            return self.style
        return next((style for style, schemes in _FORMS.items() if self._scheme in schemes), Style.CHAT)

    @property
    def keeps_incidents(self) -> bool:
        """Whether the service has an incident for each alert, which is acknowledged there when it is here."""
        return self._scheme in _INCIDENTS

    @property
    def _scheme(self) -> str:
        return self.url.get_secret_value().partition("://")[0].lower()


class WebhookSettings(BaseModel):
    """The secrets by which services with incidents prove that a call back is theirs; without one it is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    pagerduty_secret: SecretStr | None = Field(
        None, min_length=16, description="secret of a PagerDuty webhook subscription (/api/v1/webhooks/pagerduty)"
    )
    opsgenie_secret: SecretStr | None = Field(
        None, min_length=16, description="what Opsgenie sends as X-Portalwatch-Secret (/api/v1/webhooks/opsgenie)"
    )


class WatchdogSettings(BaseModel):
    """Who hears that alerts do not leave: by ways that need neither the store nor the outbox."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    heartbeat_url: SecretStr | None = Field(
        None,
        description="address that is called while deliveries and escalations are on time; its silence is the alarm",
    )
    heartbeat_every: Duration = Field(60.0, ge=5, description="how often it is called")
    channels: tuple[str, ...] = Field((), description="channels told directly where an escalation is a minute late")
