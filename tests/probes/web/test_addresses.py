"""Who may be reached, and that nobody else is: neither by number nor by name, redirect or a name that moves."""

import asyncio
import socket
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from baselines.measurement import Measurement, Outcome, Reason
from probes import HttpTarget, ProbeFailed, ProbeSet
from probes.web.addresses import Lookup, Resolver
from tests.probes.scripted_server import Reply, moved, scripted_server
from tests.probes.watched import look, watched, with_probes


def resolver(look_up: Lookup | None = None, **target: Any) -> Resolver:
    """For a target with those settings, asking that function for names."""
    settings = HttpTarget.model_validate({"kind": "http", "url": "http://portal.example", **target})
    return Resolver(settings) if look_up is None else Resolver(settings, look_up)


def names(*addresses: str) -> Lookup:
    """A name service that answers those addresses."""

    async def look_up(*_: object) -> Sequence[str]:
        return addresses

    return look_up


def refusal(one: Resolver, host: str) -> ProbeFailed:
    """Why that host is not reached."""
    with pytest.raises(ProbeFailed) as caught:
        asyncio.run(one.resolve(host, 80))
    return caught.value


FORBIDDEN = [
    "169.254.169.254",
    "169.254.0.1",
    "fe80::1",
    "fe80::1%1",
    "febf::1",
    "fd00:ec2::254",
    "fd20:ce::254",
    "100.100.100.200",
    "::ffff:169.254.169.254",
    "::169.254.169.254",
    "64:ff9b::169.254.169.254",
    "2002:a9fe:a9fe::1",
]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_no_metadata_address_is_reached(address: str) -> None:
    """Link-local and metadata addresses are refused, however they are written, and so are names that lead there."""
    for failure in (refusal(resolver(), address), refusal(resolver(names(address)), "portal.example")):
        assert failure.reason is Reason.ADDRESS
        assert "metadata" in str(failure)


@pytest.mark.parametrize("written", ["2852039166", "0xA9FEA9FE", "169.254.43518", "0251.0376.0251.0376"])
def test_no_spelling_of_an_address_gets_around(written: str) -> None:
    """What the system's resolver takes for a number is held against the same list."""
    assert refusal(resolver(), written).reason is Reason.ADDRESS


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.253.255.255", "::1", "fec0::1", "2001:db8::1"])
def test_everything_else_is_reached(address: str) -> None:
    """Loopback, private and public addresses are allowed where no networks are named."""
    assert asyncio.run(resolver().resolve(address, 80)) == [address]
    assert asyncio.run(resolver(names(address)).resolve("portal.example", 80)) == [address]


def test_a_number_is_not_looked_up() -> None:
    """An address costs neither a question nor a thread."""

    async def look_up(*_: object) -> Sequence[str]:
        raise AssertionError("asked")

    threads = threading.active_count()
    assert asyncio.run(resolver(look_up).resolve("127.0.0.1", 80)) == ["127.0.0.1"]
    assert threading.active_count() == threads


def test_only_the_allowed_addresses_of_a_name_are_used() -> None:
    """A name with a good and a bad address leads to the good one only, each named once."""
    one = resolver(names("169.254.169.254", "10.0.0.1", "10.0.0.1", "10.0.0.2"))
    assert asyncio.run(one.resolve("portal.example", 80)) == ["10.0.0.1", "10.0.0.2"]


def test_networks_narrow_what_is_reached() -> None:
    """With networks named, an address must be in one; a mapped IPv4 address counts as what it is."""
    one = resolver(names("10.1.0.1", "192.168.0.1"), networks=["10.0.0.0/8", "::1/128"])
    assert asyncio.run(one.resolve("portal.example", 80)) == ["10.1.0.1"]
    assert len(asyncio.run(one.resolve("::ffff:10.0.0.1", 80))) == 1
    failure = refusal(one, "192.168.0.1")
    assert failure.reason is Reason.ADDRESS
    assert "none of the target's networks" in str(failure)


def test_networks_never_widen() -> None:
    """A metadata address stays refused where a network has it."""
    assert refusal(resolver(networks=["0.0.0.0/0"]), "169.254.169.254").reason is Reason.ADDRESS


@pytest.mark.parametrize("host", ["portal.invalid", "a" * 64 + ".example", "a..b"])
def test_an_unknown_name_is_dns(host: str) -> None:
    """A name that nobody knows, or that no name can be, has the reason dns."""
    assert refusal(resolver(), host).reason is Reason.DNS


def test_a_name_without_address_is_dns() -> None:
    """An empty answer is no answer."""
    assert refusal(resolver(names()), "portal.example").reason is Reason.DNS


# Link-local, and nobody's: were the guard to fail, a test would still reach no machine's metadata.
INERT = "169.254.77.1"


def probe(url: str, **target: Any) -> Measurement:
    """One http probe of that URL."""
    configuration = watched(
        {"portal": {"kind": "http", "url": url, **target}},
        {"probe": {"kind": "http", "target": "portal", "category": "tests", "path": "/", "every": "5s"}},
    )
    return asyncio.run(with_probes(configuration, look))


@pytest.mark.parametrize("transport", [{}, {"http2": True}], ids=["own transport", "http2"])
def test_a_probe_of_a_metadata_address_is_an_error(transport: Any) -> None:
    """Nothing is sent; the measurement says why."""
    measured = probe(f"http://{INERT}", **transport)
    assert (measured.outcome, measured.reason) == (Outcome.ERROR, Reason.ADDRESS)
    assert "metadata" in measured.detail


@pytest.mark.parametrize(
    "kind", [{"kind": "http", "path": "/"}, {"kind": "journey", "steps": [{"name": "a", "path": "/"}]}]
)
@pytest.mark.parametrize("transport", [{}, {"http2": True}], ids=["own transport", "http2"])
def test_no_redirect_leads_to_a_metadata_address(kind: dict[str, Any], transport: Any) -> None:
    """Also where the configuration calls it an origin, no redirect gets there."""

    async def main() -> list[Measurement]:
        there = f"http://{INERT}"
        async with scripted_server(lambda _: moved(f"{there}/")) as server:
            configuration = watched(
                {"portal": {"kind": "http", "url": server.url, "origins": [there], **transport}},
                {"probe": {"target": "portal", "category": "tests", **kind}},
            )
            return await with_probes(configuration, lambda one: one.run("probe", datetime.now(UTC)))

    assert {one.reason for one in asyncio.run(main())} == {Reason.ADDRESS}


@pytest.mark.parametrize("transport", [{}, {"http2": True}], ids=["own transport", "http2"])
def test_a_name_that_moves_to_a_metadata_address_is_refused(monkeypatch: pytest.MonkeyPatch, transport: Any) -> None:
    """DNS rebinding: good at first, then forbidden; each new connection is checked by the address it goes to."""
    answers = ["127.0.0.1", INERT]

    def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> Any:
        address = host if host[0].isdigit() else answers.pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    async def main() -> list[Measurement]:
        async with scripted_server(lambda _: Reply()) as server:
            configuration = watched(
                {"portal": {"kind": "http", "url": server.url.replace("127.0.0.1", "portal.example"), **transport}},
                {"probe": {"kind": "http", "target": "portal", "category": "tests", "path": "/"}},
            )

            async def use(probe_set: ProbeSet) -> list[Measurement]:
                first = await look(probe_set)
                await probe_set.reconnect()
                return [first, await look(probe_set)]

            monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
            measured = await with_probes(configuration, use)
            assert server.requests[0].headers["host"].startswith("portal.example:")
            assert len(server.requests) == 1
            return measured

    assert [one.reason for one in asyncio.run(main())] == [None, Reason.ADDRESS]
