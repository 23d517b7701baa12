"""Who may be reached: the numeric addresses of a host, none of them link-local or a cloud's metadata service."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from baselines.measurement import Reason
from probes.errors import ProbeFailed
from probes.targets import HttpTarget

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
# From (host, port) to numeric addresses, the preferred one first. Raises OSError where the name is unknown.
Lookup = Callable[[str, int], Awaitable[Sequence[str]]]

# Whoever reaches one of these can read the credentials of the machine the prober runs on.
_NEVER: tuple[Network, ...] = (
    ip_network("169.254.0.0/16"),  # link-local, and the metadata of most clouds
    ip_network("fe80::/10"),  # link-local
    ip_network("fd00:ec2::/32"),  # metadata of AWS
    ip_network("fd20:ce::254/128"),  # of Google Cloud
    ip_network("fd00:42::42/128"),  # of Scaleway
    ip_network("100.100.100.200/32"),  # of Alibaba Cloud
    ip_network("192.0.0.192/32"),  # of Oracle Cloud
    ip_network("168.63.129.16/32"),  # of Azure
)
# An IPv4 address in the last 32 bits: IPv4-compatible, and translated by NAT64 (RFC 6052).
_CARRIERS = (IPv6Network("::/96"), IPv6Network("64:ff9b::/96"))


def is_loopback(host: str) -> bool:
    """Whether this host, by its name alone, is this machine's loopback."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


async def look_up(host: str, port: int) -> Sequence[str]:
    """What the system's resolver says, in a thread of its own."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


class Resolver:
    """Resolves the hosts of one target. A connection goes to an address from here, never to a name.

    A name is looked up anew for each connection and what comes back is checked each time, so a name that changes its
    address in between (DNS rebinding) gains nothing.
    """

    def __init__(self, target: HttpTarget, look_up: Lookup = look_up) -> None:
        self._networks = target.networks
        self._look_up = look_up
        self._numbers: dict[str, str | None] = {}

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        """The addresses of that host that may be reached, at least one. A numeric host costs no look-up.

        Raises ProbeFailed: dns where the name is unknown, address where none of its addresses is allowed.
        """
        number = self.number(host)
        if number is not None:
            return [number]
        found = await self._addresses(host, port)
        allowed = [str(address) for address in found if self._allows(address)]
        if not allowed:
            raise self._refusal(host, found[0])
        return allowed

    def number(self, host: str) -> str | None:
        """The host where it is a numeric address, None where it is a name. Raises ProbeFailed: address."""
        if host not in self._numbers:  # there are no more of them than the target has origins
            self._numbers[host] = self._number(host)
        return self._numbers[host]

    def _number(self, host: str) -> str | None:
        try:
            address = ip_address(host)
        except ValueError:
            return None
        if not self._allows(address):
            raise self._refusal(host, address)
        return str(address)

    async def _addresses(self, host: str, port: int) -> Sequence[Address]:
        try:
            found = [ip_address(written) for written in await self._look_up(host, port)]
        except (OSError, UnicodeError) as error:  # UnicodeError: a label that no name can have
            raise ProbeFailed(Reason.DNS, f"the host name {host} can't be resolved") from error
        if not found:
            raise ProbeFailed(Reason.DNS, f"the host name {host} has no address")
        return list(dict.fromkeys(found))

    def _allows(self, address: Address) -> bool:
        return not _is_forbidden(address) and self._is_within(address)

    def _is_within(self, address: Address) -> bool:
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return not self._networks or any((mapped or address) in network for network in self._networks)

    def _refusal(self, host: str, address: Address) -> ProbeFailed:
        if _is_forbidden(address):
            why = "a link-local or metadata address, which no probe may reach"
        else:
            why = "which is in none of the target's networks"
        return ProbeFailed(Reason.ADDRESS, f"{host} is at {address}, {why}")


def _is_forbidden(address: Address) -> bool:
    return any(one in network for one in _meanings(address) for network in _NEVER)


def _meanings(address: Address) -> Iterator[Address]:
    """The address, and the IPv4 address that it stands for where it is an IPv6 address made of one."""
    yield address
    if isinstance(address, IPv6Address):
        for inner in (address.ipv4_mapped, address.sixtofour, *(address.teredo or ())):
            if inner is not None:
                yield inner
        if any(address in carrier for carrier in _CARRIERS):
            yield IPv4Address(int(address) & 0xFFFFFFFF)
