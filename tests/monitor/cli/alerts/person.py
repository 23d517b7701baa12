"""Somebody on call: has a phone that takes messages, and opens the links in them in a browser without scripts."""

import asyncio
import json
import queue
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import uvicorn
from pydantic import SecretStr

from alerts import LinkSigner
from monitor.clock import SystemClock
from tests.monitor.web.served import application, form_of

KEY = "a key that signs links in tests"
_PATIENCE_SECONDS = 30.0


class Phone:
    """Takes messages at `url` in Apprise's JSON; `status` is what it answers them with."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.status = 200
        self.messages: queue.Queue[dict[str, str]] = queue.Queue()

    def url(self, secret: str) -> str:
        """Where to send to, with a password that must never be shown."""
        return f"json://watch:{secret}@127.0.0.1:{self.port}/phone"


@contextmanager
def phone() -> Iterator[Phone]:
    """One on a free port of the loopback."""

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """One message."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taker.messages.put(json.loads(body))
            self.send_response(taker.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        taker = Phone(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield taker
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def service(store: str) -> Iterator[str]:
    """The URL under which the service's pages are for as long as the block lasts: a real web server on the store."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        servers: queue.Queue[uvicorn.Server] = queue.Queue()

        async def serve() -> None:
            async with application(store, SystemClock(), links=LinkSigner(SecretStr(KEY), url)) as (app, *_):
                server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
                servers.put(server)
                await server.serve(sockets=[listener])

        thread = threading.Thread(target=asyncio.run, args=(serve(),))
        thread.start()
        server = servers.get(timeout=_PATIENCE_SECONDS)
        try:
            yield url
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def on_call(taker: Phone, does: Callable[[httpx.Client, str], None]) -> Iterator[None]:
    """Waits for a message with a link, and does that with the link; what goes wrong then is raised at the end."""
    failures: list[BaseException] = []

    def wait() -> None:
        try:
            message = taker.messages.get(timeout=_PATIENCE_SECONDS)
            found = re.search(r"http://127\.0\.0\.1:\d+/ack/\S+", message["message"])
            assert found is not None, message
            with httpx.Client(timeout=_PATIENCE_SECONDS) as browser:
                does(browser, found[0])
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    yield
    thread.join()
    if failures:
        raise failures[0]


def looks(browser: httpx.Client, link: str) -> None:
    """Opens the page, and leaves it at that."""
    page = browser.get(link)
    assert page.status_code == 200
    assert "A test of the channel" in page.text


def presses(browser: httpx.Client, link: str) -> None:
    """Opens the page and presses its button."""
    looks(browser, link)
    form = form_of(browser.get(link).text)
    assert (form.method, form.action, form.fields) == ("post", "", [])
    done = browser.post(link)
    assert done.status_code == 200
    assert "the test message was read" in done.text
