"""A statement of the portal as a probe sends it: the same to the server, with arguments taken from real values."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import asyncpg

from probes.database.connection import MARKER, Connection
from probes.database.link import Argument
from probes.workload.arguments import Slot, slot
from probes.workload.database import queryid_of
from probes.workload.parameters import Place, Shape, Use, shape_of
from probes.workload.samples import sample_column
from probes.workload.sql_text import preparable
from probes.workload.statement import Statement

_PARAMETER = re.compile(r"\$(\d+)")
# A number may have been written in two ways: so many spellings of all constants together are tried.
_MOST_SPELLINGS = 16


@dataclass(frozen=True, slots=True)
class QueryDraft:
    """`columns` are those that the arguments are held against.

    `is_exact`: the server takes the query for the very statement of the portal.
    """

    query: str
    arguments: Sequence[Sequence[Argument]]
    shape: Shape
    columns: Sequence[str]
    is_exact: bool


@dataclass(frozen=True, slots=True)
class _Parameter:
    slot: Slot
    place: Place
    column: str | None
    is_selective: bool


async def draft_query(connection: Connection, statement: Statement) -> QueryDraft:
    """The statement with arguments. Nothing is carried out but looks at columns.

    pg_stat_statements has `$n` for constants too, after the parameters. A constant is another statement to the server
    than a parameter, so it is found out, by its own identity, how many are which. A statement that is all constants
    (a driver that writes values into the text) gets parameters all the same where the value matters: one fixed value
    would measure a warm cache.

    Raises ValueError with the reason where that can't be done.
    """
    sql = preparable(statement.text)
    shape = shape_of(sql)
    try:
        sql, kinds = await _prepared(connection, sql)
        parameters = [await _parameter(connection, kind, shape, number) for number, kind in enumerate(kinds, start=1)]
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise ValueError(f"the server can't prepare it: {str(error).splitlines()[0]}") from error
    parameters = _ordered(parameters)
    kept, spelling = await _identified(connection, statement.queryid, sql, parameters)
    chosen = [number < (len(parameters) if kept is None else kept) for number in range(len(parameters))]
    selective = [one.is_selective and one.place.use is Use.EQUAL for one in parameters]
    if kept == 0 and any(selective):
        return _draft(sql, shape, parameters, selective, spelling, is_exact=False)
    return _draft(sql, shape, parameters, chosen, spelling, is_exact=kept is not None)


async def _prepared(connection: Connection, sql: str) -> tuple[str, Sequence[asyncpg.Type]]:
    """The types of its parameters; what may be of any type (`jsonb_build_object($1, …)`) is taken for a text."""
    while True:
        try:
            return sql, (await connection.prepare(MARKER + sql)).get_parameters()
        except asyncpg.IndeterminateDatatypeError as error:
            parameter = _PARAMETER.search(str(error))
            typed = sql if parameter is None else re.sub(rf"\${parameter[1]}\b(?!::)", rf"${parameter[1]}::text", sql)
            if typed == sql:
                raise
            sql = typed


async def _parameter(connection: Connection, kind: asyncpg.Type, shape: Shape, number: int) -> _Parameter:
    place = shape.places.get(number, Place(Use.OTHER))
    for relation, column in place.columns:
        sample = await sample_column(connection, relation, column)
        if sample is not None:
            return _Parameter(slot(kind, place.use, sample), place, column, sample.is_selective)
    return _Parameter(slot(kind, place.use, None), place, None, False)


def _ordered(parameters: Sequence[_Parameter]) -> list[_Parameter]:
    """The same, with the two ends of a range in order in every turn: neighbours of one sorted sample."""
    ranged = [one.place.columns for one in parameters if one.place.use is Use.HIGH and one.place.columns]
    lows = [one.place.columns for one in parameters if one.place.use is Use.LOW]
    both = [columns for columns in ranged if columns in lows]
    return [_end_of_range(one) if one.place.columns in both else one for one in parameters]


def _end_of_range(parameter: _Parameter) -> _Parameter:
    values = sorted(parameter.slot.values, key=_in_order)
    if len(values) < 2 or parameter.place.use not in (Use.LOW, Use.HIGH):
        return parameter
    kept = values[:-1] if parameter.place.use is Use.LOW else values[1:]
    return replace(parameter, slot=Slot(parameter.slot.type, tuple(kept)))


def _in_order(value: str) -> tuple[float, str]:
    try:
        return float(value), value
    except ValueError:
        return 0.0, value


async def _identified(
    connection: Connection, queryid: int, sql: str, parameters: Sequence[_Parameter]
) -> tuple[int | None, Sequence[str]]:
    """How many of the first parameters are such, and how the others are spelt, so that the server finds `queryid`.

    None and some spelling where it never does.
    """
    spellings = [one.slot.constants() for one in parameters]
    for kept in range(len(parameters), -1, -1):
        for spelling in itertools.islice(itertools.product(*spellings[kept:]), _MOST_SPELLINGS):
            whole = [*(one[0] for one in spellings[:kept]), *spelling]
            chosen = [number < kept for number in range(len(parameters))]
            query = _written(sql, parameters, chosen, whole)
            arguments = [one.slot.argument(0) for one in parameters[:kept]]
            try:
                if await queryid_of(connection, query, arguments) == queryid:
                    return kept, whole
            except (asyncpg.PostgresError, asyncpg.InterfaceError):
                continue
    return None, [one[0] for one in spellings]


def _draft(
    sql: str,
    shape: Shape,
    parameters: Sequence[_Parameter],
    chosen: Sequence[bool],
    spelling: Sequence[str],
    *,
    is_exact: bool,
) -> QueryDraft:
    kept = [one for one, is_kept in zip(parameters, chosen, strict=True) if is_kept]
    turns = max((len(one.slot.values) for one in kept), default=1)
    return QueryDraft(
        query=_written(sql, parameters, chosen, spelling),
        arguments=[[one.slot.argument(turn) for one in kept] for turn in range(turns)] if kept else [],
        shape=shape,
        columns=[one.column for one in kept if one.column is not None],
        is_exact=is_exact,
    )


def _written(sql: str, parameters: Sequence[_Parameter], chosen: Sequence[bool], spelling: Sequence[str]) -> str:
    """The statement with those parameters that were chosen, numbered anew, and constants in the others' places."""
    numbers: Iterator[int] = itertools.count(1)
    texts = [
        f"${next(numbers)}{one.slot.cast}" if is_kept else constant
        for one, is_kept, constant in zip(parameters, chosen, spelling, strict=True)
    ]
    written = _PARAMETER.sub(lambda match: texts[int(match[1]) - 1], sql)
    # `date $1` became a cast already.
    return re.sub(r"(::text::(\w+))::\2\b", r"\1", written)
