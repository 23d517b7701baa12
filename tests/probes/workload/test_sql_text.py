"""Two spellings of one statement are the same, two statements are not, and a text becomes a statement again."""

import pytest

from probes.workload.sql_text import Nature, nature, normal_form, preparable

SAME = [
    ("SELECT a FROM t WHERE id = $1", "/* portalwatch */ select  a\nfrom T -- what\nwhere ID=42"),
    ("SELECT a FROM t WHERE day > $1", "SELECT a FROM t WHERE day > $1::text::date"),
    ("SELECT a FROM t WHERE day > date $1", "SELECT a FROM t WHERE day > DATE '2024-01-01'"),
    ("SELECT a FROM t WHERE n = $1", "SELECT a FROM t WHERE n = 1.5::numeric(14, 2)"),
    ("SELECT a FROM t WHERE n = $1", "SELECT a FROM t WHERE n = $2::double precision;"),
    ("SELECT a FROM t WHERE n = ANY($1)", "SELECT a FROM t WHERE n = ANY($1::bigint[])"),
    ("SELECT a FROM t WHERE id IN ($1 /*, ... */)", "SELECT a FROM t WHERE id IN (1, $2, 3)"),
    ("SELECT a FROM t WHERE id IN ($1,$2,$3)", "SELECT a FROM t WHERE id IN (1, 2)"),
    ("SELECT a FROM t WHERE is_open = $1", "SELECT a FROM t WHERE is_open = true"),
    ("SELECT a FROM t WHERE s = $1", "SELECT a FROM t WHERE s = E'it\\'s -- no comment'"),
    ("SELECT a FROM t WHERE s = $1", "SELECT a FROM t WHERE s = $tag$ $$ ' $tag$"),
    ('SELECT "a" FROM t', "SELECT a FROM t"),
]
DIFFERENT = [
    ("SELECT a FROM t", "SELECT b FROM t"),
    ("SELECT a FROM t WHERE id = $1", "SELECT a FROM t WHERE id > $1"),
    ("SELECT a::text FROM t", "SELECT a FROM t"),
    ('SELECT "A" FROM t', "SELECT a FROM t"),
    ("SELECT f($1)", "SELECT f($1, $2)"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_spellings_have_one_form(one: str, other: str) -> None:
    """Comments, spaces, capitals, values and the types they are cast to are no part of what a statement is."""
    assert normal_form(one) == normal_form(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_two_statements_have_two_forms(one: str, other: str) -> None:
    """Columns, operators, casts of columns, capitals in quotes and the number of a function's arguments are."""
    assert normal_form(one) != normal_form(other)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT 'insert' FROM t", Nature.READ),
        ("/* a */ WITH x AS (SELECT 1) SELECT * FROM x", Nature.READ),
        ("VALUES (1)", Nature.READ),
        ("WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", Nature.WRITE),
        ("SELECT a FROM t FOR NO KEY UPDATE", Nature.WRITE),
        ("INSERT INTO t SELECT 1", Nature.WRITE),
        ("MERGE INTO t USING s ON true WHEN MATCHED THEN DO NOTHING", Nature.WRITE),
        ("CREATE INDEX ON t (a)", Nature.UTILITY),
        ("BEGIN", Nature.UTILITY),
        ("", Nature.UTILITY),
    ],
)
def test_what_a_statement_does(sql: str, expected: Nature) -> None:
    """Words in texts and comments do nothing; a row lock is as good as a write."""
    assert nature(sql) is expected


def test_what_the_server_made_of_a_text_becomes_a_statement_again() -> None:
    """Typed constants become casts, a squeezed list has two values again, comments and the semicolon are gone."""
    kept = "-- who\nSELECT a FROM t WHERE id IN ($1 /*, ... */) AND day > date $2 - interval $3; -- end"
    assert preparable(kept) == "SELECT a FROM t WHERE id IN ($1, $1) AND day > $2::date - $3::interval"
