"""What a portal may choose about its instrumentation; every default is meant for production."""

from enum import StrEnum
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator


class SqlComments(StrEnum):
    """What stands in front of a statement, from nothing to everything."""

    OFF = "off"
    ROUTE = "route"
    SAMPLED = "sampled"
    ALWAYS = "always"


class InstrumentationSettings(BaseModel):
    """The choices of one portal; docs/instrumentation.md has the price of each."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    service: str = Field(default="portal", min_length=1, max_length=64)
    """Whose failures these are: `component` of a report."""

    metrics_path: str | None = Field(default="/metrics", pattern=r"^/[^?#\s]*$")
    """Where the figures are served; None serves them nowhere, as `Instrumentation.registry` has them."""

    sql_comments: SqlComments = SqlComments.SAMPLED
    """`route` tags every statement; `sampled` gives some requests their full id as well, `always` gives it to all."""

    sql_sample_ratio: float = Field(default=0.01, ge=0, le=1)
    """The share of requests whose statements carry the full id, where comments are `sampled`."""

    slow_seconds: float = Field(default=1.0, gt=0)
    """From here on a request's statements carry the full id, and so do those of the next one of its route."""

    statement_names: int = Field(default=200, ge=1, le=10_000)
    """How many statements are told apart; whatever name comes later is `other`."""

    log_format: Literal["unchanged", "json"] = "unchanged"
    """`json` routes all logs to standard output, one object a line."""

    report_url: str | None = Field(default=None, pattern=r"^https?://")
    """Where failures are posted: portalwatch's `/api/errors/track`."""

    report_token: SecretStr | None = None
    """The ingest token shown there."""

    report_queue: int = Field(default=100, ge=1, le=10_000)
    """How many failures wait at most; more are dropped and counted."""

    report_messages: bool = True
    """Whether a failure's masked message is sent along; without it, its class and its frames only."""

    @model_validator(mode="after")
    def _report_with_a_token(self) -> Self:
        if self.report_url and self.report_token is None:
            raise ValueError("report_url needs report_token, the ingest token that portalwatch takes there")
        return self
