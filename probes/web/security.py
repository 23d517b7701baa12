"""One look at a web server as somebody sees it who has not logged in, and whether its log-in answers."""

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from baselines.clock import Clock
from baselines.measurement import Reason
from probes.errors import ProbeFailed
from probes.probe import ProbeRun
from probes.stopwatch import LoopDelay, Stopwatch
from probes.targets import HttpTarget
from probes.web.addresses import is_loopback
from probes.web.link import HttpLink

_LIMIT_BYTES = 1024 * 1024
Method = Literal["GET", "HEAD"]


@dataclass(frozen=True, slots=True)
class AnonymousLook:
    """An answer without credentials; header names are in lower case. `certificate_expires_at` as in Exchange."""

    status: int
    headers: Mapping[str, str]
    certificate_expires_at: datetime | None
    seconds: float


def has_credentials(target: HttpTarget) -> bool:
    """Whether requests to it carry who we are."""
    own = any(name.lower() == "authorization" for name in target.headers)
    return own or any(one is not None for one in (target.login, target.basic, target.bearer))


def is_on_this_machine(target: HttpTarget) -> bool:
    """Whether its address is the loopback's, by its name alone."""
    return is_loopback(target.url.host or "")


async def look_anonymously(target: HttpTarget, path: str, clock: Clock, method: Method = "GET") -> AnonymousLook:
    """One request over a connection of its own, with none of the target's headers: each of them may be a secret.

    Redirects are not followed. Raises ProbeFailed.
    """
    stranger = target.model_copy(update={"login": None, "basic": None, "bearer": None, "headers": {}})
    link, run = HttpLink(stranger, clock), _run(clock)
    try:
        async with asyncio.timeout(target.connect_timeout + target.read_timeout):
            exchange = await link.request(link.prepare(method, path, {}, None), _LIMIT_BYTES, run)
    except TimeoutError as error:
        raise ProbeFailed(Reason.DEADLINE, f"{path} gave no answer in time") from error
    finally:
        await link.close()
    headers = {name.lower(): value for name, value in exchange.headers.items()}
    return AnonymousLook(exchange.status, headers, exchange.certificate_expires_at, run.stopwatch.seconds)


async def log_in(target: HttpTarget, clock: Clock) -> float:
    """Log in afresh, once; the seconds that took, connecting included. Raises ProbeFailed."""
    link, run = HttpLink(target, clock), _run(clock)
    started = clock.monotonic()
    try:
        async with asyncio.timeout(target.connect_timeout + target.read_timeout):
            await link.own_headers(run)
    except TimeoutError as error:
        raise ProbeFailed(Reason.DEADLINE, "the log-in gave no answer in time") from error
    finally:
        await link.close()
    return clock.monotonic() - started


def _run(clock: Clock) -> ProbeRun:
    return ProbeRun(0, secrets.token_hex(16), clock, Stopwatch(clock, LoopDelay(clock)))
