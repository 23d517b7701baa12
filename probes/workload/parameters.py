"""Where the parameters of a statement stand: which column each is held against, and how."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import sqlglot
from sqlglot import exp

_PARAMETER = re.compile(r"\$(\d+)")
# sqlglot takes `$1,$` for the start of a quoted string, so it is given names instead.
_STAND_IN = "portalwatch_parameter_"


class Use(StrEnum):
    """What a parameter does to the rows."""

    EQUAL = "equal"
    LOW = "low"
    HIGH = "high"
    PATTERN = "pattern"
    LIMIT = "limit"
    OFFSET = "offset"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Place:
    """`columns` are the (relation, column) that the parameter may be held against, quoted; the first that exists is."""

    use: Use
    columns: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """What a suggestion needs to know of a statement: its parameters by number, and how to call it in words."""

    places: dict[int, Place]
    relations: tuple[str, ...]
    is_grouped: bool
    is_aggregated: bool


def shape_of(sql: str) -> Shape:
    """The shape of a statement with parameters `$n`. Raises ValueError where it can't be understood."""
    try:
        tree = sqlglot.parse_one(_PARAMETER.sub(rf"{_STAND_IN}\1", sql), read="postgres")
    except sqlglot.errors.SqlglotError as error:
        raise ValueError("its text can't be taken apart") from error
    places: dict[int, Place] = {}
    for node in tree.find_all(exp.Column):
        if node.name.startswith(_STAND_IN):
            number = int(node.name.removeprefix(_STAND_IN))
            place = _place(node)
            if places.get(number, place).use is Use.OTHER or number not in places:
                places[number] = place
    common = {one.alias for one in tree.find_all(exp.CTE)}
    relations = dict.fromkeys(one.name for one in tree.find_all(exp.Table) if one.name not in common)
    return Shape(
        places=places,
        relations=tuple(relations),
        is_grouped=tree.find(exp.Group) is not None,
        is_aggregated=tree.find(exp.AggFunc) is not None,
    )


_COMPARISONS: dict[type[exp.Expression], tuple[Use, Use]] = {
    # By operator: the use of a parameter on its right, and on its left.
    exp.EQ: (Use.EQUAL, Use.EQUAL),
    exp.NEQ: (Use.EQUAL, Use.EQUAL),
    exp.GT: (Use.LOW, Use.HIGH),
    exp.GTE: (Use.LOW, Use.HIGH),
    exp.LT: (Use.HIGH, Use.LOW),
    exp.LTE: (Use.HIGH, Use.LOW),
    exp.Like: (Use.PATTERN, Use.OTHER),
    exp.ILike: (Use.PATTERN, Use.OTHER),
}


def _place(parameter: exp.Expression) -> Place:
    node, parent = parameter, parameter.parent
    while isinstance(parent, exp.Paren | exp.Cast | exp.Any | exp.Array):
        node, parent = parent, parent.parent
    if isinstance(parent, exp.Limit | exp.Fetch):
        return Place(Use.LIMIT)
    if isinstance(parent, exp.Offset):
        return Place(Use.OFFSET)
    if isinstance(parent, exp.In):
        return Place(Use.EQUAL, _columns(parent.this))
    if isinstance(parent, exp.Between):
        return Place(Use.LOW if parent.args["low"] is node else Use.HIGH, _columns(parent.this))
    for operator, (right, left) in _COMPARISONS.items():
        if isinstance(parent, operator):
            return (
                Place(right, _columns(parent.this))
                if parent.expression is node
                else Place(left, _columns(parent.expression))
            )
    return Place(Use.OTHER)


def _columns(expression: exp.Expression) -> tuple[tuple[str, str], ...]:
    """The relations' columns that an expression may be; none where it is no bare column."""
    while isinstance(expression, exp.Paren | exp.Cast):
        expression = expression.this
    if not isinstance(expression, exp.Column) or expression.name.startswith(_STAND_IN):
        return ()
    column = expression.this.name if expression.this.quoted else expression.name.lower()
    tables = [
        table
        for scope in _scopes(expression)
        for table in scope.find_all(exp.Table)
        if table.find_ancestor(exp.Select) is scope and expression.table in ("", table.alias_or_name)
    ]
    return tuple((_quoted(table), column) for table in tables)


def _scopes(node: exp.Expression) -> Iterator[exp.Select]:
    """The query that a name stands in, and those around it."""
    scope = node.find_ancestor(exp.Select)
    while scope is not None:
        yield scope
        scope = scope.find_ancestor(exp.Select)


def _quoted(table: exp.Table) -> str:
    parts = [part for part in table.parts if isinstance(part, exp.Identifier)]
    return ".".join(
        '"{}"'.format((part.name if part.quoted else part.name.lower()).replace('"', '""')) for part in parts
    )
