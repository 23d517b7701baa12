"""Bodies as they were before the server compressed them, and never more of them than was asked for."""

import zlib

from baselines.measurement import Reason
from probes.errors import ProbeFailed

# What we ask for, and can undo.
ACCEPTED = "gzip, deflate"


def too_large(limit_bytes: int) -> ProbeFailed:
    """The failure of a body above its limit."""
    return ProbeFailed(Reason.BODY_TOO_LARGE, f"the body is larger than {limit_bytes} bytes")


def decoded(body: bytes, encodings: str, limit_bytes: int) -> bytes:
    """The body without the codings of its Content-Encoding, the last one undone first.

    At most `limit_bytes` are ever made of it. Raises ProbeFailed: body_too_large, or protocol for a coding we do not
    know and for bytes that are none of it.
    """
    for encoding in reversed([one.strip().lower() for one in encodings.split(",")]):
        match encoding:
            case "" | "identity":
                continue
            case "gzip" | "x-gzip":
                body = _members(body, limit_bytes)
            case "deflate":
                # The standard's zlib format, or the bare one of some servers: its first byte tells them apart.
                is_zlib = body[:1] and body[0] & 0x0F == zlib.DEFLATED
                body, _ = _inflated(body, zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS, limit_bytes)
            case _:
                raise ProbeFailed(Reason.PROTOCOL, f"the body is compressed as {encoding[:20]!r}, not {ACCEPTED}")
    return body


def _members(body: bytes, limit_bytes: int) -> bytes:
    """A gzip file may be several, one after the other."""
    made = bytearray()
    while body:
        member, body = _inflated(body, zlib.MAX_WBITS | 16, limit_bytes - len(made))
        made += member
    return bytes(made)


def _inflated(body: bytes, window: int, limit_bytes: int) -> tuple[bytes, bytes]:
    """What the compressed bytes stand for, and the bytes after their end."""
    if not body:
        return b"", b""
    inflater = zlib.decompressobj(window)
    try:
        made = inflater.decompress(body, limit_bytes + 1)
    except zlib.error:
        raise ProbeFailed(Reason.PROTOCOL, "the body is not compressed as its Content-Encoding says") from None
    if len(made) > limit_bytes:
        raise too_large(limit_bytes)
    if not inflater.eof:
        raise ProbeFailed(Reason.PROTOCOL, "the compressed body breaks off before its end")
    return made, inflater.unused_data
