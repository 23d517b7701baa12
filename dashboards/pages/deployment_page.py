"""The page of a deployment: what is running since when, what has changed since then, and whether it may stay."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from baselines.ledger import Change, Section
from dashboards.pages.frame import Frame, render_page
from dashboards.reports import wording
from thresholds.assessment import Assessment

# A migration of a thousand tables changes more than anybody reads.
_MOST_CHANGES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentPage:
    """What is known as of `now`. `since` is when `release` was first watched, None while nobody can be asked; `earlier`
    is the release before it. `assessment` is the last hour against the active baseline, None where `not_assessed` says
    why there is none. `changes` are those since then, oldest first, None while the store can't be asked.
    """

    release: str
    since: datetime | None
    earlier: str | None
    assessment: Assessment | None
    not_assessed: str
    changes: Sequence[Change] | None
    now: datetime

    @property
    def told(self) -> list[Change]:
        """The newest first, without tables that were analysed, which happens daily."""
        known = [one for one in self.changes or () if one.section is not Section.STATISTICS]
        return list(reversed(known))[:_MOST_CHANGES]

    @property
    def untold(self) -> str:
        """What is not listed, in words; empty where everything is."""
        everything = self.changes or ()
        upkeep = sum(one.section is Section.STATISTICS for one in everything)
        more = len(everything) - upkeep - len(self.told)
        parts = [f"{more} further changes"] if more else []
        parts += [f"statistics of {upkeep} table{'s' if upkeep > 1 else ''} taken anew"] if upkeep else []
        return " and ".join(parts)

    @property
    def counts(self) -> list[tuple[str, int]]:
        """How many changes of which kind, most first."""
        return [(one.value, count) for one, count in Counter(one.section for one in self.told).most_common()]


def render_deployment_page(page: DeploymentPage, frame: Frame) -> str:
    """The page as HTML."""
    return render_page(
        "deployment.html.j2",
        frame,
        title=f"Release {page.release}",
        page=page,
        wording=wording,
    )
