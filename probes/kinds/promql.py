"""Questions to the Prometheus that watches the portal already: the answer to each is a series like any other."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar
from urllib.parse import urlencode

import promql_parser
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from baselines.measurement import Reason
from baselines.series import Direction, Series, Unit
from probes.errors import ProbeFailed
from probes.metrics.figure import figure_of
from probes.probe import Links, Probe, ProbeRun
from probes.reading import Reading
from probes.registry import probe_kind
from probes.settings import Name, ProbeSettings
from probes.targets import HttpTarget
from probes.web.exchange import Exchange
from probes.web.link import HttpLink

_PATH = "/api/v1/query"
# One number and its labels; whatever is longer is no single number.
_ANSWER_BYTES = 1024 * 1024
_MESSAGE_CHARACTERS = 200


def _parsed(query: str) -> str:
    promql_parser.parse(query)
    return query


Query = Annotated[str, Field(min_length=1), AfterValidator(_parsed)]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Minimum(_Frozen):
    """Where the query's number is less than `at_least`, there is too little traffic to judge."""

    query: Query
    at_least: float = Field(gt=0, allow_inf_nan=False)

    def require(self, found: float) -> None:
        """Raises ProbeFailed where that is too little."""
        if found < self.at_least:
            raise ProbeFailed(Reason.TOO_LITTLE, f"{found:g} counted, fewer than the minimum of {self.at_least:g}")


class QuerySeries(_Frozen):
    """A query whose answer is one number, in the base unit."""

    query: Query
    unit: Unit = Unit.COUNT
    direction: Direction = Direction.CEILING
    minimum: Minimum | None = None

    def series(self, name: str) -> Series:
        """The series of that name; it is no time that we took, and has no baseline."""
        least = None if self.minimum is None else self.minimum.at_least
        return Series(name, self.unit, self.direction, comparable=False, minimum_traffic=least)


class PromqlSettings(ProbeSettings):
    """`series` says by name what is asked; the target is the Prometheus server."""

    target_type: ClassVar[type[HttpTarget]] = HttpTarget

    queries: Mapping[Name, QuerySeries] = Field(alias="series", min_length=1)

    def series(self) -> tuple[Series, ...]:
        """One for each query."""
        return tuple(self.series_named(one.series(f"{self.category}.{metric}")) for metric, one in self.queries.items())


@probe_kind("promql", PromqlSettings)
class PromqlProbe(Probe):
    """Instant queries, one after the other: a Prometheus has more to do than to answer us."""

    def __init__(self, settings: PromqlSettings, links: Links) -> None:
        self._settings = settings
        self._link = links.to(settings.target, HttpLink)

    async def run(self, run: ProbeRun) -> Sequence[Reading]:
        """A reading for each series; a query that Prometheus refuses, or has no data for, concerns its series alone."""
        readings = [await self._reading(metric, one, run) for metric, one in self._settings.queries.items()]
        # The portal's figures are not the worse for a prober that was late.
        run.stopwatch.reset()
        return readings

    async def _reading(self, metric: str, one: QuerySeries, run: ProbeRun) -> Reading:
        answer = await self._ask(one.query, run)
        traffic = None if one.minimum is None else await self._ask(one.minimum.query, run)
        try:
            value = figure_of(_number(answer))
            if one.minimum is not None and traffic is not None:
                one.minimum.require(figure_of(_number(traffic)))
            return Reading(metric=metric, value=value)
        except ProbeFailed as failure:
            return Reading(metric=metric, reason=failure.reason, detail=str(failure))

    async def _ask(self, query: str, run: ProbeRun) -> Exchange:
        # A GET may be sent again where the connection had just been closed; a POST may not.
        request = self._link.prepare("GET", f"{_PATH}?{urlencode({'query': query})}", {}, None)
        return await self._link.request(request, _ANSWER_BYTES, run)


def _number(exchange: Exchange) -> float:
    """The one number of an answer. Raises ProbeFailed where there is none, or no single one."""
    try:
        answer = json.loads(exchange.body)
    except ValueError:
        answer = None
    if exchange.status != 200:
        message = answer.get("error", "") if isinstance(answer, dict) else "no answer of Prometheus"
        raise ProbeFailed(Reason.STATUS, f"answered {exchange.status}: {str(message)[:_MESSAGE_CHARACTERS]}")
    match answer:
        case {"data": {"resultType": "scalar", "result": [_, str(number)]}} if _is_number(number):
            return float(number)
        case {"data": {"resultType": "vector", "result": [{"value": [_, str(number)]}]}} if _is_number(number):
            return float(number)
        case {"data": {"resultType": "vector", "result": []}}:
            raise ProbeFailed(Reason.TOO_LITTLE, "there is no data")
        case {"data": {"resultType": "vector", "result": [_, _, *further]}}:
            found = f"{len(further) + 2}; aggregate them or select one"
        case {"data": {"resultType": str(kind)}}:
            found = f"a {kind} of something else"
        case _:
            found = "no answer of Prometheus"
    raise ProbeFailed(Reason.ASSERTION, f"expected one number, found {found}")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
