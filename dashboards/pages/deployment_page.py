"""The page of a deployment: where it stands and may it go on; below it what is running and what has changed since."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from baselines.ledger import Change, Section
from dashboards.deployment import wording as deployment_wording
from dashboards.deployment.story import Story
from dashboards.pages.frame import Frame, render_page
from dashboards.reports import wording
from thresholds.assessment import Assessment

# A migration of a thousand tables changes more than anybody reads.
_MOST_CHANGES = 200
_RELOAD_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseView:
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


@dataclass(frozen=True, slots=True)
class EarlierDeployment:
    """Another deployment there was, or is: `finished_at` is None while it is open."""

    name: str
    opened_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentPage:
    """`story` is None where no deployment was ever opened; `earlier` are the others, the last one first."""

    release: ReleaseView
    story: Story | None = None
    earlier: Sequence[EarlierDeployment] = ()


def render_deployment_page(page: DeploymentPage, frame: Frame, *, reload: bool = True) -> str:
    """The page as HTML. A deployment that is open renews itself unless `reload` is off."""
    story, release = page.story, page.release
    title = f"Release {release.release}" if story is None else f"{story.name}: {deployment_wording.state(story)}"
    return render_page(
        "deployment.html.j2",
        frame,
        title=title,
        reload=_RELOAD_SECONDS if reload and story is not None and not story.is_over else None,
        page=release,
        story=story,
        earlier=page.earlier,
        told=deployment_wording,
        wording=wording,
    )
