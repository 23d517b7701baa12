"""The selectors that panels share: what the variables at the top of a dashboard choose."""

import json
from dataclasses import dataclass

HERE = 'job=~"$job", instance=~"$instance"'
# Recorded series have no instance any more.
RECORDED = 'job=~"$job"'
SELECTED = 'series=~"$series"'


@dataclass(frozen=True, slots=True)
class Selection:
    """What a dashboard of some series asks for: those of its `pattern`, and of them what $series chooses.

    All of the variable is `.+`, so that a new probe appears by itself; the pattern keeps the others' out.
    """

    pattern: str

    @property
    def series(self) -> str:
        """Of the dashboard and chosen."""
        return f"series=~{json.dumps(self.pattern)}, {SELECTED}"

    @property
    def here(self) -> str:
        """As exported, by instance."""
        return f"{HERE}, {self.series}"

    @property
    def recorded(self) -> str:
        """As recorded, without instances."""
        return f"{RECORDED}, {self.series}"

    @property
    def offered(self) -> str:
        """What the variable $series is filled from."""
        return f"{HERE}, series=~{json.dumps(self.pattern)}"
