"""What can go wrong with the incidents of other services.

IncidentError
├── IncidentServiceError   the service could not be asked for acknowledgements
├── WebhookRefusedError    a webhook is not from the service
└── WebhookMalformedError  a webhook is from the service and can't be read
"""

from alerts.errors import AlertError


class IncidentError(AlertError):
    """Base of this package's errors; the message says what was wrong and what to do, and holds no secret."""


class IncidentServiceError(IncidentError):
    """The service could not be reached, refused the token, or gave an answer that is not what it documents."""


class WebhookRefusedError(IncidentError):
    """The signature or the secret of a webhook is missing or wrong: answer 403, and the service doesn't try again."""


class WebhookMalformedError(IncidentError):
    """A webhook that is signed and can't be read: answer 400, and the service doesn't try again."""
