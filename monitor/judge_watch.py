"""`portalwatch judge --watch`: the continuous watcher over a pipe, one JSON object a line in, one a line out.

The first line has the reference,

    {"op": "baseline", "metrics": {"m": [[sample, ...], ...]}, "tolerance": 1.25, "interval_s": 30}

then come `{"op": "tick", "t": seconds, "values": {"m": sample}}` and `{"op": "reset"}`. A sample is a number of
milliseconds, null for a call that failed, `{"at_least": x}` for one that timed out.
"""

import json
import math
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, TypeAdapter, ValidationError

from baselines.reference import GROUP_CALLS, Reference
from baselines.watcher import Call, Drift, Watcher, Yardstick
from monitor.judge import LARGEST_TOLERANCE, SMALLEST_TOLERANCE, explained

_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What a datetime can hold, to the next round number.
_LATEST_SECONDS = 2e11


def _milliseconds(sample: Any) -> float | None:
    """The number in a sample; infinite where the call timed out, however long that was waited for."""
    if sample is None:
        return None
    timed_out = isinstance(sample, dict) and sample.keys() == {"at_least"}
    number = sample["at_least"] if timed_out else sample
    if type(number) not in (int, float) or not 0 <= number <= sys.float_info.max:
        raise ValueError('a sample is a number of milliseconds, null or {"at_least": number}')
    return math.inf if timed_out else float(number)


Sample = Annotated[float | None, PlainValidator(_milliseconds)]


class _Baseline(BaseModel):
    model_config = _STRICT

    op: Literal["baseline"]
    metrics: dict[str, list[list[Sample]]]
    tolerance: float = Field(ge=SMALLEST_TOLERANCE, le=LARGEST_TOLERANCE)
    interval_s: float = Field(gt=0)


class _Tick(BaseModel):
    model_config = _STRICT

    op: Literal["tick"]
    t: float = Field(ge=0, le=_LATEST_SECONDS)
    values: dict[str, Sample]


class _Reset(BaseModel):
    model_config = _STRICT

    op: Literal["reset"]


_LINE: TypeAdapter[_Baseline | _Tick | _Reset] = TypeAdapter(
    Annotated[_Baseline | _Tick | _Reset, Field(discriminator="op")]
)


def watch_stream(lines: Iterable[str], write: Callable[[str], object]) -> None:
    """Answers each line with one line, until there are no more.

    - the baseline, and a reset, which keeps it: `{"ok": true}`; `unwatched` names the metrics whose reference has not
      five calls in a row that answered
    - a tick: `{"alarms": [...], "suspected": [...]}`, everything that is raised, and what of it is only suspected:
      nobody here can take the further calls that would make it certain
    - anything else: `{"error": "..."}`, and the watching goes on as if the line had not been there

    `write` gets each answer with its line end and has to flush it.
    """
    stream = _Stream()
    for line in lines:
        try:
            answer = stream.answer(_LINE.validate_json(line))
        except ValidationError as error:
            answer = {"error": explained(error)}
        write(json.dumps(answer, allow_nan=False) + "\n")


class _Stream:
    def __init__(self) -> None:
        self._baseline: _Baseline | None = None
        self._watcher: Watcher | None = None

    def answer(self, line: _Baseline | _Tick | _Reset) -> dict[str, Any]:
        if isinstance(line, _Baseline):
            self._baseline = line
        if self._baseline is None:
            return {"error": 'a line {"op": "baseline", ...} must come first'}
        if self._watcher is None or not isinstance(line, _Tick):
            self._watcher = Watcher(_yardsticks(self._baseline))
            unwatched = [name for name in self._baseline.metrics if name not in self._watcher]
            return {"ok": True, "unwatched": unwatched} if unwatched else {"ok": True}
        at = _EPOCH + timedelta(seconds=line.t)
        self._watcher.take(Call(name, at, sample) for name, sample in line.values.items() if sample is not None)
        raised = self._watcher.raised()
        return {"alarms": list(raised), "suspected": [name for name, one in raised.items() if one is Drift.SUSPECTED]}


def _yardsticks(baseline: _Baseline) -> dict[str, Yardstick]:
    yardsticks = {}
    for name, sessions in baseline.metrics.items():
        answered = [[one for one in session if one is not None and math.isfinite(one)] for session in sessions]
        sound = [one for one in answered if len(one) >= GROUP_CALLS and min(one) > 0]
        if sound:
            yardsticks[name] = Yardstick.of(
                Reference.of_sessions(sound), tolerance=baseline.tolerance, cadence_seconds=baseline.interval_s
            )
    return yardsticks
