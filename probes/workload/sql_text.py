"""The text of a statement as pg_stat_statements keeps it: what it does, and its normal form."""

import re
from collections.abc import Iterator
from enum import StrEnum

from probes.database.tokens import Token, tokens, without_comments

_TYPED_LITERALS = frozenset({"date", "time", "timetz", "timestamp", "timestamptz", "interval"})
_CONSTANT_WORDS = frozenset({"true", "false", "null"})
_READING = frozenset({"select", "with", "values", "table"})
_WRITING = frozenset({"insert", "update", "delete", "merge"})
_LOCKING = re.compile(r"\bfor (no key )?(update|share|key share)\b")
# PostgreSQL 18 keeps one constant of a list: `IN ($1 /*, ... */)`.
_SQUEEZED_LIST = re.compile(r"(\$\d+) /\*, \.\.\. \*/")
_TYPED_PARAMETER = re.compile(rf"\b({'|'.join(sorted(_TYPED_LITERALS))})\s+(\$\d+)", re.IGNORECASE)


class Nature(StrEnum):
    """What a statement does; `UTILITY` is everything that has no plan (BEGIN, VACUUM, CREATE INDEX)."""

    READ = "read"
    WRITE = "write"
    UTILITY = "utility"


def nature(sql: str) -> Nature:
    """What the statement does. One that locks the rows it reads counts as a write: no probe may send it."""
    words = [one.text for one in tokens(sql) if one.kind == "word"]
    first = words[0] if words else ""
    if first in _WRITING or (first == "with" and _WRITING.intersection(words)) or _LOCKING.search(" ".join(words)):
        return Nature.WRITE if first in _WRITING | _READING else Nature.UTILITY
    return Nature.READ if first in _READING else Nature.UTILITY


def normal_form(sql: str) -> str:
    """The text with which two spellings of one statement are told to be the same.

    Without comments, spaces and capitals; every constant and parameter is `?`, whatever it is cast to; a list of them
    is one. Names with and without a schema differ.
    """
    form: list[str] = []
    for text in _without_casts(list(tokens(sql))):
        if text == "?" and form[-4:] == ["in", "(", "?", ","]:
            form.pop()
        elif text != ";":
            form.append(text)
    return " ".join(form)


def _without_casts(several: list[Token]) -> Iterator[str]:
    """The tokens' texts, with constants and parameters as `?` and without the types around them."""
    index = 0
    while index < len(several):
        one = several[index]
        following = several[index + 1] if index + 1 < len(several) else None
        if one.text in _TYPED_LITERALS and following is not None and following.kind in ("parameter", "literal"):
            index += 1
            continue
        index += 1
        if one.kind not in ("parameter", "literal") and one.text not in _CONSTANT_WORDS:
            yield one.text
            continue
        yield "?"
        while index < len(several) and several[index].text == "::":
            index = _after_type(several, index + 1)


def _after_type(several: list[Token], index: int) -> int:
    """Where the type that begins at `index` has ended: `double precision`, `numeric(14, 2)`, `bigint[]`."""
    index += 2 if [one.text for one in several[index : index + 2]] == ["double", "precision"] else 1
    for opening, closing in (("(", ")"), ("[", "]")):
        if index < len(several) and several[index].text == opening:
            while index < len(several) and several[index].text != closing:
                index += 1
            index += 1
    return index


def preparable(sql: str) -> str:
    """What pg_stat_statements made of a statement, so that a server takes it again.

    Typed constants (`date $1`) become casts, and lists squeezed to one constant get a second one. Comments go, since
    a line comment at the end would swallow what is put behind it.
    """
    widened = _SQUEEZED_LIST.sub(r"\1, \1", sql)
    kept = without_comments(widened)
    return _TYPED_PARAMETER.sub(r"\2::\1", kept).strip().rstrip(";").rstrip()
