"""Makes an answer of the bytes of HTTP/1, in whatever pieces they come: no clock, no I/O."""

from datetime import datetime

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from baselines.measurement import Reason
from probes.errors import ProbeFailed
from probes.web.decoding import decoded, too_large
from probes.web.exchange import Exchange

# What may come without a byte of the body among it: a head, trailers, the lengths of chunks, 1xx answers.
MAX_HEAD_BYTES = 64 * 1024
_BODILESS = frozenset({204, 304})


class AnswerReader:
    """Reads one answer. Interim answers (1xx) are left out, and trailers are not kept.

    `started`: a byte has come. `complete`: nothing more belongs to it. `reusable`: after it the connection can carry
    another request.
    """

    def __init__(self, method: str, limit_bytes: int) -> None:
        self.started = False
        self.complete = False
        self.reusable = False
        self._is_head = method == "HEAD"
        self._limit_bytes = limit_bytes
        self._parser = HttpResponseParser(self)
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._has_head = False
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._other_bytes = 0

    def feed(self, data: bytes) -> None:
        """Take what came next. Raises ProbeFailed: protocol or body_too_large."""
        self.started = True
        self._other_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            raise ProbeFailed(Reason.PROTOCOL, "the server switched to another protocol, unasked") from None
        except HttpParserError as error:
            self.reusable = False
            if not self.complete:
                raise ProbeFailed(Reason.PROTOCOL, f"the answer is no HTTP: {error}") from None
        if self._body_bytes > self._limit_bytes and self._is_too_large():
            raise too_large(self._limit_bytes)
        if self._other_bytes > MAX_HEAD_BYTES and not self.complete:
            raise ProbeFailed(Reason.PROTOCOL, f"more than {MAX_HEAD_BYTES} bytes of headers or framing")

    def ends_here(self) -> bool:
        """Whether the answer is complete now that the server sends no more: that ends a body of unknown length."""
        self.complete = self.complete or (self._has_head and self._ends_with_connection())
        return self.complete

    @property
    def body_bytes(self) -> int:
        """Bytes of the body that have come, compressed as they came."""
        return self._body_bytes

    def exchange(self, certificate_expires_at: datetime | None) -> Exchange:
        """The complete answer with its body decompressed. Raises ProbeFailed: protocol or body_too_large."""
        body = b"".join(self._body)
        if encodings := self._encodings():
            body = decoded(body, encodings, self._limit_bytes)
        version = self._parser.get_http_version()
        return Exchange(self._status, version, self._headers, body, certificate_expires_at)

    # What follows is called by the parser.

    def on_message_begin(self) -> None:
        if self.complete:
            self.reusable = False  # bytes after the answer that nobody asked for

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._has_head:
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        if self.complete:
            return
        self._status = self._parser.get_status_code()
        if self._status < 200:
            self._headers.clear()
            return
        self._has_head = True
        if self._is_head or self._status in _BODILESS:
            self._finish()

    def on_body(self, body: bytes) -> None:
        if self.complete:
            self.reusable = False  # a body where there is to be none
            return
        self._other_bytes = 0
        self._body_bytes += len(body)
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._has_head and not self.complete:
            self._finish()

    def _finish(self) -> None:
        self.complete = True
        self.reusable = self._parser.should_keep_alive()

    def _is_too_large(self) -> bool:
        """Compressed bytes are given some room: of little they may be more than what they stand for."""
        return not self._encodings() or self._body_bytes > self._limit_bytes + MAX_HEAD_BYTES

    def _values(self, wanted: bytes) -> str:
        return ",".join(value.decode("latin-1") for name, value in self._headers if name == wanted)

    def _encodings(self) -> str:
        return self._values(b"content-encoding")

    def _ends_with_connection(self) -> bool:
        """Whether the head gave the body no other end."""
        if coding := self._values(b"transfer-encoding"):
            return not coding.lower().rstrip().endswith("chunked")
        return not self._values(b"content-length")
