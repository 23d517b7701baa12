"""A duel as it is watched: a line a series with its ratio and interval so far; nothing in a pipe."""

from collections.abc import Mapping
from types import TracebackType
from typing import Self

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from baselines import Judgement, Question
from dashboards.reports import figures
from monitor.dueling import Standing


class DuelScreen:
    """On standard error, gone when the duel is over. `tolerances` has the tolerated ratio of each series."""

    def __init__(self, tolerances: Mapping[str, float]) -> None:
        self._tolerances = tolerances
        console = Console(stderr=True)
        self._live = Live(console=console, transient=True, auto_refresh=False) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, standing: Standing) -> None:
        """How it stands now."""
        if self._live is not None:
            self._live.update(duel_table(standing, self._tolerances), refresh=True)


def duel_table(standing: Standing, tolerances: Mapping[str, float]) -> Table:
    """A row a series: its ratio and 95 % interval so far, the tolerance, and the verdict once it is there."""
    title = f"{standing.pairs} of at most {standing.planned} pairs, {len(standing.undecided)} series undecided"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    for heading in ("series", "ratio so far", "95 % interval", "tol.", "verdict"):
        table.add_column(heading)
    for name, tolerance in tolerances.items():
        decided = name not in standing.undecided
        table.add_row(Text(name), *_cells(standing.judgements.get(name), tolerance, decided=decided))
    return table


def _cells(judgement: Judgement | None, tolerance: float, *, decided: bool) -> tuple[str, ...]:
    if judgement is None:
        return "-", "-", figures.ratio(tolerance), "…"
    typical = judgement.answer(Question.TYPICAL)
    return (
        figures.ratio(typical.ratio),
        figures.interval(typical.ci_low, typical.ci_high),
        figures.ratio(tolerance),
        judgement.deciding.verdict.value if decided else "…",
    )
