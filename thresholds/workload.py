"""Which slower statements somebody must know of although no probe sends them."""

from baselines.verdict import StatementComparison, Verdict, WorkloadComparison

# A statement that takes less of the database's time than this is shown, and alarms nobody.
LEAST_SHARE = 0.01
# Statements are long, and a finding is a sentence.
_SHOWN_LENGTH = 120


def regressed(workload: WorkloadComparison) -> list[StatementComparison]:
    """The degraded statements worth the time of the database of which no probe speaks, the dearest first."""
    return [one for one in workload.having(Verdict.DEGRADED) if one.share >= LEAST_SHARE and not one.probes]


def shortened(text: str) -> str:
    """The beginning of a statement, by which people know it."""
    return text if len(text) <= _SHOWN_LENGTH else f"{text[: _SHOWN_LENGTH - 2]} …"
