"""Messages that somebody sends: at once and past the outbox, to channels by name, and to their fallbacks."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from alerts.delivery import Sender, retry_wait_seconds
from alerts.errors import ChannelError
from alerts.messages.announcement import compose_announcement
from alerts.messages.deployment import Announcement, StatusUpdate
from alerts.messages.message import Message
from alerts.notification import Attempt, Outcome
from alerts.observer import AlertObserver
from baselines.clock import Clock

# Somebody waits for the answer, so a channel is given up on sooner than where an alert is delivered: with the waits in
# between, a service that refuses has 7 to 14 s.
ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Announced:
    """What became of a message that was meant for one channel.

    `channel` is the one that delivered it, itself or a fallback; None where none did. `attempts` has the last attempt
    at each channel that was tried, in order; at least one.
    """

    channel: str | None
    attempts: Mapping[str, Attempt]


async def announce(
    message: Announcement,
    channels: Mapping[str, Sender],
    names: Sequence[str],
    *,
    clock: Clock,
    observer: AlertObserver,
    random: Random,
) -> dict[str, Announced]:
    """Send it to each named channel, all at once, and where one fails to its fallbacks in turn; what became of it.

    A channel is tried ATTEMPTS times, and no longer than its `deadline`. It gets the message once, though it be named
    and the fallback of others, or of several. An attempt that timed out may have delivered: then it comes twice. Rates
    are not kept to; it is one message.

    Raises, before anything is sent, UnfinishedMessageError while something is blank, and ChannelError where no channel
    is named, one is not there, or one that keeps incidents is to get a status update, which would open one; as a
    fallback it is passed over. Never raises for what a service does.
    """
    _check(message, channels, names)
    chains = {name: _chain(message, channels, name) for name in names}
    written = {
        name: compose_announcement(message, channels[name].settings.written_as)
        for chain in chains.values()
        for name in chain
    }
    tries: dict[str, asyncio.Task[Attempt]] = {}

    async def follow(chain: Sequence[str]) -> Announced:
        attempts: dict[str, Attempt] = {}
        for name in chain:
            if name not in tries:
                sending = _deliver(name, channels[name], written[name], clock=clock, observer=observer, random=random)
                tries[name] = group.create_task(sending)
            attempts[name] = await tries[name]
            if attempts[name].outcome is Outcome.DELIVERED:
                return Announced(name, attempts)
        return Announced(None, attempts)

    async with asyncio.TaskGroup() as group:
        following = {name: group.create_task(follow(chain)) for name, chain in chains.items()}
    return {name: task.result() for name, task in following.items()}


def _check(message: Announcement, channels: Mapping[str, Sender], names: Sequence[str]) -> None:
    unknown = [name for name in names if name not in channels]
    if unknown or not names:
        known = ", ".join(sorted(channels)) or "none is configured"
        wrong = f"there is no channel {', '.join(unknown)}" if unknown else "no channel is named"
        raise ChannelError(f"{wrong}; there are: {known}")
    incidents = [name for name in names if _would_open_incident(message, channels[name])]
    if incidents:
        raise ChannelError(
            f"{', '.join(incidents)} would open an incident for a status update: name a channel that people read"
        )


def _chain(message: Announcement, channels: Mapping[str, Sender], name: str) -> list[str]:
    """The channel and those that stand in for it, in order."""
    fallbacks = channels[name].settings.fallbacks
    return [name, *(one for one in fallbacks if not _would_open_incident(message, channels[one]))]


def _would_open_incident(message: Announcement, channel: Sender) -> bool:
    return isinstance(message, StatusUpdate) and channel.keeps_identity


async def _deliver(
    name: str, channel: Sender, message: Message, *, clock: Clock, observer: AlertObserver, random: Random
) -> Attempt:
    """The last attempt at one channel: the one that delivered, or the one after which it was given up on."""
    began, attempts = clock.monotonic(), 0
    while True:
        started = clock.monotonic()
        attempt = await channel.send(message)
        attempts += 1
        observer.delivered(name, attempt.outcome, clock.monotonic() - started)
        wait = retry_wait_seconds(attempts, random)
        late = clock.monotonic() + wait - began > channel.settings.deadline_seconds
        if attempt.outcome is Outcome.DELIVERED or attempts == ATTEMPTS or late:
            return attempt
        await clock.sleep(wait)
