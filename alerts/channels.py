"""Channels: one Apprise URL each, called under a deadline of ours in threads that are counted."""

import asyncio
import logging
import re
import threading
from collections.abc import Mapping
from urllib.parse import unquote

from apprise import Apprise, AppriseAsset, NotifyFormat
from apprise.plugins.base import NotifyBase
from apprise.result import AppriseResult, AppriseResultStatus

from alerts.errors import ChannelError
from alerts.incidents.incident import Incident, speaking_of
from alerts.incidents.plugin import incident_channel, register_plugins
from alerts.messages.message import Message
from alerts.notification import Attempt, Outcome
from alerts.observer import AlertObserver
from alerts.settings import ChannelSettings

# Threads of one channel that may hang at a time: a thread can't be ended, so a dead service must not collect them.
CALLS_AT_ONCE = 3
ERROR_LENGTH = 300

_OUTCOMES = {
    AppriseResultStatus.SUCCESS: Outcome.DELIVERED,
    AppriseResultStatus.FAILURE: Outcome.FAILED,
    AppriseResultStatus.NOMATCH: Outcome.NOTHING_MATCHED,
    AppriseResultStatus.PARTIAL: Outcome.PARTIAL,
    AppriseResultStatus.TIMEOUT: Outcome.TIMEOUT,
}


# Apprise's own ways to services with incidents open another one for each message, or close none after a restart.
_FORGETFUL = {
    "Pager Duty": "pagerduty:// opens an incident for every message; write pagerdutyevents://ROUTING_KEY",
    "Opsgenie": "opsgenie:// forgets its incidents with the process; write opsgeniealerts://API_KEY",
}


class Channel:
    """One destination. Keeps its Apprise plugin, and with it the plugin's own throttle."""

    def __init__(self, name: str, settings: ChannelSettings, observer: AlertObserver) -> None:
        """Raises ChannelError, which names the channel and never its URL."""
        self.name = name
        self._observer = observer
        self.settings = settings
        self._redact = Redaction(settings.url.get_secret_value())
        # No deadline of Apprise's: with one it calls in a pool that all services share, where a few hanging calls of
        # one service hold up the others, and that the interpreter waits for when it ends.
        asset = AppriseAsset(app_id="portalwatch", app_desc="portalwatch", app_url="", service_timeout=0)
        self._plugin = _plugin(name, settings, asset)
        self._apprise = Apprise([self._plugin], asset=asset)
        self._running = 0

    def __repr__(self) -> str:
        return f"Channel({self.name!r})"

    @property
    def keeps_identity(self) -> bool:
        """Whether the service has incidents of its own, one for each alert: nothing is merged then."""
        return incident_channel(self._plugin)

    @property
    def plugin(self) -> NotifyBase:
        """What speaks to the service."""
        return self._plugin

    async def send(self, message: Message) -> Attempt:
        """Send it once, and wait for `timeout_seconds` at most. Never raises for what the service does.

        A call that outlives its time goes on in its thread and may still deliver: a duplicate, which the observer is
        told of. While CALLS_AT_ONCE of them hang, the channel fails at once.
        """
        if self._running >= CALLS_AT_ONCE:
            return Attempt(Outcome.STUCK, f"{self._running} earlier calls still hang; waiting for one to end")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Attempt] = loop.create_future()

        def finish(attempt: Attempt) -> None:
            self._running -= 1
            if not answer.done():
                answer.set_result(attempt)
            elif attempt.outcome is Outcome.DELIVERED:
                self._observer.delivered_late(self.name)

        def call() -> None:
            attempt = self._call(message)
            try:
                loop.call_soon_threadsafe(finish, attempt)
            except RuntimeError:  # the loop ended before the call did
                self._running -= 1

        # A daemon thread, because the end of the process must not wait for a service that hangs.
        threading.Thread(target=call, name=f"channel {self.name}", daemon=True).start()
        self._running += 1
        try:
            return await asyncio.wait_for(answer, self.settings.timeout_seconds)
        except TimeoutError:
            return Attempt(Outcome.TIMEOUT, f"no answer within {self.settings.timeout_seconds:g} s")

    def _call(self, message: Message) -> Attempt:
        try:
            with speaking_of(_incident(message)):
                result = self._apprise.notify(
                    title=message.title,
                    body=message.body,
                    notify_type=message.tone.value,
                    body_format=NotifyFormat.TEXT,
                )
        except Exception as error:
            return Attempt(Outcome.FAILED, self._redact(f"{type(error).__name__}: {error}"))
        if result is None:
            return Attempt(Outcome.FAILED, "the service gave no result")
        with result:
            outcome = _outcome(result)
            if outcome is Outcome.DELIVERED:
                return Attempt(outcome)
            told = " ".join(entry.message for entry in result.logs())
        return Attempt(outcome, self._redact(told) or f"the service answered {outcome} and said nothing")


class Redaction:
    """Takes a URL and everything secret in it out of a text."""

    def __init__(self, url: str) -> None:
        rest = url.partition("://")[2]
        pieces = {piece for piece in re.split(r"[/@:,?&=#+]", rest) if len(piece) > 3}  # not ports, nor `yes`
        password = re.match(r"[^:/@]*:([^@]+)@", rest)  # a secret at any length
        secrets = pieces | {url, rest} | ({password[1]} if password else set())
        both = secrets | {unquote(one) for one in secrets}
        self._secrets = sorted(both - {""}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text in one line of at most ERROR_LENGTH characters, with every secret as `***`."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return " ".join(text.split())[:ERROR_LENGTH]


def open_channels(settings: Mapping[str, ChannelSettings], observer: AlertObserver) -> dict[str, Channel]:
    """The channels of a configuration, by name.

    Raises ChannelError with every mistake at once: a URL that Apprise can't use, `optional=yes` (it would report a
    failed delivery as a success), a fallback that is no channel.
    """
    if settings:  # which loads all that Apprise knows
        register_plugins()
    _keep_urls_out_of_logs()
    channels: dict[str, Channel] = {}
    mistakes = []
    for name, one in settings.items():
        mistakes += [
            f"channel {name}: its fallback {other!r} is no other channel, known are {', '.join(sorted(settings))}"
            for other in one.fallbacks
            if other not in settings or other == name
        ]
        try:
            channels[name] = Channel(name, one, observer)
        except ChannelError as mistake:
            mistakes.append(str(mistake))
    if mistakes:
        raise ChannelError("; ".join(mistakes))
    return channels


def _incident(message: Message) -> Incident | None:
    """What the message means to a service with incidents; None where it speaks of no alert."""
    if message.alert_id is None:
        return None
    return Incident(alert_id=message.alert_id, action=message.action, source=message.source)


def _plugin(name: str, settings: ChannelSettings, asset: AppriseAsset) -> NotifyBase:
    plugin = Apprise.instantiate(settings.url.get_secret_value(), asset=asset)
    if plugin is None:
        raise ChannelError(
            f"channel {name}: Apprise can't use its URL (not shown, it holds secrets); compare it with the service's "
            "page in Apprise's documentation"
        )
    told = _FORGETFUL.get(plugin.service_name or "")
    if told is not None and not incident_channel(plugin):
        raise ChannelError(f"channel {name}: {told}")
    if plugin.optional:
        raise ChannelError(
            f"channel {name}: its URL says optional=yes, which reports failed deliveries as successes; take it out"
        )
    return plugin


def _outcome(result: AppriseResult) -> Outcome:
    """What the status says, and a success only if it is one of every service called, of which there is one."""
    outcome = _OUTCOMES.get(result.status, Outcome.FAILED)
    delivered = len(result) == 1 and all(
        one.attempts and one.attempts[-1].status is AppriseResultStatus.SUCCESS for one in result
    )
    return Outcome.FAILED if outcome is Outcome.DELIVERED and not delivered else outcome


def _keep_urls_out_of_logs() -> None:
    """Apprise and the HTTP client below it log whole URLs; what is worth knowing comes back with each result."""
    for name in ("apprise", "urllib3", "httpx"):
        logger = logging.getLogger(name)
        logger.propagate = False
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
