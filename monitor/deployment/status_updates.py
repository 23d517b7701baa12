"""Status updates for stakeholders: sent when they are due, once, by whichever instance has the turn."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random

import structlog

from alerts import AlertObserver, ChannelError, announce, blanks
from alerts.channels import Channel
from baselines import Clock
from monitor.deployment.deployment import Deployment
from monitor.deployment.event import SERVICE
from monitor.deployment.findings import status_due_at
from monitor.deployment.messages import sent_event, status_update
from monitor.deployment.postgres import PostgresDeployments
from monitor.errors import CannotRunError

# What reached nobody is tried again after this long.
_AGAIN = timedelta(minutes=1)

log = structlog.get_logger(__name__)


class StatusUpdates:
    """Sends them by the channels that the plan names for its status."""

    def __init__(
        self,
        deployments: PostgresDeployments,
        channels: Mapping[str, Channel],
        observer: AlertObserver,
        clock: Clock,
    ) -> None:
        self._deployments = deployments
        self._channels = channels
        self._observer = observer
        self._clock = clock
        self._again_at: datetime | None = None

    async def send_due(self, deployment: Deployment) -> Deployment:
        """The deployment afterwards. Nothing is sent before it is due, or while something in it is for a person to
        say. Raises what the store raises while it is away."""
        now, due = self._clock.now(), status_due_at(deployment)
        if due is None or now < max(due, self._again_at or due):
            return deployment
        update = status_update(deployment, now)
        if blanks(update):
            return deployment
        slot = int((now - deployment.opened_at).total_seconds() // deployment.plan.status_update_seconds)
        try:
            async with self._deployments.alone("telling"):
                again = await self._deployments.find_open()
                if again is None or status_due_at(again) != due:
                    return again or deployment  # another instance was faster
                told = await announce(
                    update,
                    self._channels,
                    deployment.plan.contacts.status,
                    clock=self._clock,
                    observer=self._observer,
                    random=Random(),
                )
                if any(one.channel is not None for one in told.values()):
                    event = sent_event("status", told, SERVICE, slot)
                    return await self._deployments.change(lambda _: [event], self._clock.now())
                log.error("the status update reached nobody", channels=sorted(told))
        except CannotRunError:
            return deployment  # another instance is at it
        except ChannelError as error:
            log.error("the status update could not be sent", reason=str(error))
        self._again_at = self._clock.now() + _AGAIN
        return deployment
