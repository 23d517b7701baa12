"""The words of a statement, as PostgreSQL tells them apart."""

import re
from collections.abc import Iterator
from typing import NamedTuple

# What a name begins with: PostgreSQL takes everything beyond ASCII for a letter.
_LETTER = r"A-Za-z_\x80-\U0010ffff"
# PostgreSQL's lexical structure as far as it matters here; what is not closed goes on to the end of the text. sqlglot's
# tokenizer takes `$1,$` for the start of a string.
_TOKEN = re.compile(
    rf"""
      (?P<space>\s+)
    | (?P<comment>--[^\r\n]*|/\*(?:/\*.*?\*/|.)*?(?:\*/|\Z))
    | (?P<parameter>\$\d+)
    | (?P<literal>[eE]'(?:[^'\\]|\\.|'')*(?:'|\\?\Z) | (?:[bBxXnN]|[uU]&)?'(?:[^']|'')*(?:'|\Z)
        | \$(?P<tag>[{_LETTER}][\w{_LETTER}]*|)\$.*?(?:\$(?P=tag)\$|\Z)
        | 0[xX][\da-fA-F_]+|0[oObB][\d_]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<word>(?:[uU]&)?"(?:[^"]|"")*(?:"|\Z)|[{_LETTER}][\w${_LETTER}]*)
    | (?P<symbol>::|.)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_MASKS = {"literal": "?", "comment": " "}


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


def masked(sql: str) -> str:
    """The statement on one line, each constant a `?`, without comments; it may be cut off, also in a constant."""
    text = "".join(_MASKS.get(match.lastgroup or "", match[0]) for match in _TOKEN.finditer(sql))
    return " ".join(text.split())
