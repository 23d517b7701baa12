"""The statements of the databases, whoever sent them, in sentences and for scripts."""

from collections.abc import Mapping

from baselines.series import Unit
from baselines.verdict import StatementComparison, Summary, Verdict, WorkloadComparison
from dashboards.reports import figures
from thresholds.workload import LEAST_SHARE, regressed, shortened

# Whoever wants them all asks for JSON.
MOST_TOLD = 10
MOST_DOCUMENTED = 100
MILLISECONDS = 1000.0


def headline(workload: WorkloadComparison) -> list[str]:
    """What must be known of the statements that no probe sends; nothing where all is well with them."""
    found = regressed(workload)
    if not found:
        return []
    are = "statement that no probe sends is" if len(found) == 1 else "statements that no probe sends are"
    return [f"{len(found)} {are} slower: {shortened(found[0].statement.text)} takes {_times(found[0])}."]


def sentences(workload: WorkloadComparison) -> list[str]:
    """Each statement worth a word, worst and dearest first; how many were judged; and what could not be."""
    told = [one for one in workload.statements if _is_told(one)]
    lines = [_sentence(one) for one in told[:MOST_TOLD]]
    if len(told) > MOST_TOLD:
        lines.append(f"{len(told) - MOST_TOLD} further statements, see --format json")
    if workload.statements:
        lines.append(_counts(workload))
    return [*lines, *workload.gaps]


def document(workload: WorkloadComparison) -> dict[str, object]:
    """The statements as plain dicts, worst and dearest first; times are milliseconds a call."""
    return {
        "judged": len(workload.statements),
        "statements": [_document(one) for one in workload.statements[:MOST_DOCUMENTED]],
        "gaps": list(workload.gaps),
    }


def _is_told(one: StatementComparison) -> bool:
    """What became slower or may have, and what is new where it matters."""
    verdict = one.compared.verdict
    new = verdict is Verdict.NEW and one.share >= LEAST_SHARE
    return verdict is Verdict.DEGRADED or one.compared.suspected or new


def _sentence(one: StatementComparison) -> str:
    compared = one.compared
    calls, impact = compared.series.calls_per_hour, compared.impact_seconds_per_hour
    parts = [
        "suspected" if compared.suspected else compared.verdict.value,
        *([_times(one)] if compared.answers else []),
        f"{_mean(one)} a call",
        *([f"{figures.digits(calls)} calls an hour"] if calls else []),
        *([f"{impact:+.3g} s of work an hour"] if impact is not None else []),
        f"{figures.quantity(one.share, Unit.RATIO)} of the time of {one.database}",
        f"sent by {', '.join(one.probes)}" if one.probes else "no probe sends it",
    ]
    return f"{shortened(one.statement.text)}: {', '.join(parts)}"


def _times(one: StatementComparison) -> str:
    answer = one.compared.answers[0]
    return f"{figures.ratio(answer.ratio)} times as long ({figures.interval(answer.ci_low, answer.ci_high)})"


def _mean(one: StatementComparison) -> str:
    sides = [one.compared.before, one.compared.after]
    return " → ".join(figures.quantity(side.mean, Unit.SECONDS) for side in sides if side is not None)


def _counts(workload: WorkloadComparison) -> str:
    probed = sum(bool(one.probes) for one in workload.statements)
    counted = [(one, len(workload.having(one))) for one in (Verdict.DEGRADED, Verdict.IMPROVED, Verdict.NEW)]
    found = ", ".join(f"{count} {verdict.value}" for verdict, count in counted if count)
    return f"{len(workload.statements)} statements judged, {probed} of them sent by probes" + (
        f": {found}" if found else ""
    )


def _document(one: StatementComparison) -> Mapping[str, object]:
    compared = one.compared
    answer = compared.answers[0] if compared.answers else None
    return {
        "statement": one.statement.text,
        "series": compared.series.name,
        "database": one.database,
        "writes": one.statement.writes,
        "verdict": compared.verdict.value,
        "ratio": figures.exact(answer.ratio if answer else None),
        "ci_low": figures.exact(answer.ci_low if answer else None),
        "ci_high": figures.exact(answer.ci_high if answer else None),
        "tolerance": figures.exact(compared.tolerance),
        "before": _side(compared.before),
        "after": _side(compared.after),
        "calls_per_hour": figures.exact(compared.series.calls_per_hour),
        "impact_seconds_per_hour": figures.exact(compared.impact_seconds_per_hour),
        "share": figures.exact(one.share),
        "probes": list(one.probes),
    }


def _side(side: Summary | None) -> Mapping[str, object] | None:
    return None if side is None else {"calls": side.n, "mean": figures.exact(side.mean, MILLISECONDS)}
