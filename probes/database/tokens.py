"""The words of a statement, as PostgreSQL tells them apart."""

import re
from collections.abc import Iterator
from typing import NamedTuple

# PostgreSQL's lexical structure as far as it matters here. sqlglot's tokenizer takes `$1,$` for the start of a string.
_TOKEN = re.compile(
    r"""
      (?P<space>\s+)
    | (?P<comment>--[^\n]*|/\*(?:/\*.*?\*/|.)*?\*/)
    | (?P<parameter>\$\d+)
    | (?P<literal>'(?:[^']|'')*\Z
        | [eE]'(?:[^'\\]|\\.|'')*' | (?:[bBxXnN]|[uU]&)?'(?:[^']|'')*' | \$(?P<tag>[^\W\d]\w*|)\$.*?\$(?P=tag)\$
        | (?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<word>(?:[uU]&)?"(?:[^"]|"")*"|[^\W\d][\w$]*)
    | (?P<symbol>::|.)
    """,
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """`kind` is parameter, literal, word or symbol; words are in lower case unless quotes say otherwise."""

    kind: str
    text: str


def tokens(sql: str) -> Iterator[Token]:
    """The statement without its comments and spaces."""
    for match in _TOKEN.finditer(sql):
        kind, text = match.lastgroup, match[0]
        if kind == "word":
            plain = re.fullmatch(r'"([a-z_][a-z0-9_$]*)"', text)
            yield Token("word", plain[1] if plain else text if text.startswith('"') else text.lower())
        elif kind is not None and kind not in ("space", "comment"):
            yield Token(kind, text)


def without_comments(sql: str) -> str:
    """The statement as it is written otherwise."""
    return "".join(match[0] for match in _TOKEN.finditer(sql) if match.lastgroup != "comment")
