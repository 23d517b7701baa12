"""A door in front of a server, which can be shut or frozen: how a network fails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit, urlunsplit


class Gate:
    """Forwards bytes to PostgreSQL. `open.clear()` holds every byte back while connections stay up."""

    def __init__(self, dsn: str) -> None:
        self._behind = urlsplit(dsn)
        self.open = asyncio.Event()
        self.open.set()
        self.dsn = ""
        self._port = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._listener: asyncio.Server | None = None

    async def start(self) -> None:
        """Listens on a free port, after `shut` on the same one again, and makes `dsn` lead through it."""
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = port = self._listener.sockets[0].getsockname()[1]
        user = self._behind.username or "postgres"
        self.dsn = urlunsplit(self._behind._replace(netloc=f"{user}@127.0.0.1:{port}", query="sslmode=disable"))

    def shut(self) -> None:
        """Nobody comes in any more, and whoever is in is thrown out."""
        if self._listener is not None:
            self._listener.close()
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        query = parse_qs(self._behind.query)
        host = query.get("host", [self._behind.hostname or "localhost"])[0]
        port = query.get("port", [str(self._behind.port or 5432)])[0]
        if host.startswith("/"):
            server_reader, server_writer = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        else:
            server_reader, server_writer = await asyncio.open_connection(host, int(port))
        self._writers |= {writer, server_writer}
        await asyncio.gather(self._carry(reader, server_writer), self._carry(server_reader, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                await self.open.wait()
                writer.write(data)
        except ConnectionError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def gate(dsn: str) -> AsyncIterator[Gate]:
    """A gate in front of that server within the block."""
    one = Gate(dsn)
    await one.start()
    try:
        yield one
    finally:
        one.open.set()
        one.shut()
