"""A web server on the loopback that can misbehave, down to the bytes."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class WebServer:
    """Answers by path; `requests` has what came in: method, path, headers in lower case, body.

    `pages` are answered as they are, without regard to the query.
    """

    url: str = ""
    tokens: int = 0
    logins_refused: bool = False
    token_lifetime: float | None = None
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    connections: int = 0
    pages: dict[str, bytes] = field(
        default_factory=lambda: {
            "/metrics": b"# TYPE requests_total counter\nrequests_in_progress 2\n",
            "/api/v1/query": b'{"status": "success", "data": {"resultType": "scalar", "result": [0, "2"]}}',
        }
    )

    def seen(self, path: str) -> list[dict[str, str]]:
        """The headers of the requests for that path."""
        return [headers for _, at, headers, _ in self.requests if at == path]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._exchange(reader, writer):
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append((method, path, headers, body))
        match path:
            case "/silent":
                await reader.read()
            case "/garbage":
                writer.write(b"this is no HTTP\r\n\r\n")
                await writer.drain()
            case "/dropped":
                pass
            case _:
                status, answer_headers, answer = self._answer(path, headers)
                lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(answer)}", *answer_headers, "", ""]
                writer.write("\r\n".join(lines).encode() + (b"" if method == "HEAD" else answer))
                return True
        return False

    def _answer(self, path: str, headers: dict[str, str]) -> tuple[int, list[str], bytes]:
        match path:
            case "/auth/login" if self.logins_refused:
                return 403, [], b"the password is hunter2"
            case "/auth/login":
                self.tokens += 1
                answer = {"access_token": f"token-{self.tokens}", "expires_in": self.token_lifetime}
                return 200, [], json.dumps(answer).encode()
            case "/secured" if headers.get("authorization") != f"Bearer token-{self.tokens}":
                return 401, [], b""
            case _ if path.partition("?")[0] in self.pages:
                return 200, [], self.pages[path.partition("?")[0]]
            case "/broken":
                return 500, [], b"trace"
            case "/large":
                return 200, [], b"x" * 200_000
            case "/loop":
                return 302, ["Location: /loop"], b""
            case "/moved":
                return 302, ["Location: /good"], b""
            case "/away":
                return 302, ["Location: http://localhost:1/secret"], b""
            case _:
                document = {"items": [{"id": 7, "name": "Ada"}], "ok": True}
                return 200, ["Content-Type: application/json"], json.dumps(document).encode()


@asynccontextmanager
async def web_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[WebServer]:
    """Listens on a free port within the block."""
    server = WebServer()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    server.url = f"{'https' if tls else 'http'}://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listener.close()
