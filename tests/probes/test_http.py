"""HTTP probes against a server that misbehaves in every way we tell apart."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
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
from tests.probes.raw_server import Answer, RawServer, dripping, raw_server, resetting, saying
from tests.probes.watched import Watched, look, watched, with_probes
from tests.probes.web_server import WebServer, web_server

WIRE = ("send", "first_byte", "transfer")
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
    assert list(measured.phases) == ["resolve", "connect", "send", "first_byte", "transfer"]
    assert measured.value is not None
    assert sum(measured.phases[phase] for phase in WIRE) == pytest.approx(measured.value)


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


def watched_at(url: str, entry: Mapping[str, Any] | None = None, **target: Any) -> Watched:
    """One probe of the root of that URL."""
    return watched(
        {"portal": {"kind": "http", "url": url, **target}},
        {"probe": {"kind": "http", "target": "portal", "category": "api_endpoints", "path": "/", **(entry or {})}},
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


Certify = Callable[..., Path]
HOUR = timedelta(hours=1)


@pytest.fixture
def certify(tmp_path: Path) -> Certify:
    """Makes a file with a new key and a certificate that is its own authority."""

    def certify(address: str = "127.0.0.1", begins: timedelta = -HOUR, ends: timedelta = HOUR) -> Path:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "portal")])
        now = datetime.now(UTC)
        signed = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now + begins)
            .not_valid_after(now + ends)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
            .sign(key, hashes.SHA256())
        )
        file = tmp_path / "portal.pem"
        file.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + signed.public_bytes(Encoding.PEM)
        )
        return file

    return certify


def probe_certified(certificate: Path, entry: Mapping[str, Any] | None = None, **target: Any) -> Measurement:
    """One run against a server with that certificate."""

    async def main() -> Measurement:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(certificate)
        async with web_server(tls) as server:
            return await with_probes(watched_at(server.url, entry, **target), look)

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("trusted", "outcome", "reason"),
    [("no", Outcome.ERROR, Reason.TLS), ("ca_file", Outcome.OK, None), ("any", Outcome.OK, None)],
)
def test_a_private_certificate_needs_its_authority(
    certify: Certify, trusted: str, outcome: Outcome, reason: Reason | None
) -> None:
    """A certificate nobody vouches for is refused, and taken with its authority's file or without verification."""
    certificate = certify()
    targets: Mapping[str, Any] = {"no": {}, "ca_file": {"ca_file": str(certificate)}, "any": {"verify": False}}
    measured = probe_certified(certificate, **targets[trusted])
    assert (measured.outcome, measured.reason, "tls" in measured.phases) == (outcome, reason, True)
    if reason:
        assert measured.detail == "the certificate of 127.0.0.1 is not trusted: self-signed certificate"


@pytest.mark.parametrize(
    ("made", "says"),
    [
        ({"begins": -2 * HOUR, "ends": -HOUR}, "the certificate of 127.0.0.1 has expired"),
        ({"begins": HOUR, "ends": 2 * HOUR}, "the certificate of 127.0.0.1 is not valid yet"),
        ({"address": "127.0.0.2"}, "not trusted: IP address mismatch"),
    ],
    ids=["expired", "too early", "of another host"],
)
def test_a_wrong_certificate_says_what_is_wrong_with_it(certify: Certify, made: Mapping[str, Any], says: str) -> None:
    """Expired, not valid yet or somebody else's, each is the reason tls with its own sentence."""
    certificate = certify(**made)
    measured = probe_certified(certificate, ca_file=str(certificate))
    assert (measured.outcome, measured.reason) == (Outcome.ERROR, Reason.TLS)
    assert says in measured.detail


def test_the_end_of_a_certificate_is_known_before_it_comes(certify: Certify) -> None:
    """It is read from the connection of the very probe, new or kept."""
    certificate = certify(ends=20 * 24 * HOUR)
    for days, outcome in ((19, Outcome.OK), (21, Outcome.FAILED_ASSERTION)):
        entry = {"expect": {"certificate_days": days}}
        assert probe_certified(certificate, entry, ca_file=str(certificate)).outcome is outcome


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


FAULTS: Mapping[str, tuple[Answer, Outcome, Reason]] = {
    "reset": (resetting(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"), Outcome.ERROR, Reason.PROTOCOL),
    "slow_headers": (dripping(b"HTTP/1.1 200 OK\r\nX: ", b"x", 0.02), Outcome.TIMEOUT, Reason.DEADLINE),
    "slow_body": (
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", b"x", 0.02),
        Outcome.TIMEOUT,
        Reason.DEADLINE,
    ),
    "endless_body": (
        dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536),
        Outcome.FAILED_ASSERTION,
        Reason.BODY_TOO_LARGE,
    ),
    "invalid_chunking": (
        saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        Outcome.ERROR,
        Reason.PROTOCOL,
    ),
    "no_http": (saying(b"\x00\x01\x02\x03"), Outcome.ERROR, Reason.PROTOCOL),
    "silence": (saying(2.0), Outcome.TIMEOUT, Reason.DEADLINE),
}


@pytest.mark.parametrize("connection", ["kept_alive", "new"])
def test_no_fault_hangs_past_the_deadline_or_disturbs_others(connection: str) -> None:
    """All faults at once: each has its reason and a sentence, and a good probe beside them its value."""

    async def main() -> None:
        async with AsyncExitStack() as stack:
            servers = {name: await stack.enter_async_context(raw_server(fault[0])) for name, fault in FAULTS.items()}
            good = await stack.enter_async_context(web_server())
            urls = {**{name: server.url for name, server in servers.items()}, "good": good.url}
            configuration = watched(
                {name: {"kind": "http", "url": url, "connection": connection} for name, url in urls.items()},
                {
                    name: {"kind": "http", "target": name, "category": "faults", "path": "/", "timeout": "400ms"}
                    for name in urls
                },
            )

            async def use(probes: ProbeSet) -> None:
                async with asyncio.timeout(10):
                    measured = dict(
                        zip(urls, await asyncio.gather(*(look(probes, name) for name in urls)), strict=True)
                    )
                assert measured.pop("good").outcome is Outcome.OK
                for name, one in measured.items():
                    assert (one.outcome, one.reason) == FAULTS[name][1:], name
                    assert one.detail, name

            await with_probes(configuration, use)
            for server in servers.values():
                await server.until_alone()

    asyncio.run(main())


@pytest.mark.parametrize("https", [False, True])
def test_through_a_proxy_the_transport_is_httpx_and_says_so(https: bool) -> None:
    """The proxy gets the request, and a proxy that lets nothing through is no answer of the portal."""

    async def use(probes: ProbeSet, proxy: RawServer) -> None:
        observed = await probes.observe("probe", datetime.now(UTC))
        (measured,) = observed.measurements
        assert observed.run is not None
        assert observed.run.details["transport"] == "httpx"
        if https:
            assert (measured.outcome, measured.reason) == (Outcome.ERROR, Reason.PROTOCOL)
            assert "proxy" in measured.detail
            assert proxy.requests[0].startswith(b"CONNECT portal.example:443 ")
        else:
            assert measured.outcome is Outcome.OK
            assert measured.value == pytest.approx(sum(measured.phases[x] for x in WIRE), rel=0.5)
            assert proxy.requests[0].startswith(b"GET http://portal.example/ ")

    async def main() -> None:
        status = b"403 Forbidden" if https else b"200 OK"

        async def answer(_: bytes, writer: asyncio.StreamWriter) -> bool:
            await asyncio.sleep(0.2)  # long beside what the machine takes of its own
            writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")
            return True

        async with raw_server(answer) as proxy:
            url = f"http{'s' if https else ''}://portal.example"
            await with_probes(watched_at(url, proxy=proxy.url), lambda probes: use(probes, proxy))

    asyncio.run(main())


def test_a_redirect_takes_its_cookies_along_and_adds_up() -> None:
    """As a browser does it: the cookie set on the way is sent, and the time is that of both exchanges."""

    async def answer(head: bytes, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(0.05)
        if head.startswith(b"GET / "):
            writer.write(b"HTTP/1.1 302 Found\r\nLocation: /in\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n")
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        return True

    async def main() -> None:
        async with raw_server(answer) as server:
            measured = await with_probes(watched_at(server.url), look)
            assert measured.outcome is Outcome.OK
            assert measured.value is not None
            assert measured.value >= 0.08
            assert b"a=1" in server.requests[1]
            assert server.connections == 1

    asyncio.run(main())
