"""Errors of a portal that was deployed this morning: of each class, a cluster, one with a name without blanks."""

from datetime import datetime, timedelta

from monitor.tracking.postgres import PostgresErrors
from monitor.tracking.report import ErrorReport, event_of, user_hasher
from thresholds.error_class import load_error_classes
from thresholds.error_group import group_of

RISING = group_of(
    "TypeError", "Cannot read properties of undefined (reading 'owners')", "at render (main.js:1:2)"
).fingerprint
# Minutes ago, name, message, id, component.
_SENT = (
    (1_440, "TypeError", "Cannot read properties of undefined (reading 'owners')", "fe_0", "Portfolio"),
    *(
        (number, "TypeError", "Cannot read properties of undefined (reading 'owners')", f"fe_17_{number}", "Portfolio")
        for number in range(2, 50, 3)
    ),
    (9, "AsyncpgError", "Database connection pool timeout after 30 s", "fe_17_2", "valuations"),
    (9, "HttpError", "GET /portfolio failed with 500", "fe_17_2", "ClientList"),
    (31, "ValidationError", "JSON schema validation of information item 4711 failed", "fe_31_c", "InformationItems"),
    (300, "PermissionError", "Permission to read client group 12 denied", "fe_300_d", "ClientGroups"),
    (700, "X" * 90, "y" * 400, "fe_" + "z" * 60, "w" * 60),
)


async def send_errors(store: PostgresErrors, now: datetime) -> None:
    """Into the store, as if they had arrived up to now."""
    classes, hasher, events = load_error_classes(), user_hasher(None), []
    for minutes, name, message, correlation_id, component in _SENT:
        report = ErrorReport.model_validate(
            {
                "error": {"name": name, "message": message, "stack": "at render (main.js:1:2)"},
                "context": {
                    "correlationId": correlation_id,
                    "component": component,
                    "action": "load",
                    "userAgent": "Mozilla/5.0 Firefox/131.0",
                    "url": "https://portal.example/clients/4711/plans",
                },
            }
        )
        events.append(event_of(report, now - timedelta(minutes=minutes), timedelta(0), classes, hasher))
    await store.append(events)
