"""What is told of a failure, and how: masked, bounded, and never in a request's way."""

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from fastapi import FastAPI
from pydantic import SecretStr, ValidationError

from monitor import InstrumentationSettings, instrument
from monitor.instrumentation import Failure, HttpReporter, Reporter
from monitor.instrumentation.failure import masked_text, message_of, name_of, stack_of
from tests.monitor.instrumentation.served_app import Told, client_of, values
from thresholds.error_group import ErrorGroup, group_of

FAILURE = Failure(
    name="LookupError",
    message="",
    stack="",
    correlation_id="fe_1",
    component="portal",
    action="GET /",
    at=datetime(2026, 1, 1, tzinfo=UTC),
    user_agent="tests" * 100,
    route="/",
)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Database connection pool timeout after 30 s", "Database connection pool timeout after … s"),
        ("JSON schema validation failed for 'Smith'", "JSON schema validation failed for …"),
        ("Permission denied for relation users", "Permission denied for relation users"),
        ("no answer from https://user:pw@host/x?token=abc", "no answer from https://host/x"),
        ("mail to o.neill@example.org failed", "mail to … failed"),
        ("bad note 'Alice Smith\nlives here' refused", "bad note … refused"),
        ("bad note 'Alice Smith, cut o", "bad note …"),
        (f"bad note 'Alice {'x' * 1200}' refused", "bad note …"),
        ("refused: password=hunterX, user=neill", "refused: password=…, user=neill"),
        ("sent Authorization: Bearer abcDEFghi twice", "sent Authorization: … … twice"),
        ('invalid input syntax for type integer: "Smith, 12 High St"', "invalid input syntax for type integer: …"),
        ("key (email, id)=(a@b.example, 7) exists", "key … exists"),
        ("born 1970-01-01, account GB29NWBK60161331926819", "born …, account …"),
        ("first line\nsecond line with a secret", "first line"),
        ("", ""),
    ],
)
def test_texts_are_masked(text: str, masked: str) -> None:
    """Constants, numbers, addresses, credentials and queries go; the words that classify an error stay."""
    assert masked_text(text) == masked


def test_a_cause_that_the_portal_suppressed_is_not_told() -> None:
    """`raise … from None`; what is merely the context is told, and so is a cause."""

    def raised(*, suppressed: bool) -> BaseException:
        try:
            try:
                raise KeyError
            except KeyError:
                if suppressed:
                    raise LookupError from None
                raise LookupError  # noqa: B904 - the context is what this is about
        except LookupError as error:
            return error

    assert "KeyError" not in stack_of(raised(suppressed=True))
    assert "KeyError" in stack_of(raised(suppressed=False))


def test_a_huge_message_is_short_and_quickly_so() -> None:
    """Whatever an exception has put into it."""
    started = time.process_time()
    for text in ("x" * 1_000_000, "a@" * 500_000, "'" * 999_999, "(" * 1_000_000, "1a-" * 300_000):
        assert len(masked_text(text)) <= 300
    assert time.process_time() - started < 2


def test_postgresqls_errors_are_told_without_what_was_in_them(empty_database: str) -> None:
    """State, constraint and table; neither the key, nor DETAIL, nor the statement."""

    async def fail() -> asyncpg.PostgresError:
        connection = await asyncpg.connect(empty_database)
        try:
            await connection.execute("CREATE TABLE person (email text PRIMARY KEY)")
            await connection.executemany("INSERT INTO person VALUES ($1)", [("o@example.org",), ("o@example.org",)])
        except asyncpg.PostgresError as error:
            return error
        finally:
            await connection.close()
        raise AssertionError

    error = asyncio.run(fail())
    assert message_of(error) == (
        "duplicate key value violates unique constraint … [23505, constraint person_pkey, table person]"
    )
    assert "example.org" in str(error)
    assert "example.org" not in message_of(error) + stack_of(error)


def test_the_stack_has_neither_values_nor_source() -> None:
    """Of an error and its cause; of a deep recursion, the last frames only."""

    def dive(depth: int) -> None:
        secret = "4711"
        if depth == 0:
            raise KeyError(secret)
        dive(depth - 1)

    try:
        try:
            dive(300)
        except KeyError as error:
            raise LookupError("o'neill") from error
    except LookupError as error:
        told = stack_of(error)
    cause, lines = (one.splitlines() for one in told.split("\n\n"))
    assert (cause[0], cause[-1], len(cause)) == ("Traceback (most recent call last):", "KeyError", 1 + 40 + 1)
    assert (lines[0], lines[-1], len(lines)) == ("Traceback (most recent call last):", "LookupError", 3)
    assert all(", in " in line for line in (*cause[1:-1], lines[1]))
    assert not any(secret in told for secret in ("4711", "neill", "raise", str(Path(__file__).parents[3])))


def test_what_receives_it_tells_places_apart() -> None:
    """The frames are read, the innermost first; the same error of two places is two groups, of one place it is one."""

    def look_up(name: str) -> None:
        raise LookupError(name)

    def find(name: str) -> None:
        raise LookupError(name)

    def group(raising: Callable[[str], None], name: str) -> ErrorGroup:
        try:
            raising(name)
        except LookupError as error:
            return group_of(name_of(error), message_of(error), stack_of(error))
        raise AssertionError

    found = group(look_up, "'Smith'")
    assert [frame.partition(" ")[0].rpartition(".")[2] for frame in found.frames] == ["look_up", "group"]
    assert found.fingerprint == group(look_up, "'Jones'").fingerprint != group(find, "'Smith'").fingerprint


class _Inbox:
    def __init__(self) -> None:
        self.status = 202
        self.received = list[tuple[str, str, dict[str, Any]]]()
        self.may_answer = threading.Event()
        self.may_answer.set()


@contextmanager
def _inbox() -> Iterator[tuple[_Inbox, str]]:
    inbox = _Inbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            inbox.received.append((self.path, self.headers["Authorization"], body))
            inbox.may_answer.wait(20)
            self.send_response(inbox.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Not on the tests' output."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield inbox, f"http://127.0.0.1:{server.server_port}/api/errors/track"
        finally:
            inbox.may_answer.set()
            server.shutdown()


def _reporter(url: str, counts: Counter[str], capacity: int = 3) -> HttpReporter:
    def count(outcome: str) -> None:
        counts[outcome] += 1

    return HttpReporter(url, SecretStr("token of the tests"), capacity=capacity, count=count)


def test_a_failure_is_posted_with_the_token() -> None:
    """As the endpoint wants it; a refusal is counted, and the next one is posted all the same."""
    counts = Counter[str]()
    with _inbox() as (inbox, url):
        reporter = _reporter(url, counts)
        reporter.report(FAILURE)
        while not counts:
            time.sleep(0.01)
        inbox.status = 429
        reporter.report(FAILURE)
        reporter.close()
    assert [(path, token) for path, token, _ in inbox.received] == 2 * [
        ("/api/errors/track", "Bearer token of the tests")
    ]
    body = inbox.received[0][2]
    assert body["error"] == {"name": "LookupError", "message": "", "stack": ""}
    assert set(body["context"]) == {"correlationId", "component", "action", "timestamp", "userAgent", "url"}
    assert body["context"]["timestamp"] == "2026-01-01T00:00:00+00:00"
    assert len(body["context"]["userAgent"]) == 200
    assert counts == {"sent": 1, "refused": 1}


def test_a_receiver_that_hangs_holds_nobody_up() -> None:
    """One is being posted, three wait, the rest are dropped and counted, all within a moment."""
    counts = Counter[str]()
    with _inbox() as (inbox, url):
        inbox.may_answer.clear()
        reporter = _reporter(url, counts)
        reporter.report(FAILURE)
        while not inbox.received:
            time.sleep(0.01)
        started = time.monotonic()
        for _ in range(1000):
            reporter.report(FAILURE)
        assert time.monotonic() - started < 1
        assert counts == {"dropped": 997}
        inbox.may_answer.set()
        reporter.close()
    assert counts == {"dropped": 997, "sent": 4}


def test_a_receiver_that_is_not_there_is_counted() -> None:
    """And the thread lives on."""
    counts = Counter[str]()
    reporter = _reporter("http://127.0.0.1:9/api/errors/track", counts)
    reporter.report(FAILURE)
    reporter.report(FAILURE)
    reporter.close()
    assert counts == {"failed": 2}


def test_a_message_that_can_not_be_sent_as_it_is_ends_nothing() -> None:
    """Half a character, as JSON lets a client send it."""
    counts = Counter[str]()
    with _inbox() as (inbox, url):
        reporter = _reporter(url, counts)
        reporter.report(replace(FAILURE, message="unknown group \ud800"))
        reporter.report(FAILURE)
        reporter.close()
    assert counts == {"sent": 2}
    assert inbox.received[0][2]["error"]["message"] == "unknown group \ud800"


def test_what_waits_when_a_portal_ends_is_still_posted() -> None:
    """Nobody has to close anything."""
    script = (
        "import sys; from pydantic import SecretStr; from tests.monitor.instrumentation.test_failure import FAILURE;"
        "from monitor.instrumentation import HttpReporter;"
        "reporter = HttpReporter(sys.argv[1], SecretStr('t'), capacity=3, count=lambda _: None);"
        "reporter.report(FAILURE); reporter.report(FAILURE)"
    )
    with _inbox() as (inbox, url):
        subprocess.run([sys.executable, "-c", script, url], check=True, cwd=Path(__file__).parents[3])
    assert len(inbox.received) == 2


def test_an_instrumented_application_reports_to_portalwatch() -> None:
    """With two settings; what became of it is among its figures."""
    with _inbox() as (inbox, url):
        app = FastAPI()
        settings = InstrumentationSettings(service="shop", report_url=url, report_token=SecretStr("t"))
        done = instrument(app, settings=settings)

        @app.get("/broken")
        async def broken() -> None:
            raise LookupError("o'neill is 7")

        with client_of(app) as client:
            assert client.get("/broken?name=x", headers={"X-Correlation-ID": "fe_1"}).status_code == 500
            assert isinstance(done.reporter, HttpReporter)
            # The answer leaves before the error gets to the outermost layer.
            while not inbox.received:
                time.sleep(0.01)
            done.reporter.close()
            page = client.get("/metrics").text
    ((_, token, body),) = inbox.received
    assert token == "Bearer t"
    assert (body["error"]["name"], body["context"]["correlationId"]) == ("LookupError", "fe_1")
    assert (body["context"]["component"], body["context"]["url"]) == ("shop", "/broken")
    assert values(page, "error_reports_total") == {("sent",): 1}


def test_messages_are_a_choice() -> None:
    """Without them, the class and the route."""
    app, told = FastAPI(), Told()
    reporter: Reporter = told
    instrument(app, reporter=reporter, settings=InstrumentationSettings(report_messages=False))

    @app.get("/broken")
    async def broken() -> None:
        raise LookupError("of a client")

    with client_of(app) as client:
        client.get("/broken")
        while not told.failures:
            time.sleep(0.01)
    assert [one.message for one in told.failures] == ["GET /broken answered 500"]


def test_a_receiver_without_a_token_is_a_mistake() -> None:
    """Told at the start, not at the first failure; the token is in no message."""
    with pytest.raises(ValidationError, match="report_token"):
        InstrumentationSettings(report_url="http://127.0.0.1/api/errors/track")
    assert "hush" not in repr(InstrumentationSettings(report_url="http://127.0.0.1/", report_token=SecretStr("hush")))
