"""What counters have counted within the last while, added up from scrape to scrape."""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """What was counted between two scrapes, by what it counts; times are monotonic seconds."""

    since: float
    until: float
    counted: Mapping[str, float]


class Window:
    """The steps of the last `seconds`; of none, the latest step alone."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._steps = deque[Step]()

    def add(self, step: Step) -> Step:
        """The whole window as one step, this one included. Its first step may begin half a step too early: scrapes
        are never quite on time.
        """
        self._steps.append(step)
        begin = step.until - self._seconds - (step.until - step.since) / 2
        while len(self._steps) > 1 and self._steps[0].since < begin:
            self._steps.popleft()
        counted = Counter[str]()
        for one in self._steps:
            counted.update(one.counted)
        return Step(self._steps[0].since, step.until, counted)
