"""Brings back what people acknowledge elsewhere: in the services that keep incidents of their own."""

import re
from collections.abc import Mapping

import httpx
import structlog

from alerts import UNANSWERED, AlertClosedError, Alerts, AlertStoreError, Reason
from alerts.channels import Channel
from alerts.incidents import Acknowledged, IncidentError
from alerts.incidents.plugin import poller_of
from baselines import Clock

# What begins an occurrence: an answer that is older was to the one before.
_TOLD = (Reason.FIRED, Reason.RAISED, Reason.REOPENED, Reason.UNSILENCED)
# A service tells of other incidents too; what some are called, the store would take for a fault of its own.
_OURS = re.compile(r"[0-9a-f]{1,32}")

log = structlog.get_logger(__name__)


class IncidentAnswers:
    """Asks the channels that keep incidents about the alerts they were told of and nobody has answered."""

    def __init__(
        self, alerts: Alerts, channels: Mapping[str, Channel], client: httpx.AsyncClient, clock: Clock
    ) -> None:
        pollers = {name: poller_of(channel.plugin, client, clock) for name, channel in channels.items()}
        self._alerts = alerts
        self._pollers = {name: one for name, one in pollers.items() if one is not None}

    async def look(self) -> None:
        """One round of questions; what can't be asked now is asked in the next."""
        if not self._pollers:
            return
        try:
            waiting = await self._alerts.list_alerts(UNANSWERED, limit=1000)
        except AlertStoreError:
            return
        for name, poller in self._pollers.items():
            told = [one.alert.id for one in waiting if name in one.alert.channels]
            try:
                answers = await poller.acknowledged(told) if told else []
            except IncidentError as error:
                log.warning("acknowledgements could not be asked for", channel=name, reason=str(error))
                continue
            for one in answers:
                await self.take(one)

    async def take(self, answer: Acknowledged) -> bool:
        """Acknowledge here what was acknowledged there, unless that was before the alert was told last.

        Whether there was anything to acknowledge. Raises AlertStoreError where the store can't be asked.
        """
        if not _OURS.fullmatch(answer.alert_id):
            return False
        record = await self._alerts.find_alert(answer.alert_id)
        if record is None or record.alert.state not in UNANSWERED:
            return False
        told_at = max((one.at for one in record.events if one.event in _TOLD), default=None)
        if answer.at is not None and told_at is not None and answer.at < told_at:
            return False
        try:
            await self._alerts.acknowledge(answer.alert_id, answer.by)
        except AlertClosedError:  # somebody was faster
            return False
        return True
