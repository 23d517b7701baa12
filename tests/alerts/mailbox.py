"""A mail server on the loopback that keeps what it is given."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default


class Mailbox:
    """As much of SMTP (RFC 5321) as a client needs to leave a mail."""

    def __init__(self) -> None:
        self.port = 0
        self.arrived: list[EmailMessage] = []

    def text(self, kind: str = "plain") -> str:
        """The body of the only mail that arrived, `plain` or `html`."""
        [mail] = self.arrived
        part = mail.get_body((kind,))
        assert part is not None, f"the mail has no part of text/{kind}"
        content: str = part.get_content()
        return content.replace("\r\n", "\n").strip()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            writer.write(b"220 mailbox\r\n")
            while line := await reader.readline():
                word = line[:4].upper()
                if word == b"DATA":
                    writer.write(b"354 go on\r\n")
                    written = await reader.readuntil(b"\r\n.\r\n")
                    mail = message_from_bytes(written[:-3].replace(b"\r\n..", b"\r\n."), policy=default)
                    assert isinstance(mail, EmailMessage)
                    self.arrived.append(mail)
                writer.write(b"221 bye\r\n" if word == b"QUIT" else b"250 mailbox\r\n")
                await writer.drain()
                if word == b"QUIT":
                    break
        writer.close()


@asynccontextmanager
async def running_mailbox() -> AsyncIterator[Mailbox]:
    """A mailbox on a free port."""
    mailbox = Mailbox()
    async with await asyncio.start_server(mailbox.serve, "127.0.0.1", 0) as server:
        mailbox.port = server.sockets[0].getsockname()[1]
        yield mailbox
