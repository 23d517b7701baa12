"""A request as it goes over the wire, and the answer to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple, Self

import httpx

from probes.web.decoding import ACCEPTED

# What each request says of us, unless it is configured otherwise.
DEFAULT_HEADERS = {"Accept": "*/*", "Accept-Encoding": ACCEPTED, "User-Agent": "portalwatch"}
_DEFAULT_PORTS = {"http": 80, "https": 443}
# RFC 9110, 9.2.2: sent twice they do what they do when sent once.
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Endpoint(NamedTuple):
    """Where a connection leads; those to the same one are interchangeable."""

    tls: bool
    host: str
    port: int


@dataclass(frozen=True, slots=True, repr=False)
class PreparedRequest:
    """A request whose bytes were laid out once; `head` lacks only what differs from run to run, and its end.

    `names` are those of its headers in lower case. None of it is for a log: headers and bodies may be secret.
    """

    request: httpx.Request
    endpoint: Endpoint
    names: frozenset[str]
    head: bytes
    body: bytes

    @classmethod
    def of(cls, request: httpx.Request) -> Self:
        """Lay out a request whose body has been read. How long a connection is kept is the transport's to say."""
        url = request.url
        lines = [b"%s %s HTTP/1.1\r\n" % (request.method.encode(), url.raw_path)]
        lines += [_line(name, value) for name, value in request.headers.raw if name.lower() != b"connection"]
        endpoint = Endpoint(url.scheme == "https", url.host, url.port or _DEFAULT_PORTS[url.scheme])
        return cls(request, endpoint, frozenset(request.headers), b"".join(lines), request.content)

    @property
    def is_idempotent(self) -> bool:
        """Whether it may be sent again where nobody knows what became of it."""
        return self.request.method in _IDEMPOTENT

    def missing(self, headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
        """Those of the headers that it does not have: its own are the more particular ones."""
        return [
            (name.encode("ascii"), value.encode("ascii"))
            for name, value in headers.items()
            if name.lower() not in self.names
        ]

    def message(self, headers: Mapping[str, str], *, close: bool) -> bytes:
        """All bytes of the request, with those headers that are `missing`; `close` asks for nothing to come after."""
        further = [_line(name, value) for name, value in self.missing(headers)]
        ending = b"Connection: close\r\n\r\n" if close else b"\r\n"
        return b"".join((self.head, *further, ending, self.body))


@dataclass(frozen=True)
class Exchange:
    """The answer to a request: `body` is decompressed, `version` as in "1.1".

    `certificate_expires_at` is None where the connection had no certificate, or none that was verified.
    """

    status: int
    version: str
    raw_headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    certificate_expires_at: datetime | None = None

    @cached_property
    def headers(self) -> httpx.Headers:
        """By name, whatever its case."""
        return httpx.Headers(list(self.raw_headers))

    @property
    def is_redirect(self) -> bool:
        """Whether it names another place to go to."""
        return self.status in _REDIRECTS and "location" in self.headers

    def response(self, request: httpx.Request) -> httpx.Response:
        """The same for a client of httpx, which finds this exchange in the extensions."""
        headers = [
            (name, value)
            for name, value in self.raw_headers
            if name.lower() not in (b"content-encoding", b"content-length", b"transfer-encoding")
        ]  # they spoke of the body as it came; this one is decoded
        extensions = {"http_version": f"HTTP/{self.version}".encode(), "exchange": self}
        return httpx.Response(self.status, headers=headers, content=self.body, request=request, extensions=extensions)


def _line(name: bytes, value: bytes) -> bytes:
    """A header's line. Raises ValueError where it would be more than one."""
    line = b"%s: %s" % (name, value)
    if b"\r" in line or b"\n" in line:
        raise ValueError(f"the header {name.decode('latin-1')} has a line break")
    return line + b"\r\n"
