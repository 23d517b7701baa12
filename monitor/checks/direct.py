"""What the system health validation looks at directly: what no probe of a configuration tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from baselines import Clock, Reason, Unit
from monitor.settings import Settings
from probes import HttpTarget, PostgresTarget, ProbeFailed
from probes.database.arrival import arrive
from probes.kinds.http import HttpSettings
from probes.web.security import AnonymousLook, has_credentials, is_on_this_machine, log_in, look_anonymously
from thresholds import CheckLine, CheckStatus, HealthValidation, not_looked_at, written

# Protected endpoints that are asked without credentials, of each web server.
_MOST_ENDPOINTS = 20
# Whether the portal is there is everybody's to ask.
_OPEN_CATEGORY = "reachability"
FRONT_END_CATEGORY = "frontend_performance"
SECURITY_CATEGORY = "security"
_NO_PORTAL = "no web server is among the targets"


@dataclass(slots=True)
class Seen:
    """Lines, and the targets that gave an answer of whatever kind."""

    lines: list[CheckLine] = field(default_factory=list)
    reached: set[str] = field(default_factory=set)


async def look_at_databases(settings: Settings, rules: HealthValidation, clock: Clock) -> Seen:
    """Connect, version, query time, and whether the connection is encrypted."""
    seen = Seen()
    databases = {name: one for name, one in settings.targets.items() if isinstance(one, PostgresTarget)}
    for name, target in databases.items():
        encryption = f"{name}.encryption"
        try:
            arrival = await arrive(target, clock)
        except ProbeFailed as failure:
            seen.lines.append(CheckLine("database", f"{name}.connect", CheckStatus.FAIL, f"no connection: {failure}"))
            seen.lines.append(not_looked_at("security", encryption, "the database can't be reached"))
            continue
        seen.reached.add(name)
        seen.lines += [
            _timed("database", f"{name}.connect", arrival.connect_seconds),
            CheckLine("database", f"{name}.version", CheckStatus.PASS, f"PostgreSQL {arrival.version}"),
            rules.query(f"{name}.query_time", arrival.query_seconds),
            rules.encryption(encryption, arrival.cipher, is_local=arrival.is_local),
        ]
    if not databases:
        seen.lines.append(not_looked_at("database", "connect", "no database is among the targets"))
        seen.lines.append(not_looked_at("security", "encryption", "no database is among the targets"))
    return seen


async def look_at_portals(settings: Settings, rules: HealthValidation, clock: Clock) -> Seen:
    """Health and log-in, front end, certificate, headers, and whether anonymous calls are refused: of each web server
    once, however many targets lead to it.
    """
    seen = Seen()
    by_place: dict[str, dict[str, HttpTarget]] = {}
    for name, target in settings.targets.items():
        if isinstance(target, HttpTarget):
            by_place.setdefault(target.place, {})[name] = target
    fronts: list[CheckLine] = []
    for targets in by_place.values():
        portal = _Portal(settings, rules, clock, targets)
        fronts += await portal.look(seen)
    if not by_place:
        for component, names in (
            ("backend API", ("health", "login")),
            ("security", ("certificate", "anonymous", "headers")),
        ):
            seen.lines += [not_looked_at(component, name, _NO_PORTAL) for name in names]
        fronts = [not_looked_at("front end", "page", _NO_PORTAL)]
    if not any(one.category == FRONT_END_CATEGORY for one in settings.probes.values()):
        # Where one server has the front end, the others need none.
        good = [one for one in fronts if one.status is CheckStatus.PASS]
        bad = [one for one in fronts if one.status is CheckStatus.FAIL]
        seen.lines += [*good, *bad] if good or bad else fronts
    return seen


class _Portal:
    """One web server, by all the targets that lead to it."""

    def __init__(
        self, settings: Settings, rules: HealthValidation, clock: Clock, targets: Mapping[str, HttpTarget]
    ) -> None:
        self._rules = rules
        self._clock = clock
        self._targets = targets
        # Named for the one that logs in, which is the portal's; the others are ways of asking it something else.
        self._name, self._target = min(targets.items(), key=lambda one: one[1].login is None)
        self._calls = [
            one for one in settings.probes.values() if isinstance(one, HttpSettings) and one.target in targets
        ]

    async def look(self, seen: Seen) -> list[CheckLine]:
        """What the other components have to say goes to `seen`; returned is what there is of a front end."""
        health, health_failure = await self._ask(self._rules.health_path)
        page, page_failure = await self._ask(self._rules.front_end_path)
        answered = page if page is not None and 200 <= page.status < 300 else health or page
        failure = health_failure or page_failure
        if answered is not None or (failure is not None and failure.reason is Reason.TLS):
            seen.reached |= self._targets.keys()
        if not any(one.category == _OPEN_CATEGORY or one.path == self._rules.health_path for one in self._calls):
            seen.lines.append(self._health(health, health_failure))
        seen.lines += await self._log_in()
        seen.lines += self._protected(answered, failure)
        seen.lines += await self._refusals()
        return [self._front(page, page_failure)]

    async def _ask(self, path: str) -> tuple[AnonymousLook | None, ProbeFailed | None]:
        try:
            return await look_anonymously(self._target, path, self._clock), None
        except ProbeFailed as failure:
            return None, failure

    def _health(self, look: AnonymousLook | None, failure: ProbeFailed | None) -> CheckLine:
        name, path = f"{self._name}.health", self._rules.health_path
        if look is None:
            return CheckLine("backend API", name, CheckStatus.FAIL, f"no answer: {failure}")
        if 200 <= look.status < 300:
            return _timed("backend API", name, look.seconds)
        if look.status == 404:
            told = f"{path} is not there; name the health endpoint by a probe of category {_OPEN_CATEGORY}"
            return not_looked_at("backend API", name, told)
        return CheckLine("backend API", name, CheckStatus.FAIL, f"{path} answers {look.status}")

    async def _log_in(self) -> list[CheckLine]:
        lines = []
        for name, target in self._targets.items():
            if target.login is None:
                continue
            try:
                lines.append(_timed("backend API", f"{name}.login", await log_in(target, self._clock)))
            except ProbeFailed as failure:
                lines.append(CheckLine("backend API", f"{name}.login", CheckStatus.FAIL, str(failure)))
        return lines or [not_looked_at("backend API", f"{self._name}.login", "the target has no login")]

    def _protected(self, look: AnonymousLook | None, failure: ProbeFailed | None) -> list[CheckLine]:
        """The certificate and the headers."""
        certificate, headers = f"{self._name}.certificate", f"{self._name}.headers"
        https, is_local = self._target.url.scheme == "https", is_on_this_machine(self._target)
        if look is None:
            told = CheckStatus.FAIL if failure is not None and failure.reason is Reason.TLS else CheckStatus.WARNING
            return [
                CheckLine("security", certificate, told, f"not looked at: {failure}"),
                not_looked_at("security", headers, "it gave no answer"),
            ]
        return [
            self._rules.certificate(certificate, look.certificate_expires_at, self._clock.now())
            if https
            else self._rules.unencrypted(certificate, "plain HTTP without a certificate", is_local=is_local),
            self._rules.headers(headers, look.headers, https=https, is_local=is_local),
        ]

    async def _refusals(self) -> list[CheckLine]:
        """What answers with our credentials, asked without them. What an anonymous target asks for is open."""
        told = [one for one in self._calls if one.category == SECURITY_CATEGORY]
        with_us = {name for name, target in self._targets.items() if has_credentials(target)}
        open_to_all = {one.path for one in self._calls if one.target not in with_us and one not in told}
        open_to_all.add(self._rules.health_path)
        protected = {
            one.path: one
            for one in self._calls
            if one.target in with_us
            and one.method == "GET"
            and one.category not in (_OPEN_CATEGORY, SECURITY_CATEGORY)
            and one.path not in open_to_all
        }
        lines = []
        for path, one in list(protected.items())[:_MOST_ENDPOINTS]:
            name = f"{self._name}.anonymous.{one.name}"
            look, failure = await self._ask(path)
            lines.append(
                not_looked_at("security", name, f"no answer: {failure}")
                if look is None
                else self._rules.refusal(name, look.status)
            )
        if not lines and not told:
            why = "no probe asks for anything with a log-in, and none is of category security"
            return [not_looked_at("security", f"{self._name}.anonymous", why)]
        return lines

    def _front(self, look: AnonymousLook | None, failure: ProbeFailed | None) -> CheckLine:
        name, path = f"{self._name}.page", self._rules.front_end_path
        if look is None:
            return CheckLine("front end", name, CheckStatus.FAIL, f"no answer: {failure}")
        if look.status == 200:
            return _timed("front end", name, look.seconds)
        if look.status >= 500:
            return CheckLine("front end", name, CheckStatus.FAIL, f"{path} answers {look.status}")
        told = f"{path} answers {look.status}; name the front end by a probe of category {FRONT_END_CATEGORY}"
        return not_looked_at("front end", name, told)


def _timed(component: str, name: str, seconds: float) -> CheckLine:
    return CheckLine(component, name, CheckStatus.PASS, written(seconds, Unit.SECONDS), seconds, Unit.SECONDS)


def order(lines: Sequence[CheckLine], components: Sequence[str]) -> list[CheckLine]:
    """The lines by component, in that order; each component has at least one, which says that nothing was there."""
    found = {one.component for one in lines}
    empty = [not_looked_at(one, one, "nothing of the configuration tells") for one in components if one not in found]
    return sorted([*lines, *empty], key=lambda one: components.index(one.component))
