"""Services that keep incidents of their own: one incident per alert, and an acknowledgement there comes back.

What talks to them is imported by its own name: `alerts.incidents.plugin` (Apprise) and `alerts.incidents.poller`.
"""

from alerts.incidents.errors import IncidentError, IncidentServiceError, WebhookMalformedError, WebhookRefusedError
from alerts.incidents.incident import Acknowledged, Incident, IncidentAction, speaking_of
from alerts.incidents.webhook import (
    OPSGENIE_SECRET_HEADER,
    PAGERDUTY_SIGNATURE_HEADER,
    acknowledgement_of_opsgenie,
    acknowledgement_of_pagerduty,
)

__all__ = [
    "OPSGENIE_SECRET_HEADER",
    "PAGERDUTY_SIGNATURE_HEADER",
    "Acknowledged",
    "Incident",
    "IncidentAction",
    "IncidentError",
    "IncidentServiceError",
    "WebhookMalformedError",
    "WebhookRefusedError",
    "acknowledgement_of_opsgenie",
    "acknowledgement_of_pagerduty",
    "speaking_of",
]
