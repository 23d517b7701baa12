"""The door for what is sent in: right, rate, size and shape, in this order, each refusal counted and answered."""

import asyncio
import math
from typing import Any, NoReturn, TypeVar

from fastapi import HTTPException, Request
from fastapi.security.utils import get_authorization_scheme_param
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from baselines import Clock
from monitor.access import AccessTokens, Right, token_hash
from monitor.exporter import Exporter
from monitor.ingest.admission import Outcome, TokenBuckets, client_of
from monitor.pipeline import STORE_IS_AWAY
from monitor.settings import IngestSettings

# How long a token that was valid is not looked up again: a revoked one is refused after as long.
_TOKEN_SECONDS = 5.0
_TOKENS_KNOWN = 100
# A body that takes longer is not coming.
_BODY_SECONDS = 10.0
# A client may send at once what it may send in so many seconds: a page that fails shows it all at once.
_BURST_SECONDS = 5.0

M = TypeVar("M", bound=BaseModel)


class Intake:
    """Admits requests of every kind; one object a service process, for all its ways in share the limits."""

    def __init__(self, settings: IngestSettings, tokens: AccessTokens, exporter: Exporter, clock: Clock) -> None:
        self.settings = settings
        self._tokens = tokens
        self._exporter = exporter
        self._clock = clock
        self._clients = TokenBuckets(settings.per_client, max(settings.per_client * _BURST_SECONDS, 1), clock.monotonic)
        self._all = TokenBuckets(settings.overall, settings.overall, clock.monotonic)
        self._valid: dict[bytes, float] = {}

    async def admit(self, request: Request, kind: str, model: type[M]) -> M:
        """What a request says. `kind` is the label of the metric.

        Raises HTTPException: 401 and 403 without a right, 429 with Retry-After, 413 and 408 for a body that is too
        large or too slow, 400 for what is no JSON, 422 for JSON of another shape; what was sent is never echoed.
        """
        await self._require_right(request, kind)
        if wait := self._all.take():
            self._limit(kind, wait)
        body = await self._body(request, kind)
        try:
            said = model.model_validate_json(body)
        except ValidationError as error:
            self._misread(kind, error)
        self._exporter.ingested(kind, Outcome.ACCEPTED)
        return said

    async def _require_right(self, request: Request, kind: str) -> None:
        scheme, token = get_authorization_scheme_param(request.headers.get("authorization"))
        hashed = token_hash(token) if scheme.lower() == "bearer" else None
        if hashed is not None and self._clock.monotonic() < self._valid.get(hashed, -math.inf):
            return
        # Whoever has no token that is known to be valid counts by address, and so do guesses at one.
        if wait := self._clients.take(client_of(request.client.host if request.client else "")):
            self._limit(kind, wait)
        if hashed is not None:
            await self._look_up(token, hashed, kind)
            return
        origin = request.headers.get("origin")
        if origin is None:
            self._refuse(kind, Outcome.REFUSED, 401, "this needs a token of the right ingest, or an allowed origin")
        if origin not in self.settings.origins:
            self._refuse(kind, Outcome.REFUSED, 403, "this origin is not one of ingest.origins")

    async def _look_up(self, token: str, hashed: bytes, kind: str) -> None:
        try:
            right = await self._tokens.right_of(token, self._clock.now())
        except STORE_IS_AWAY:
            if hashed in self._valid:  # it was valid when somebody could last say so
                return
            self._refuse(kind, Outcome.UNKNOWN, 503, "the store can't be reached, so no token can be looked up")
        self._valid.pop(hashed, None)
        if right is None:
            self._refuse(kind, Outcome.REFUSED, 401, "this token is not valid")
        if right is not Right.INGEST:
            self._refuse(kind, Outcome.REFUSED, 403, "this token is not of the right ingest")
        if len(self._valid) >= _TOKENS_KNOWN:
            self._valid.pop(next(iter(self._valid)))
        self._valid[hashed] = self._clock.monotonic() + _TOKEN_SECONDS

    async def _body(self, request: Request, kind: str) -> bytes:
        """Counted as it comes in, whatever its header says of its length."""
        limit, read, chunks = self.settings.body_bytes, 0, list[bytes]()
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                async for chunk in request.stream():
                    read += len(chunk)
                    if read > limit:
                        self._refuse(kind, Outcome.TOO_LARGE, 413, f"a body has at most {limit} bytes", close=True)
                    chunks.append(chunk)
        except ClientDisconnect:
            self._refuse(kind, Outcome.MALFORMED, 400, "the body broke off", close=True)
        except TimeoutError:
            self._refuse(kind, Outcome.TOO_SLOW, 408, f"the body took longer than {_BODY_SECONDS:.0f} s", close=True)
        return b"".join(chunks)

    def _misread(self, kind: str, error: ValidationError) -> NoReturn:
        mistakes = error.errors(include_url=False, include_context=False, include_input=False)
        if mistakes[0]["type"] == "json_invalid":
            self._refuse(kind, Outcome.MALFORMED, 400, mistakes[0]["msg"])
        self._refuse(kind, Outcome.INVALID, 422, [_mistake(dict(one)) for one in mistakes[:10]])

    def _limit(self, kind: str, wait: float) -> NoReturn:
        self._exporter.ingested(kind, Outcome.LIMITED)
        raise HTTPException(429, "too much at once; try again later", {"Retry-After": str(math.ceil(wait))})

    def _refuse(self, kind: str, outcome: Outcome, status: int, detail: object, *, close: bool = False) -> NoReturn:
        self._exporter.ingested(kind, outcome)
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {"Connection": "close"} if close else None
        raise HTTPException(status, detail, headers)


def _mistake(one: dict[str, Any]) -> dict[str, str]:
    """Where and what, without a key that was sent: the last step to an unknown one is not ours."""
    if one["type"] == "extra_forbidden":
        return {"where": ".".join(map(str, one["loc"][:-1])), "problem": "there is an unknown field"}
    return {"where": ".".join(map(str, one["loc"])), "problem": one["msg"]}
