"""What an error is without what it says of anybody: masked text, frames, and the fingerprint that groups it."""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from thresholds.identity import is_identity

LONGEST_NAME = 100
LONGEST_MESSAGE = 500
MOST_FRAMES = 20
# The frames that tell two groups apart: those below are the framework's, and change with it.
_FRAMES_TOLD_APART = 5
# Stacks whose frames are known: the same place fails again and again, each time with another message.
_STACKS_KNOWN = 512
_LONGEST_TEXT = 2_000
_LONGEST_STACK = 16_000
_LONGEST_LINE = 300

_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# What a database adds to its message: rows, keys and statements with their constants.
_DETAILS = re.compile(
    r"(?im)(?:\b(?:DETAIL|HINT|CONTEXT|STATEMENT|QUERY|PARAMETERS)\s*:[^\n]*|\[(?:SQL|parameters)\s*:.*\Z)", re.S
)
_MASKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s'\"<>)]+", re.I), "<url>"),
    (re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+"), "<email>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?[\d.,]*(?:Z|[+-]\d\d:?\d\d)?\b"), "<n>"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}"), r"\1 <secret>"),
    (
        re.compile(
            r"(?i)\b(password|passwd|pwd|secret|token|api[_-]?key|authorization|session(?:id)?)\b(\s*[=:]\s*)[^\s,;&]+"
        ),
        r"\1\2<secret>",
    ),
    (re.compile(r"\beyJ[\w-]{5,}(?:\.[\w-]*){0,4}"), "<secret>"),
    (re.compile(r"(?<!\w)'[^']*'(?!\w)|\"[^\"]*\"|`[^`]*`|“[^“”]*”|‘[^‘’]*’|«[^«»]*»"), "<value>"),
    # One that was cut off with its end.
    (re.compile(r"(?:(?<!\w)'|[\"`“‘«])[^'\"`“”‘’«»]*\Z"), "<value>"),
    (re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"), "<id>"),
    (re.compile(r"\b(?:0x)?(?=[0-9a-fA-F]*\d)[0-9a-fA-F]{8,}\b"), "<id>"),
    (re.compile(r"\b(?=[A-Za-z_-]{0,40}\d)[\w-]{6,}\b"), "<id>"),
    (re.compile(r"\b[A-Za-z0-9+/_-]{32,}={0,2}"), "<id>"),
    (re.compile(r"(?<![A-Za-z])[-+]?\d+(?:[.,:/\-]\d+)*%?"), "<n>"),
)
_FRAMES = (
    re.compile(
        r"^at (?:(?:async |new )*(?P<function>[^\s(]+)(?:\s[^(]*)?\()?"
        r"(?P<file>[^()\s]+?)(?::(?P<line>\d+))?(?::\d+)?\)?$"
    ),
    re.compile(r"^File \"(?P<file>[^\"]+)\", line (?P<line>\d+)(?:, in (?P<function>\S+))?$"),
    re.compile(r"^(?P<function>[^@\s]*)@(?P<file>\S+?)(?::(?P<line>\d+))?(?::\d+)?$"),
)
_PYTHON = "Traceback (most recent call last)"
# The part of a file's name that a bundler makes of its content.
_HASH = re.compile(r"[.-](?=[A-Za-z0-9_]*\d)[A-Za-z0-9_]{6,20}(?=\.(?:chunk\.|min\.)?m?js\b)")
_ODD = re.compile(r"[^\w.$<>\[\]/-]")
_FAMILIES = (
    ("HeadlessChrome", re.compile(r"HeadlessChrome/(\d{1,4})")),
    ("bot", re.compile(r"(?i)bot\b|crawl|spider|slurp")),
    ("Edge", re.compile(r"Edg(?:e|A|iOS)?/(\d{1,4})")),
    ("Opera", re.compile(r"OPR/(\d{1,4})")),
    ("Samsung Internet", re.compile(r"SamsungBrowser/(\d{1,4})")),
    ("Firefox", re.compile(r"(?:Firefox|FxiOS)/(\d{1,4})")),
    ("Chrome", re.compile(r"(?:Chrome|CriOS)/(\d{1,4})")),
    ("Safari", re.compile(r"Version/(\d{1,4})[\d.]* (?:Mobile/\w+ )?Safari/")),
)


# Function, file and line.
Frame = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """Errors of one kind. `message` is masked; `frames` are the innermost first, `function file:line`."""

    fingerprint: str
    name: str
    message: str
    frames: tuple[str, ...]


def group_of(name: str, message: str, stack: str) -> ErrorGroup:
    """The group of an error: its name, its masked message and its innermost frames without lines and hashes."""
    kept = masked(name)[:LONGEST_NAME] or "Error"
    said = masked(message)[:LONGEST_MESSAGE]
    frames = _frames(stack)
    told = [f"{function} {_HASH.sub('', file)}" for function, file, _ in frames[:_FRAMES_TOLD_APART]]
    fingerprint = hashlib.sha256("\n".join((kept, said, *told)).encode()).hexdigest()[:16]
    shown = tuple(f"{function} {file}{f':{line}' if line else ''}" for function, file, line in frames[:MOST_FRAMES])
    return ErrorGroup(fingerprint, kept, said, shown)


def everything_else(error_class: str) -> ErrorGroup:
    """The group of a class that takes in what there is no room for to be told apart."""
    fingerprint = hashlib.sha256(f"\0{error_class}".encode()).hexdigest()[:16]
    return ErrorGroup(fingerprint, "(further errors)", f"of the class {error_class}: too many kinds to tell apart", ())


def masked(text: str) -> str:
    """One line without constants: quoted values, numbers, ids, addresses, secrets, and what databases add in detail."""
    cut = _CONTROLS.sub(" ", text[:_LONGEST_TEXT])
    cut = _DETAILS.sub("", cut)
    for pattern, stands_for in _MASKS:
        cut = pattern.sub(stands_for, cut)
    return " ".join(cut.split())


def masked_path(url: str) -> str:
    """The path of a URL: no host, no query, no fragment, and `{id}` for each part that looks like one."""
    try:
        path = urlsplit(url[:_LONGEST_TEXT]).path
    except ValueError:
        return ""
    parts = [_CONTROLS.sub("", one) for one in path.split("/")[:12]]
    return "/".join("{id}" if is_identity(one) else one for one in parts)[:200]


def browser_of(user_agent: str) -> str:
    """Family and major version, such as `Firefox 130`; nothing else of it is kept."""
    for family, pattern in _FAMILIES:
        if found := pattern.search(user_agent[:_LONGEST_LINE]):
            return f"{family} {found[1]}" if found.groups() else family
    return "other"


_known_frames: OrderedDict[bytes, Sequence[Frame]] = OrderedDict()


def _frames(stack: str) -> Sequence[Frame]:
    """The innermost first. What is known is known by its hash, because messages are in the text as well."""
    text = stack[:_LONGEST_STACK]
    key = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()
    found = _known_frames.get(key)
    if found is None:
        found = tuple(_lines(text))
        found = found[::-1] if _PYTHON in text else found
        _known_frames[key] = found
        if len(_known_frames) > _STACKS_KNOWN:
            _known_frames.popitem(last=False)
    return found


def _lines(text: str) -> Iterator[Frame]:
    """Lines that are no frame are left out: messages, and source code with its constants."""
    for line in text.splitlines()[:200]:
        stripped = line.strip()[:_LONGEST_LINE]
        matched = next((one for pattern in _FRAMES if (one := pattern.match(stripped))), None)
        if matched is not None:
            function = _ODD.sub("", matched["function"] or "")[:80] or "?"
            yield function, _file(matched["file"]), (matched["line"] or "")[:8]


def _file(path: str) -> str:
    """The last three parts of where it lies, without host and query."""
    try:
        parts = [one for one in urlsplit(path.replace("\\", "/")).path.split("/") if one]
    except ValueError:
        return "?"
    return _ODD.sub("", "/".join("{id}" if "@" in one else one for one in parts[-3:]))[-120:] or "?"
