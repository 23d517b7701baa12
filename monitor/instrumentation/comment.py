"""Comments in SQL, in sqlcommenter's form: sorted pairs of a key and a quoted, URL-encoded value.

They stand in front, where the specification would have them at the end: PostgreSQL shows the first 1,024 bytes of a
statement in `pg_stat_activity`, and a log line is read from its start.
"""

import re
from urllib.parse import quote

ONE_TIME = "/*correlation_id="
"""How a comment begins that no second request will have."""

_NAME = re.compile(r"^\s*--\s*name:\s*([\w.-]{1,64})", re.MULTILINE)


def comment(**values: str) -> str:
    """The comment with a blank after it. Encoded, no value can end a quote or the comment.

    Source: sqlcommenter, "Specifications": keys sorted, values URL-encoded and in single quotes.
    """
    pairs = ",".join(f"{key}='{quote(value, safe='')}'" for key, value in sorted(values.items()))
    return f"/*{pairs}*/ "


def may_be_tagged(statement: str) -> bool:
    """Not where a comment is already, says sqlcommenter; it may be another tool's, or a planner hint, which is read
    from the first comment only.
    """
    return "/*" not in statement


def name_of(statement: str) -> str | None:
    """What `-- name: x` on a line of its own calls the statement."""
    found = _NAME.search(statement) if "--" in statement else None
    return found[1] if found else None
