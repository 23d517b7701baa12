"""Masking: nothing of a constant stays in a text that is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.database.tokens import masked

# In no keyword, name or number of the statements below.
SECRET = "ZQX"
TEXT = st.text(st.sampled_from("ab '\"\\$/*-;?\n\r\té😀"), max_size=12).map(lambda noise: f"{SECRET}{noise}{SECRET}")


@st.composite
def constants(draw: st.DrawFn) -> str:
    """A constant with the secret in it, in any of PostgreSQL's ways to write one."""
    text = draw(TEXT)
    plain = text.replace("'", "''")
    tag = draw(st.sampled_from(["", "t", "tag_1", "é"]))
    escaped = text.replace("\\", "\\\\").replace("'", draw(st.sampled_from(["''", "\\'"])))
    return draw(
        st.sampled_from(
            [
                f"'{plain}'",
                f"n'{plain}'",
                f"U&'{plain}'",
                f"E'{escaped}'",
                f"e'{escaped}'",
                f"${tag}${text.replace('$', '')}${tag}$",
                f"/* {text.replace('*', '').replace('/', '')} */ 1",
                f"/* /* {text.replace('*', '').replace('/', '')} */ {SECRET} */ 1",
                f"-- {text.translate({10: None, 13: None})}\n1",
            ]
        )
    )


NAMES = st.sampled_from(
    [
        "e",
        "x_e",
        "😀e",
        "É",
        '"it\'s"',
        '"a""b"',
        "a$b$",
        "$1",
        "(",
        "),",
        "=",
        "-",
        "->>",
        "::text",
        "\n",
        "/",
        "7.5e3",
    ]
)


@given(st.lists(st.one_of(constants(), NAMES)), st.integers(min_value=0))
def test_no_constant_survives(parts: list[str], cut: int) -> None:
    """Neither in a whole statement nor in one that was cut off anywhere, be it in the middle of a constant."""
    statement = " ".join(parts)
    assert SECRET not in masked(statement)
    assert SECRET not in masked(statement[: cut % (len(statement) + 1)])


@given(st.integers(min_value=0), st.floats(min_value=0, allow_nan=False, allow_infinity=False))
def test_no_number_survives(whole: int, real: float) -> None:
    """However it is written; a number in a name is no constant."""
    written = f"SELECT a1 FROM t2 WHERE b IN ({whole}, {real!r}, {whole:#x}, {whole:#o}, {whole:#b}) AND c = $3"
    assert masked(written) == "SELECT a1 FROM t2 WHERE b IN (?, ?, ?, ?, ?) AND c = $3"


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE  t\nSET a = 'x' -- why\nWHERE id = 7", "UPDATE t SET a = ? WHERE id = ?"),
        ("SELECT/* a /* b */ c */1", "SELECT ?"),
        ("INSERT INTO \"T\" VALUES (E'it\\'s se", 'INSERT INTO "T" VALUES (?'),
        ("DO $body$ BEGIN PERFORM 1", "DO ?"),
        ("SELECT 1 /* it's cut", "SELECT ?"),
    ],
)
def test_the_statement_can_still_be_read(statement: str, told: str) -> None:
    """On one line, everything but constants and comments as it was."""
    assert masked(statement) == told
