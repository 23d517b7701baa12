"""HTTP probes against a server that misbehaves in every way we tell apart."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from baselines.measurement import Measurement, Outcome, Reason
from probes import ProbeSet
from tests.probes.watched import Watched, look, watched, with_probes
from tests.probes.web_server import WebServer, web_server

LOGIN = {"path": "/auth/login", "username": "probe", "password": "hunter2"}


def probe_server(
    entry: Mapping[str, Any],
    use: Callable[[ProbeSet, WebServer], Awaitable[Any]] | None = None,
    **target: Any,
) -> Any:
    """Runs the entry's probe once against a fresh server, or does with both what `use` does."""

    async def main() -> Any:
        async with web_server() as server:
            configuration = watched(
                {"portal": {"kind": "http", "url": server.url, **target}},
                {"probe": {"kind": "http", "target": "portal", "category": "api_endpoints", **entry}},
            )
            return await with_probes(configuration, lambda probes: use(probes, server) if use else look(probes))

    return asyncio.run(main())


def test_a_right_answer_is_a_value_with_phases() -> None:
    """A good answer is timed from the first byte sent to the last received, with connecting apart."""
    measured: Measurement = probe_server({"path": "/good", "expect": {"json": {"items.0.id": 7, "ok": True}}})
    assert (measured.series, measured.outcome, measured.reason) == ("api_endpoints.probe", Outcome.OK, None)
    assert list(measured.phases) == ["connect", "send", "first_byte", "transfer"]
    assert measured.value is not None
    wire = sum(seconds for phase, seconds in measured.phases.items() if phase != "connect")
    assert wire <= measured.value


@pytest.mark.parametrize(
    ("entry", "outcome", "reason"),
    [
        ({"path": "/broken"}, Outcome.FAILED_ASSERTION, Reason.STATUS),
        ({"path": "/good", "expect": {"status": 201}}, Outcome.FAILED_ASSERTION, Reason.STATUS),
        ({"path": "/good", "expect": {"contains": "Grace"}}, Outcome.FAILED_ASSERTION, Reason.ASSERTION),
        ({"path": "/good", "expect": {"json": {"items.0.id": 8}}}, Outcome.FAILED_ASSERTION, Reason.ASSERTION),
        ({"path": "/good", "expect": {"json": {"items.1.id": 7}}}, Outcome.FAILED_ASSERTION, Reason.ASSERTION),
        ({"path": "/good", "expect": {"json": {"ok": 1}}}, Outcome.FAILED_ASSERTION, Reason.ASSERTION),
        ({"path": "/broken", "expect": {"status": 500, "json": {"a": 1}}}, Outcome.FAILED_ASSERTION, Reason.ASSERTION),
        ({"path": "/good", "expect": {"headers": {"Content-Type": "xml"}}}, Outcome.FAILED_ASSERTION, Reason.ASSERTION),
        ({"path": "/large", "max_body": 100_000}, Outcome.FAILED_ASSERTION, Reason.BODY_TOO_LARGE),
        ({"path": "/loop"}, Outcome.FAILED_ASSERTION, Reason.STATUS),
        ({"path": "/away"}, Outcome.FAILED_ASSERTION, Reason.STATUS),
        ({"path": "/garbage"}, Outcome.ERROR, Reason.PROTOCOL),
        ({"path": "/dropped"}, Outcome.ERROR, Reason.PROTOCOL),
        ({"path": "/silent", "timeout": "200ms"}, Outcome.TIMEOUT, Reason.DEADLINE),
    ],
)
def test_each_misbehaviour_has_its_reason(entry: Mapping[str, Any], outcome: Outcome, reason: Reason) -> None:
    """Whatever goes wrong becomes a measurement with the reason that fits."""
    measured: Measurement = probe_server(entry)
    assert (measured.outcome, measured.reason) == (outcome, reason)


@pytest.mark.parametrize(
    "entry",
    [
        {"path": "/broken", "expect": {"status": [200, 500]}},
        {"path": "/moved", "expect": {"contains": "Ada"}},
        {"path": "/moved", "max_redirects": 0, "expect": {"status": 302, "headers": {"location": "/good"}}},
        {"path": "/good", "method": "HEAD"},
        {"path": "/good", "expect": {"headers": {"content-type": "json"}, "contains": '"Ada"'}},
    ],
)
def test_what_is_expected_is_right(entry: Mapping[str, Any]) -> None:
    """An answer that meets every expectation is ok, be it a redirect or a 500."""
    assert probe_server(entry).outcome is Outcome.OK


def test_a_deadline_says_at_least_this_long_and_where_it_hung() -> None:
    """A run past its deadline has the time waited as its value, and the phase it hung in."""
    measured: Measurement = probe_server({"path": "/silent", "timeout": "200ms"})
    assert measured.value is not None
    assert measured.value >= 0.2
    assert measured.phases["first_byte"] >= 0.1


def test_silence_longer_than_the_read_timeout_is_a_timeout() -> None:
    """The target's own read timeout ends a wait before the deadline, by its own name."""
    measured: Measurement = probe_server({"path": "/silent"}, read_timeout="100ms")
    assert (measured.outcome, measured.reason) == (Outcome.TIMEOUT, Reason.READ_TIMEOUT)


def test_a_body_may_be_as_large_as_allowed() -> None:
    """The limit itself is not exceeded."""
    assert probe_server({"path": "/large", "max_body": 200_000}).outcome is Outcome.OK


def watched_at(url: str, **target: Any) -> Watched:
    """One probe of the root of that URL."""
    return watched(
        {"portal": {"kind": "http", "url": url, **target}},
        {"probe": {"kind": "http", "target": "portal", "category": "api_endpoints", "path": "/"}},
    )


def probe_url(url: str, **target: Any) -> Measurement:
    """One run against a URL that is no WebServer."""
    return asyncio.run(with_probes(watched_at(url, **target), look))


def test_nobody_listening_is_refused() -> None:
    """A closed port is an error with the reason refused."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        measured = probe_url(f"http://127.0.0.1:{unused.getsockname()[1]}")
    assert (measured.outcome, measured.reason, measured.value) == (Outcome.ERROR, Reason.REFUSED, None)


def test_an_unknown_name_is_dns() -> None:
    """A host name that nobody knows (RFC 6761: .invalid) is an error with the reason dns."""
    assert probe_url("http://portal.invalid").reason is Reason.DNS


def test_a_full_accept_queue_is_a_connect_timeout() -> None:
    """A listener that accepts nobody lets the connection time out."""
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        measured = probe_url(f"http://127.0.0.1:{full.getsockname()[1]}", connect_timeout="200ms")
    assert (measured.outcome, measured.reason) == (Outcome.TIMEOUT, Reason.CONNECT_TIMEOUT)


def test_a_server_without_tls_is_tls() -> None:
    """https spoken to a plain server is an error with the reason tls."""

    async def answer_plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async def main() -> Measurement:
        listener = await asyncio.start_server(answer_plainly, "127.0.0.1", 0)
        async with listener:
            url = f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
            return await with_probes(watched_at(url, verify=False), look)

    assert asyncio.run(main()).reason is Reason.TLS


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A file with a new key and a certificate for 127.0.0.1 that is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "portal")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "portal.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + signed.public_bytes(Encoding.PEM)
    )
    return file


@pytest.mark.parametrize(
    ("trusted", "outcome", "reason"),
    [("no", Outcome.ERROR, Reason.TLS), ("ca_file", Outcome.OK, None), ("any", Outcome.OK, None)],
)
def test_a_private_certificate_needs_its_authority(
    certificate: Path, trusted: str, outcome: Outcome, reason: Reason | None
) -> None:
    """A certificate nobody vouches for is refused, and taken with its authority's file or without verification."""
    targets: Mapping[str, Any] = {"no": {}, "ca_file": {"ca_file": str(certificate)}, "any": {"verify": False}}

    async def main() -> Measurement:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)
        async with web_server(tls) as server:
            return await with_probes(watched_at(server.url, **targets[trusted]), look)

    measured = asyncio.run(main())
    assert (measured.outcome, measured.reason, "tls" in measured.phases) == (outcome, reason, True)


def test_every_request_can_be_found_again() -> None:
    """The correlation id of the measurement stands in both headers of the request, and changes with each run."""

    async def twice(probes: ProbeSet, server: WebServer) -> None:
        first, second = await look(probes), await look(probes)
        assert first.correlation_id != second.correlation_id
        for measured, headers in zip((first, second), server.seen("/good"), strict=True):
            assert headers["x-correlation-id"] == measured.correlation_id
            version, trace, span, flags = headers["traceparent"].split("-")
            assert (version, trace, len(span), flags) == ("00", measured.correlation_id, 16, "01")

    probe_server({"path": "/good"}, twice)


def test_the_configured_request_is_what_is_sent() -> None:
    """Method, query, headers and JSON body arrive as they were configured."""

    async def once(probes: ProbeSet, server: WebServer) -> None:
        await look(probes)
        method, path, headers, body = server.requests[0]
        assert (method, path, headers["x-key"], body) == ("POST", "/items?a=1", "secret", b'{"name":"Ada"}')

    entry = {"path": "/items?a=1", "method": "POST", "headers": {"X-Key": "secret"}, "json": {"name": "Ada"}}
    probe_server(entry, once)


def test_one_log_in_serves_all_runs_until_the_server_refuses_it() -> None:
    """The token is fetched once; after a 401 it is fetched anew and the run still succeeds."""

    async def use(probes: ProbeSet, server: WebServer) -> None:
        first, second = await look(probes), await look(probes)
        assert [first.outcome, second.outcome, server.tokens] == [Outcome.OK, Outcome.OK, 1]
        assert "login" in first.phases
        assert first.value is not None
        server.tokens += 1  # whoever holds the first token is out
        third = await look(probes)
        assert (third.outcome, server.tokens) == (Outcome.OK, 3)
        assert len(server.seen("/auth/login")) == 2

    probe_server({"path": "/secured"}, use, login=LOGIN)


def test_a_token_is_renewed_before_it_ends() -> None:
    """A token whose lifetime is over is not sent again."""

    async def use(probes: ProbeSet, server: WebServer) -> None:
        server.token_lifetime = 0.0
        assert [(await look(probes)).outcome for _ in range(2)] == [Outcome.OK] * 2
        assert len(server.seen("/auth/login")) == 2
        assert len(server.seen("/secured")) == 2

    probe_server({"path": "/secured"}, use, login=LOGIN)


def test_a_refused_log_in_is_its_own_reason_and_tells_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    """A log-in that is refused is the reason login, and neither password nor answer reach the log."""

    async def use(probes: ProbeSet, server: WebServer) -> None:
        server.logins_refused = True
        measured = await look(probes)
        assert (measured.outcome, measured.reason) == (Outcome.ERROR, Reason.LOGIN)

    caplog.set_level("DEBUG")
    probe_server({"path": "/secured"}, use, login=LOGIN)
    assert "answered 403" in caplog.text
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize("login", [LOGIN, {**LOGIN, "encoding": "form", "username_field": "email"}])
def test_a_log_in_is_sent_as_configured(login: Mapping[str, Any]) -> None:
    """Name and password go as JSON or as a form, under the configured fields."""

    async def use(probes: ProbeSet, server: WebServer) -> None:
        await look(probes)
        _, _, _, body = server.requests[0]
        expected = (
            b"email=probe&password=hunter2" if "encoding" in login else b'{"username":"probe","password":"hunter2"}'
        )
        assert body == expected

    probe_server({"path": "/secured"}, use, login=login)


def test_an_answer_without_token_is_a_failed_log_in() -> None:
    """A 200 without the token's field is the reason login."""
    measured: Measurement = probe_server({"path": "/secured"}, login={**LOGIN, "token_field": "jwt"})
    assert measured.reason is Reason.LOGIN


def test_reconnecting_opens_a_new_connection_and_keeps_the_token() -> None:
    """Connections are kept between runs; after reconnect() the next run connects anew without a new log-in."""

    async def use(probes: ProbeSet, server: WebServer) -> None:
        await look(probes)
        kept = await look(probes)
        assert ("connect" in kept.phases, server.connections) == (False, 1)
        await probes.reconnect()
        renewed = await look(probes)
        assert ("connect" in renewed.phases, server.connections, server.tokens) == (True, 2, 1)

    probe_server({"path": "/secured"}, use, login=LOGIN)
