"""Reports made by hand."""

from datetime import datetime, timedelta

from baselines import Unit
from thresholds import CheckKind, CheckLine, CheckReport, CheckStatus

_COMPONENTS = {
    CheckKind.SYSTEM_HEALTH: {
        "database": ("portal_database.connect", "4.2 ms"),
        "backend API": ("portal.login", "38.1 ms"),
        "front end": ("portal.page", "12.6 ms"),
        "performance": ("memory_usage", "71 %"),
        "security": ("portal.certificate", "valid for 212 days, until 2026-09-30"),
    },
    CheckKind.PERFORMANCE: {
        "database_queries": ("client_ownership_retrieval", "median 61 ms, p95 74 ms, EXCELLENT, 1.04 × the baseline"),
        "api_endpoints": ("client_groups", "median 43 ms, p95 58 ms, 1.02 × the baseline"),
    },
    CheckKind.INDEX_USAGE: {
        "invalid indexes": ("portal_database", "46 indexes, all valid"),
        "duplicate indexes": ("portal_database", "46 indexes, none twice"),
        "unused indexes": ("portal_database", "9 large ones without a constraint, all in use"),
        "sequential scans": ("portal_database", "31 tables, the large ones by their indexes"),
    },
    CheckKind.CONSTRAINTS: {
        "not validated constraints": ("portal_database", "38 foreign keys and checks, all validated"),
        "orphans": ("portal_database", "none can be"),
        "disabled triggers": ("portal_database", "all are switched on"),
    },
}

_BAD = {
    "performance": "83 %, not under 80 %",
    "security": "valid for 62 days, until 2026-05-03: not for more than 90 days",
    "database_queries": "median 98 ms, p95 121 ms, EXCELLENT, 1.68 × the baseline (degraded)",
}


def report(kind: CheckKind, at: datetime, bad: dict[str, CheckStatus] | None = None) -> CheckReport:
    """One run; the components in `bad` are as bad as that says."""
    worse = bad or {}
    return CheckReport(
        kind,
        at,
        [
            CheckLine(
                component,
                name,
                worse.get(component, CheckStatus.PASS),
                _BAD.get(component, detail) if component in worse else detail,
                0.0421,
                Unit.SECONDS,
            )
            for component, (name, detail) in _COMPONENTS[kind].items()
        ],
    )


def week(now: datetime) -> list[CheckReport]:
    """Seven days of every check: slow for some hours of one night, a certificate that comes to its end, a bad index."""
    reports = []
    for kind, every in zip(CheckKind, (0.25, 1.0, 6.0, 24.0), strict=True):
        for number in range(int(7 * 24 / every), -1, -1):
            ago = number * every
            bad: dict[str, CheckStatus] = {}
            if kind is CheckKind.SYSTEM_HEALTH:
                bad |= {"performance": CheckStatus.FAIL} if 62 < ago < 66 else {}
                bad |= {"security": CheckStatus.FAIL if ago < 12 else CheckStatus.WARNING} if ago < 80 else {}
            if kind is CheckKind.PERFORMANCE and ago < 5:
                bad["database_queries"] = CheckStatus.WARNING
            if kind is CheckKind.INDEX_USAGE and 30 < ago < 60:
                bad["invalid indexes"] = CheckStatus.FAIL
            reports.append(report(kind, now - timedelta(hours=ago, seconds=40), bad))
    return reports
