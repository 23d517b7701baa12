"""Acknowledgements read back: a service with incidents is asked, in rounds that end, about the alerts that are open."""

import asyncio
import logging
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Collection, Mapping
from email.utils import parsedate_to_datetime
from typing import ClassVar

import httpx
from pydantic import ValidationError

from alerts.incidents.errors import IncidentServiceError
from alerts.incidents.incident import Acknowledged
from baselines.clock import Clock

# A round fits between two of a loop that runs every 30 s; of more alerts than it has time for, the next one takes on.
QUESTIONS = 60
ROUND_SECONDS = 20.0
QUESTION_SECONDS = 5.0
ANSWER_BYTES = 1 << 20
# After a 429: where it does not say for how long, and at most.
PAUSE_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 900.0

logger = logging.getLogger(__name__)


class _LimitedError(Exception):
    def __init__(self, pause_seconds: float) -> None:
        super().__init__()
        self.pause_seconds = pause_seconds


class AcknowledgementPoller(ABC):
    """Asks one service, one question at a time. What it remembers is for politeness; nothing is lost with it."""

    service: ClassVar[str]
    # What a status other than 200 says of an alert: that the service has none of this name.
    unknown: ClassVar[Collection[int]] = ()

    def __init__(self, client: httpx.AsyncClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._paused_until = clock.monotonic()
        self._last = ""

    async def acknowledged(self, alert_ids: Collection[str]) -> list[Acknowledged]:
        """Those of the alerts that somebody acknowledged or ended there, as far as one round gets.

        A round asks about QUESTIONS alerts at most, asks nothing more after ROUND_SECONDS, and the next one goes on
        from there. After a 429 nothing is asked until the service's time is over. What was found before a failure is
        returned, and the failure is met again in the next round.

        Raises IncidentServiceError.
        """
        began = self._clock.monotonic()
        found: list[Acknowledged] = []
        if began < self._paused_until:
            return found
        for alert_id in self._next_round(alert_ids):
            if self._clock.monotonic() - began >= ROUND_SECONDS:
                break
            try:
                answer = await self._ask(alert_id)
            except _LimitedError as limit:
                self._paused_until = self._clock.monotonic() + limit.pause_seconds
                logger.warning("%s limits how often it is asked; again in %g s", self.service, limit.pause_seconds)
                break
            except IncidentServiceError:
                if found:
                    break
                self._last = alert_id  # else one alert that can't be asked about would stand before all others
                raise
            self._last = alert_id
            if answer is not None:
                found.append(answer)
        return found

    @abstractmethod
    def _request(self, alert_id: str) -> httpx.Request:
        """The question about one alert."""

    @abstractmethod
    def _read(self, alert_id: str, content: bytes) -> Acknowledged | None:
        """What the answer says. Raises ValidationError where it is not what the service documents."""

    def _next_round(self, alert_ids: Collection[str]) -> list[str]:
        ordered = sorted(set(alert_ids))
        at = bisect_right(ordered, self._last)
        return [*ordered[at:], *ordered[:at]][:QUESTIONS]

    async def _ask(self, alert_id: str) -> Acknowledged | None:
        try:
            async with asyncio.timeout(QUESTION_SECONDS):
                answer = await self._client.send(self._request(alert_id), stream=True, follow_redirects=False)
                try:
                    content = await self._content(answer)
                finally:
                    await answer.aclose()
        except TimeoutError as error:
            raise IncidentServiceError(f"{self.service} did not answer within {QUESTION_SECONDS:g} s") from error
        except httpx.HTTPError as error:
            raise IncidentServiceError(f"{self.service} can't be reached: {type(error).__name__}") from error
        return self._judge(alert_id, answer, content)

    async def _content(self, answer: httpx.Response) -> bytes:
        content = b""
        async for chunk in answer.aiter_bytes():
            content += chunk
            if len(content) > ANSWER_BYTES:
                raise IncidentServiceError(f"{self.service} answered more than {ANSWER_BYTES} bytes")
        return content

    def _judge(self, alert_id: str, answer: httpx.Response, content: bytes) -> Acknowledged | None:
        status = answer.status_code
        if status in self.unknown:
            return None
        if status == httpx.codes.TOO_MANY_REQUESTS:
            raise _LimitedError(self._pause_seconds(answer.headers))
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise IncidentServiceError(
                f"{self.service} answered {status}: the key in the channel's URL may not read incidents; create one "
                "that may"
            )
        if status != httpx.codes.OK:
            raise IncidentServiceError(f"{self.service} answered {status}")
        try:
            return self._read(alert_id, content)
        except ValidationError:
            raise IncidentServiceError(f"{self.service} answered something it does not document") from None

    def _pause_seconds(self, headers: Mapping[str, str]) -> float:
        """As long as it asks for: `Retry-After`, or what PagerDuty and Opsgenie document in its place."""
        for name in ("Retry-After", "ratelimit-reset", "X-RateLimit-Period-In-Sec"):
            value = headers.get(name, "")
            if value.isdecimal():
                return _bounded(float(value))
        try:
            until = parsedate_to_datetime(headers.get("Retry-After", ""))
        except ValueError:
            return PAUSE_SECONDS
        return _bounded(until.timestamp() - self._clock.now().timestamp())


def _bounded(pause_seconds: float) -> float:
    return min(max(pause_seconds, 1.0), LONGEST_PAUSE_SECONDS)
