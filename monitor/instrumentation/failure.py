"""What leaves the portal of a failure: an allow-list, and every text on it masked.

Never sent are request bodies, query strings, raw paths, headers but the user agent, source lines, local variables,
and of PostgreSQL's errors DETAIL, HINT, CONTEXT and the statement.
"""

import re
import traceback
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any

_LONGEST_MESSAGE = 300
_LONGEST_AGENT = 200
_FRAMES = 40
_CAUSES = 3
_MASKED = "…"
# In this order: credentials of URLs and what stands where credentials do, queries of URLs, addresses, quoted constants,
# then numbers and long tokens.
_MASKS = (
    (re.compile(r"(?<=://)[^/\s@]*@"), ""),
    (re.compile(r"(?i)\b(bearer|basic)\s+\S+"), rf"\1 {_MASKED}"),
    (
        re.compile(
            r"(?i)\b(password|passwd|pwd|secret|token|api[_-]?key|authorization|session(?:id)?)(\s*[=:]\s*)[^\s,;&]+"
        ),
        rf"\1\2{_MASKED}",
    ),
    (re.compile(r"\?\S*"), ""),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), _MASKED),
    (re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|\([^()]*\)=\([^()]*\)"), _MASKED),
    # One that was cut off with its end.
    (re.compile(r"(?:(?<!\w)'|\")[^'\"]*\Z"), _MASKED),
    (re.compile(r"\b(?=\w*\d)[\w-]{5,}\b|\b\d+(?:[.,:-]\d+)*\b"), _MASKED),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One failed request. `action` is its method and route, `at` is timezone-aware UTC."""

    name: str
    message: str
    stack: str
    correlation_id: str
    component: str
    action: str
    at: datetime
    user_agent: str
    route: str

    def document(self) -> dict[str, Any]:
        """As `POST /api/errors/track` takes it."""
        return {
            "error": {"name": self.name, "message": self.message, "stack": self.stack},
            "context": {
                "correlationId": self.correlation_id,
                "component": self.component,
                "action": self.action,
                "timestamp": self.at.isoformat(),
                "userAgent": self.user_agent[:_LONGEST_AGENT],
                "url": self.route,
            },
        }


def name_of(error: BaseException) -> str:
    """The class, with its module where it is not Python's own."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def message_of(error: BaseException) -> str:
    """The first line of the message with constants, numbers, addresses and queries masked.

    PostgreSQL's errors keep their state and, of their fields, the names of constraint, table and column.
    """
    state = getattr(error, "sqlstate", None)
    text = str(getattr(error, "message", None) or "") if state else _text(error)
    masked = masked_text(text)
    if state:
        fields = ((noun, getattr(error, f"{noun}_name", None)) for noun in ("constraint", "table", "column"))
        masked += f" [{', '.join([str(state), *(f'{noun} {name}' for noun, name in fields if name)])}]"
    return masked


def masked_text(text: str) -> str:
    """One line of at most 300 characters without what could be somebody's."""
    masked = text.strip()[: 4 * _LONGEST_MESSAGE]
    for pattern, mask in _MASKS:
        masked = pattern.sub(mask, masked)
    # Not earlier: a constant may go over lines.
    return masked.partition("\n")[0][:_LONGEST_MESSAGE]


def stack_of(error: BaseException) -> str:
    """As Python writes it, causes first and in each the oldest frame, but without messages, source and values."""
    tracebacks = list[str]()
    cause: BaseException | None = error
    while cause is not None and len(tracebacks) < _CAUSES:
        frames = [(frame.f_code, line) for frame, line in traceback.walk_tb(cause.__traceback__)][-_FRAMES:]
        told = [f'  File "{_short(code.co_filename)}", line {line}, in {code.co_qualname}' for code, line in frames]
        tracebacks.append("\n".join(["Traceback (most recent call last):", *told, name_of(cause)]))
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return "\n\n".join(reversed(tracebacks))


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # an exception of the portal's own may fail to tell what it is
        return ""


def _short(path: str) -> str:
    return "/".join(PurePath(path).parts[-3:]).lstrip("/")
