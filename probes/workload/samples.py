"""Real values of a column, for the arguments of a probe: from the server's statistics, else from a few rows."""

import re
from dataclasses import dataclass

from probes.database.connection import MARKER, Connection

# So many different values do a probe's runs take in turn.
SAMPLE = 8
# A text column with more different values than this, or ever more, may hold names and addresses of people.
_FEW = 100
_IDENTIFIER = re.compile(r"[0-9a-fA-F-]+")
_COLUMN = """
SELECT c.oid::regclass::text AS relation, quote_ident(a.attname) AS name,
       t.typcategory IN ('N', 'D', 'T', 'B', 'E') OR t.typname = 'uuid'
       OR t.typcategory = 'S' AND s.n_distinct BETWEEN 1 AND $3 AS is_plain,
       CASE WHEN s.n_distinct < 0 THEN -s.n_distinct * c.reltuples ELSE s.n_distinct END AS different,
       s.most_common_vals::text::text[] AS common, s.histogram_bounds::text::text[] AS bounds
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = $2 AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_stats AS s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
    AND NOT s.inherited
WHERE c.oid = to_regclass($1)
"""
_ROWS = """
SELECT DISTINCT v FROM (SELECT {column}::text AS v FROM {relation} WHERE {column} IS NOT NULL LIMIT 1000) AS few
LIMIT {limit}
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """A column's values as PostgreSQL writes them. `different` is how many there are, `common` those seen most."""

    values: tuple[str, ...]
    different: float

    @property
    def is_selective(self) -> bool:
        """Whether it makes a difference which value is asked for."""
        return self.different > 20 and len(self.values) > 1


async def sample_column(connection: Connection, relation: str, column: str) -> Sample | None:
    """Up to SAMPLE values; None where there is no such column.

    None are told of a column that may hold what is personal: texts of many kinds that are no identifiers.
    Raises the driver's errors.
    """
    found = await connection.fetchrow(MARKER + _COLUMN, relation, column, _FEW)
    if found is None:
        return None
    common, bounds = found["common"] or [], found["bounds"] or []
    values = dict.fromkeys([*_spread(common, SAMPLE // 2 if bounds else SAMPLE), *_spread(bounds, SAMPLE)])
    if not values:
        statement = _ROWS.format(column=found["name"], relation=found["relation"], limit=SAMPLE)
        values = dict.fromkeys(row["v"] for row in await connection.fetch(MARKER + statement))
    different = found["different"] if found["different"] is not None else float("inf")
    if not found["is_plain"]:
        values = {value: None for value in values if _IDENTIFIER.fullmatch(value)}
    return Sample(tuple(values)[:SAMPLE], different)


def _spread(values: list[str], count: int) -> list[str]:
    """So many of them, evenly from the first to the last."""
    if len(values) <= count:
        return values
    return [values[round(index * (len(values) - 1) / (count - 1))] for index in range(count)]
