"""Looks at every database among the targets, in turn with the probes of it."""

from collections.abc import Awaitable, Callable, Sequence

from baselines import Clock, Reason
from monitor.settings import Settings
from probes import PostgresTarget, ProbeFailed, ProbeSet
from probes.database.asking import Asking
from probes.database.link import DatabaseLink
from thresholds import CheckKind, CheckLine, CheckReport, CheckStatus, not_looked_at

# Whoever answers like this is there, and keeps something from us.
_REFUSALS = (Reason.PERMISSION, Reason.BUSY, Reason.BUDGET, Reason.STATEMENT_TIMEOUT, Reason.GAVE_WAY)


async def look_at_databases(
    kind: CheckKind,
    settings: Settings,
    probes: ProbeSet,
    clock: Clock,
    look: Callable[[str, Asking], Awaitable[Sequence[CheckLine]]],
) -> CheckReport:
    """The lines that `look` makes of each. One that can't be looked at fails, or warns where it is there at least."""
    lines: list[CheckLine] = []
    unreachable: list[str] = []
    databases = [name for name, target in settings.targets.items() if isinstance(target, PostgresTarget)]
    at = clock.now()
    for name in databases:
        try:
            lines += await look(name, Asking(probes.links.to(name, DatabaseLink), clock))
        except ProbeFailed as failure:
            is_there = failure.reason in _REFUSALS
            status = CheckStatus.WARNING if is_there else CheckStatus.FAIL
            lines.append(CheckLine("database", name, status, f"not looked at: {failure}"))
            unreachable += [] if is_there else [name]
        except TimeoutError:
            lines.append(not_looked_at("database", name, "it was too busy to answer in time"))
    if not databases:
        lines.append(not_looked_at("database", "targets", "no database is among the targets"))
    return CheckReport(kind, at, lines, unreachable)
