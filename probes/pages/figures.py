"""What one loading of a page came to: the browser's own figures, in seconds since the navigation began."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from baselines.measurement import Reason
from probes.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFigures:
    """A paint is None where nothing was painted. `tasks` kept the main thread for more than 50 ms each: from, until.

    `quiet`: whether the look ended because the page had come to rest, and not because its time was up.
    """

    first_contentful_paint: float | None
    largest_contentful_paint: float | None
    cumulative_layout_shift: float
    time_to_first_byte: float
    page_load_time: float
    content_loaded: float
    tasks: Sequence[tuple[float, float]]
    quiet: bool

    @classmethod
    def of(cls, seen: Mapping[str, Any], *, quiet: bool) -> "PageFigures":
        """From what the observers in the page tell, in milliseconds."""
        return cls(
            first_contentful_paint=_seconds(seen["fcp"]),
            largest_contentful_paint=_seconds(seen["lcp"]),
            cumulative_layout_shift=float(seen["cls"]),
            time_to_first_byte=seen["ttfb"] / 1000,
            page_load_time=seen["load"] / 1000,
            content_loaded=seen["ready"] / 1000,
            tasks=[(start / 1000, end / 1000) for start, end in seen["tasks"]],
            quiet=quiet,
        )

    @property
    def time_to_interactive(self) -> float | None:
        """When the last long task before the quiet ended, not before the first paint and the loaded document; None
        where nothing was painted.

        After https://web.dev/articles/tti, but for its second condition, at most two requests under way: a portal that
        polls would never be interactive.
        """
        if self.first_contentful_paint is None:
            return None
        ended = [end for _, end in self.tasks if end > self.first_contentful_paint]
        return max([self.first_contentful_paint, self.content_loaded, *ended[-1:]])

    def reading(self, metric: str) -> Reading:
        """The reading of one of the six metrics, or the reason why there is none."""
        value: float | None = getattr(self, metric)
        if value is None:
            return Reading(metric=metric, reason=Reason.ASSERTION, detail="the page painted nothing")
        if metric == "time_to_interactive" and not self.quiet:
            detail = "the page did not come to rest: one long task followed the other until the time was up"
            return Reading(metric=metric, reason=Reason.DEADLINE, detail=detail)
        return Reading(value, metric)


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000
