"""The Apprise plugins for services with incidents, and who asks those services back."""

# Apprise has types for a part of what it has.
# mypy: allow-untyped-calls

from typing import TypeGuard

import httpx
from apprise import NotifyBase
from apprise.manager_plugins import NotificationManager

from alerts.incidents.opsgenie import NotifyOpsgenieAlerts
from alerts.incidents.opsgenie_poller import OpsgeniePoller
from alerts.incidents.pagerduty import NotifyPagerDutyEvents
from alerts.incidents.pagerduty_poller import PagerDutyPoller
from alerts.incidents.poller import AcknowledgementPoller
from baselines.clock import Clock

IncidentPlugin = NotifyPagerDutyEvents | NotifyOpsgenieAlerts


def register_plugins() -> None:
    """Let Apprise know `pagerdutyevents://` and `opsgeniealerts://`; once is enough, and more often does no harm."""
    manager = NotificationManager()
    for plugin in (NotifyPagerDutyEvents, NotifyOpsgenieAlerts):
        if plugin.secure_protocol not in manager:
            manager.add(plugin)


def incident_channel(plugin: NotifyBase) -> TypeGuard[IncidentPlugin]:
    """Whether a channel's service keeps one incident per alert: then no message to it may speak of several alerts."""
    return isinstance(plugin, IncidentPlugin)


def poller_of(plugin: NotifyBase, client: httpx.AsyncClient, clock: Clock) -> AcknowledgementPoller | None:
    """Who reads acknowledgements back from a channel's service; None where it keeps none, or may not be read.

    The client is the caller's, and stays open as long as the poller is used.
    """
    match plugin:
        case NotifyPagerDutyEvents(token=str(token)):
            return PagerDutyPoller(client, clock, plugin.addresses.rest, token)
        case NotifyOpsgenieAlerts():
            return OpsgeniePoller(client, clock, plugin.alerts_url, plugin.authorization)
    return None
