"""The system health validation: what each of its five components must be like."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from baselines.series import Unit
from thresholds.check_report import CheckLine, CheckStatus
from thresholds.quantity import Duration, Share, written
from thresholds.shipped import parse_figures, read_figures

SECURITY = "security"
_POLICY = "content-security-policy"
_ON_THIS_MACHINE = "it stays on this machine"


class SecurityHeader(BaseModel):
    """What an answer must carry: any value, or that one; or a directive of its policy that does the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    missing: CheckStatus
    value: str | None = None
    instead: str | None = None
    https_only: bool = False

    def is_in(self, name: str, headers: Mapping[str, str]) -> bool:
        """Whether headers, by names in lower case, have it."""
        if self.instead is not None and self.instead in headers.get(_POLICY, ""):
            return True
        found = headers.get(name.lower())
        return found is not None and (self.value is None or self.value in found.lower())


class HealthValidation(BaseModel):
    """The limits, written with units and held in base units, and a rule for each thing that is looked at."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    components: tuple[str, ...]
    resources: dict[str, Share]
    query_seconds: Duration = Field(alias="query_time")
    certificate_seconds: Duration = Field(alias="certificate_valid_for")
    health_path: str = Field(pattern="^/")
    front_end_path: str = Field(pattern="^/")
    refusals: frozenset[int]
    security_headers: dict[str, SecurityHeader]
    on_this_machine: CheckStatus
    elsewhere: CheckStatus

    def resource(self, name: str, share: float) -> CheckLine:
        """How much of a resource of the host is used, 0 to 1, against its limit. Raises KeyError for another name."""
        limit = self.resources[name]
        figure = written(share, Unit.RATIO)
        if share < limit:
            return CheckLine("performance", name, CheckStatus.PASS, figure, share, Unit.RATIO)
        told = f"{figure}, not under {written(limit, Unit.RATIO)}"
        return CheckLine("performance", name, CheckStatus.FAIL, told, share, Unit.RATIO)

    def query(self, name: str, seconds: float) -> CheckLine:
        """How long a database took for a statement without work."""
        figure = written(seconds, Unit.SECONDS)
        if seconds <= self.query_seconds:
            return CheckLine("database", name, CheckStatus.PASS, figure, seconds, Unit.SECONDS)
        told = f"{figure}, above {written(self.query_seconds, Unit.SECONDS)}"
        return CheckLine("database", name, CheckStatus.WARNING, told, seconds, Unit.SECONDS)

    def certificate(self, name: str, expires_at: datetime | None, now: datetime) -> CheckLine:
        """How long the certificate of an encrypted connection is valid; None where it was not verified."""
        if expires_at is None:
            told = "its certificate was accepted without being verified: nothing is known of it"
            return CheckLine(SECURITY, name, CheckStatus.WARNING, told)
        left = expires_at - now
        told = f"valid for {left.days} days, until {expires_at:%Y-%m-%d}"
        if left > timedelta(seconds=self.certificate_seconds):
            return CheckLine(SECURITY, name, CheckStatus.PASS, told, left.total_seconds(), Unit.SECONDS)
        told = f"{told}: not for more than {self.certificate_seconds / 86_400:g} days"
        return CheckLine(SECURITY, name, CheckStatus.FAIL, told, left.total_seconds(), Unit.SECONDS)

    def unencrypted(self, name: str, what: str, *, is_local: bool) -> CheckLine:
        """A way that anybody between could listen to."""
        told = f"{what}; {_ON_THIS_MACHINE}" if is_local else f"{what}: whoever is between can read along"
        return CheckLine(SECURITY, name, self.on_this_machine if is_local else self.elsewhere, told)

    def encryption(self, name: str, cipher: str | None, *, is_local: bool) -> CheckLine:
        """Whether the connection to a database is encrypted; None where no cipher is in use."""
        if cipher is not None:
            return CheckLine(SECURITY, name, CheckStatus.PASS, f"encrypted, {cipher}")
        return self.unencrypted(name, "the connection is not encrypted", is_local=is_local)

    def refusal(self, name: str, status: int) -> CheckLine:
        """How a protected endpoint answered somebody who had not logged in."""
        if status in self.refusals or 300 <= status < 400:
            return CheckLine(SECURITY, name, CheckStatus.PASS, f"refuses an anonymous call ({status})")
        if 200 <= status < 300:
            return CheckLine(SECURITY, name, CheckStatus.FAIL, f"answers an anonymous call ({status})")
        told = f"says nothing of anonymous calls: it answered one with {status}"
        return CheckLine(SECURITY, name, CheckStatus.WARNING, told)

    def headers(self, name: str, headers: Mapping[str, str], *, https: bool, is_local: bool) -> CheckLine:
        """Which security headers an answer lacks; names in lower case."""
        wanted = {one: header for one, header in self.security_headers.items() if https or not header.https_only}
        missing = {one: header for one, header in wanted.items() if not header.is_in(one, headers)}
        if not missing:
            return CheckLine(SECURITY, name, CheckStatus.PASS, f"all {len(wanted)} security headers are there")
        worst = max((header.missing for header in missing.values()), key=lambda one: one.severity)
        told = f"without {', '.join(missing)}"
        if is_local and worst.severity > self.on_this_machine.severity:
            return CheckLine(SECURITY, name, self.on_this_machine, f"{told}; {_ON_THIS_MACHINE}")
        return CheckLine(SECURITY, name, worst, told)


def load_health_validation() -> HealthValidation:
    """The validation as shipped."""
    return parse_figures(HealthValidation, read_figures("health_validation.yml"), "health_validation.yml")
