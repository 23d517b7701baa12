"""`portalwatch judge`: samples in as JSON, verdicts out as JSON, with neither a store nor a configuration.

A case is `{"metric", "baseline": [[sample, ...], ...], "current", "tolerance", "history"?, "spacing"?, "floor_ms"?}`; a
sample is a number of milliseconds, null for a call that failed, `{"at_least": x}` for one that timed out.
"""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from types import NoneType
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError
from pydantic_core import from_json

from baselines.baseline import Spacing
from baselines.case import Case
from baselines.family import Judgement, judge_family
from baselines.samples import SampleError, Samples
from baselines.verdict import Question

# Errors of a document are shown up to this number; a wrong generator makes thousands of the same.
SHOWN_ERRORS = 3

# A tolerance outside of these is a percentage or a mistake.
SMALLEST_TOLERANCE = 1.01
LARGEST_TOLERANCE = 10.0

_PLAIN = {int, float, NoneType}


class JudgeError(Exception):
    """The input can't be judged; the message says where and why."""


def judge_text(text: str) -> dict[str, Any]:
    """Judges one JSON document: a case gives an answer, `{"family": [case, ...]}` gives `{"verdicts": [...]}`.

    An answer is `{"metric", "verdict", "ratio", "ci_low", "ci_high", "more_sessions", "reason"}`, null where a figure
    means nothing; its ratio is that of the typical call, its reason that of the verdict.

    Raises JudgeError on anything that is no such document.
    """
    try:
        document = from_json(text, allow_inf_nan=False)
    except ValueError as error:
        hint = "; NaN and Infinity are none either, a call that failed is null" if "N" in text or "I" in text else ""
        raise JudgeError(f"this is no JSON: {error}{hint}") from error
    if not isinstance(document, dict):
        raise JudgeError('a JSON object is expected: one case, or {"family": [case, ...]}')
    try:
        if "family" in document:
            return {"verdicts": _answers(_Family.model_validate(document).family)}
        return _answers([_Case.model_validate(document)])[0]
    except ValidationError as error:
        raise JudgeError(explained(error)) from error


def judge_stream(lines: Iterable[str], write: Callable[[str], object]) -> None:
    """Answers each line with one line, in its order, until there are no more.

    A line that can't be judged is answered with `{"error": "..."}`, an empty one too, so that who counts lines never
    waits in vain. `write` gets each answer with its line end and has to flush it.
    """
    for line in lines:
        try:
            answer = judge_text(line)
        except JudgeError as error:
            answer = {"error": str(error)}
        write(json.dumps(answer, allow_nan=False) + "\n")


def _session(value: object) -> Samples:
    """One session; the usual one, of numbers and nulls only, is never walked through in Python."""
    if not isinstance(value, list):
        raise ValueError("a session is a list of samples")
    timed_out = np.zeros(len(value), dtype=np.bool_)
    if not _PLAIN.issuperset(map(type, value)):
        timed_out = np.array([isinstance(one, dict) for one in value])
        value = [_milliseconds(position, one) for position, one in enumerate(value)]
    try:
        return Samples(np.array(value, dtype=np.float64), timed_out)
    except (OverflowError, SampleError) as error:
        position = next(at for at, one in enumerate(value) if one is not None and not 0 <= one <= sys.float_info.max)
        raise ValueError(f"sample {position} is negative or too large for a number") from error


def _milliseconds(position: int, sample: object) -> float | None:
    """The number in a sample of any allowed kind."""
    if isinstance(sample, dict) and sample.keys() == {"at_least"} and type(sample["at_least"]) in (int, float):
        sample = sample["at_least"]
    if sample is None or (isinstance(sample, int | float) and not isinstance(sample, bool)):
        return sample
    raise ValueError(f'sample {position} is no number of milliseconds, no null and no {{"at_least": number}}')


class _Case(BaseModel):
    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    metric: str
    baseline: list[Annotated[Samples, PlainValidator(_session)]]
    current: list[Annotated[Samples, PlainValidator(_session)]]
    tolerance: float = Field(strict=True, ge=SMALLEST_TOLERANCE, le=LARGEST_TOLERANCE)
    history: list[Annotated[Samples, PlainValidator(_session)]] = []
    spacing: Spacing = Spacing.SPREAD
    floor_ms: float = Field(default=0.0, strict=True, ge=0)

    def as_case(self) -> Case:
        return Case(
            metric=self.metric,
            before=self.baseline,
            after=self.current,
            tolerance=self.tolerance,
            history=self.history,
            spacing=self.spacing,
            floor=self.floor_ms,
        )


class _Family(BaseModel):
    model_config = ConfigDict(extra="forbid")

    family: list[_Case]


def _answers(cases: Sequence[_Case]) -> list[dict[str, Any]]:
    judgements = judge_family([case.as_case() for case in cases])
    return [_answer(case.metric, judgement) for case, judgement in zip(cases, judgements, strict=True)]


def _answer(metric: str, judgement: Judgement) -> dict[str, Any]:
    typical, deciding = judgement.answer(Question.TYPICAL), judgement.deciding
    return {
        "metric": metric,
        "verdict": deciding.verdict,
        "ratio": typical.ratio,
        "ci_low": typical.ci_low,
        "ci_high": typical.ci_high,
        "more_sessions": deciding.more_sessions,
        "reason": f"{deciding.question}: {deciding.reason}",
    }


def explained(error: ValidationError) -> str:
    """Where in the document what is wrong, for the first few errors."""
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    shown = [
        ": ".join(filter(None, (".".join(map(str, one["loc"])), one["msg"].removeprefix("Value error, "))))
        for one in errors[:SHOWN_ERRORS]
    ]
    more = [f"and {len(errors) - SHOWN_ERRORS} more"] if len(errors) > SHOWN_ERRORS else []
    return "; ".join(shown + more)
