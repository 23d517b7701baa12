"""What stands in for the `$n` of a statement: values that YAML can say, and constants that SQL can."""

from collections.abc import Sequence
from dataclasses import dataclass

from asyncpg.types import Type

from probes.database.link import Argument
from probes.workload.parameters import Use
from probes.workload.samples import Sample

_INTEGERS = frozenset({"int2", "int4", "int8"})
_NUMBERS = frozenset({"numeric", "float4", "float8"})
_TEXTS = frozenset({"text", "varchar", "bpchar", "name", "uuid", "json", "jsonb", "unknown"})
# Where nothing is known of the column: what at least can be carried out.
_BY_USE: dict[Use, str] = {Use.LIMIT: "50", Use.OFFSET: "0", Use.PATTERN: "a%"}
_BY_TYPE: dict[str, str] = {
    **dict.fromkeys(_INTEGERS, "10"),
    **dict.fromkeys(_NUMBERS, "1.5"),
    "bool": "true",
    "json": "{}",
    "jsonb": "{}",
    "uuid": "00000000-0000-0000-0000-000000000000",
    "date": "2024-01-01",
    "time": "12:00",
    "timestamp": "2024-01-01",
    "timestamptz": "2024-01-01 00:00+00",
    "interval": "1 day",
}
_TEXT = "a"


@dataclass(frozen=True, slots=True)
class Slot:
    """One `$n` of a statement: its type on the server and the values, as PostgreSQL writes them, that it takes."""

    type: Type
    values: tuple[str, ...]

    @property
    def cast(self) -> str:
        """What follows `$n` in a query whose arguments are numbers, texts and truth values only."""
        if self.type.name in _INTEGERS | _NUMBERS | _TEXTS | {"bool"} or self._is_enumeration:
            return ""
        schema = "" if self.type.schema == "pg_catalog" else f'"{self.type.schema}".'
        return f"::text::{schema}{self.type.name}"

    def argument(self, turn: int) -> Argument:
        """The value of that turn, as YAML writes it."""
        value = self.values[turn % len(self.values)]
        if self.type.name in _INTEGERS:
            return int(float(value))
        if self.type.name in _NUMBERS:
            return float(value)
        if self.type.name == "bool":
            return value in ("t", "true")
        return value

    def constants(self) -> tuple[str, ...]:
        """The first value as SQL may write it: a number has two spellings, which are two types to the server."""
        value = self.values[0]
        if self.type.name in _INTEGERS:
            return (str(int(float(value))),)
        if self.type.name in _NUMBERS:
            return str(float(value)), str(round(float(value)) or 1)
        quoted = "'{}'".format(value.replace("'", "''"))
        return (value, quoted) if self.type.name == "bool" else (quoted,)

    @property
    def _is_enumeration(self) -> bool:
        return self.type.kind == "scalar" and self.type.schema not in ("pg_catalog", "information_schema")


def slot(kind: Type, use: Use, sample: Sample | None) -> Slot:
    """What a parameter of this type takes. Raises ValueError where no value is known."""
    values: Sequence[str] = sample.values if sample is not None and use is not Use.PATTERN else ()
    if kind.name.endswith("[]"):
        element = kind.name.removesuffix("[]")
        known = values[:3] or [_fallback(element, Use.OTHER)]
        return Slot(kind, ("{{{}}}".format(",".join(map(_element, known))),))
    if not values and sample is not None and use is Use.EQUAL and kind.name in _TEXTS:
        raise ValueError("its values may be personal")
    return Slot(kind, tuple(values) or (_fallback(kind.name, use),))


def _fallback(kind: str, use: Use) -> str:
    value = _BY_USE.get(use) or _BY_TYPE.get(kind) or (_TEXT if kind in _TEXTS else None)
    if value is None:
        raise ValueError(f"no value is known for its type {kind}")
    return value


def _element(value: str) -> str:
    return '"{}"'.format(value.replace("\\", "\\\\").replace('"', '\\"'))
