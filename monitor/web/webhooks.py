"""What services with incidents call when somebody acknowledges there."""

from collections.abc import Callable

from fastapi import APIRouter, HTTPException, Request
from pydantic import SecretStr

from alerts import WebhookSettings
from alerts.incidents import (
    OPSGENIE_SECRET_HEADER,
    PAGERDUTY_SIGNATURE_HEADER,
    Acknowledged,
    WebhookMalformedError,
    WebhookRefusedError,
    acknowledgement_of_opsgenie,
    acknowledgement_of_pagerduty,
)
from monitor.acknowledging import IncidentAnswers

_BODY_BYTES = 1 << 20


def webhook_routes(settings: WebhookSettings, answers: IncidentAnswers) -> APIRouter:
    """The routes; whoever calls proves itself by the secret of its service, not by a token."""
    routes = APIRouter(prefix="/api/v1/webhooks")

    @routes.post("/pagerduty", status_code=202)
    async def pagerduty(request: Request) -> dict[str, bool]:
        """A webhook subscription, version 3: what was acknowledged or resolved there is in hand here."""
        presented = ",".join(request.headers.getlist(PAGERDUTY_SIGNATURE_HEADER))
        return await _take(request, acknowledgement_of_pagerduty, presented, settings.pagerduty_secret)

    @routes.post("/opsgenie", status_code=202)
    async def opsgenie(request: Request) -> dict[str, bool]:
        """A webhook integration: what was acknowledged or closed there is in hand here."""
        presented = request.headers.get(OPSGENIE_SECRET_HEADER)
        return await _take(request, acknowledgement_of_opsgenie, presented, settings.opsgenie_secret)

    async def _take(
        request: Request,
        read: Callable[[bytes, str | None, str], Acknowledged | None],
        presented: str | None,
        secret: SecretStr | None,
    ) -> dict[str, bool]:
        if secret is None:
            raise HTTPException(404, "no secret is configured for these calls")
        try:
            answer = read(await _body(request), presented, secret.get_secret_value())
        except WebhookRefusedError as error:
            raise HTTPException(403, str(error)) from error
        except WebhookMalformedError as error:
            raise HTTPException(400, str(error)) from error
        return {"acknowledged": answer is not None and await answers.take(answer)}

    return routes


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _BODY_BYTES:
            raise HTTPException(413, "this call is too large")
    return body
