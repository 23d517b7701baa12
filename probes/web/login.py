"""How one logs in: what goes with each request to a target's own origin, and to no other."""

import asyncio
import json
import math
from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

from pydantic import JsonValue

from baselines.clock import Clock
from baselines.measurement import Reason
from probes.errors import ProbeFailed
from probes.probe import ProbeRun
from probes.targets import HttpTarget, Login
from probes.web.json_path import value_at

# A token is renewed this share of its lifetime before it ends.
RENEWAL_SHARE = 0.1
# Name and password that were refused are not sent again for so long: many probes at once would lock the user out.
REFUSAL_SECONDS = 30.0


class LoginAnswer(Protocol):
    """What is read of the answer to a log-in."""

    @property
    def status(self) -> int: ...

    @property
    def body(self) -> bytes: ...


# POSTs a body with headers to a path of the own origin, outside of what the run times. Raises ProbeFailed.
Send = Callable[[str, Mapping[str, str], bytes], Awaitable[LoginAnswer]]


@dataclass(frozen=True, slots=True)
class _Token:
    authorization: str
    renew_at: float
    refresh: str | None


@dataclass(frozen=True, slots=True)
class _Refusal:
    message: str
    until: float


class Credentials:
    """The headers of one target. A token is fetched once for all its probes; making this reads no clock."""

    def __init__(self, target: HttpTarget, clock: Clock) -> None:
        self._login = target.login
        self._clock = clock
        self._fixed = {name: value.get_secret_value() for name, value in target.headers.items()}
        if target.basic is not None:
            pair = f"{target.basic.username}:{target.basic.password.get_secret_value()}"
            self._fixed["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        if target.bearer is not None:
            self._fixed["Authorization"] = f"Bearer {target.bearer.get_secret_value()}"
        self._token: _Token | None = None
        self._refusal: _Refusal | None = None
        self._lock = asyncio.Lock()

    @property
    def renewable(self) -> bool:
        """Whether it makes sense to ask for fresh headers after a 401."""
        return self._login is not None

    async def headers(self, run: ProbeRun, send: Send, stale: Mapping[str, str] | None = None) -> dict[str, str]:
        """What goes with a request to the own origin; `stale` are headers that the server has just refused.

        Waiting for a token is the phase login. Raises ProbeFailed, with the reason login where there is no token.
        """
        if self._login is None:
            return self._fixed.copy()
        token = self._usable(stale)
        if token is None:
            with run.phase("login"):
                async with self._lock:
                    token = self._usable(stale) or await self._fetch(self._login, send)
        return {**self._fixed, "Authorization": token.authorization}

    def _usable(self, stale: Mapping[str, str] | None) -> _Token | None:
        token = self._token
        if token is None or self._clock.monotonic() >= token.renew_at:
            return None
        return None if stale is not None and stale.get("Authorization") == token.authorization else token

    async def _fetch(self, login: Login, send: Send) -> _Token:
        """A new token, by the refresh token where there is one that is still taken, else by name and password."""
        old, self._token = self._token, None
        if login.refresh_path is not None and old is not None and old.refresh is not None:
            answer = await self._post(login, login.refresh_path, _refresh_fields(login, old.refresh), send)
            self._token = self._token_of(login, answer)
        if self._token is None:
            self._token = await self._log_in(login, send)
        return self._token

    async def _log_in(self, login: Login, send: Send) -> _Token:
        if self._refusal is not None and self._clock.monotonic() < self._refusal.until:
            raise ProbeFailed(Reason.LOGIN, self._refusal.message)
        answer = await self._post(login, login.path, _login_fields(login), send)
        if not 200 <= answer.status < 300:
            message = f"the log-in at {login.path} answered {answer.status}"
            if 400 <= answer.status < 500:
                self._refusal = _Refusal(message, self._clock.monotonic() + REFUSAL_SECONDS)
            raise ProbeFailed(Reason.LOGIN, message)
        token = self._token_of(login, answer)
        if token is None:
            raise ProbeFailed(
                Reason.LOGIN, f"the answer of {login.path} has no text {login.token_field!r}; set login.token_field"
            )
        return token

    async def _post(self, login: Login, path: str, fields: Mapping[str, str], send: Send) -> LoginAnswer:
        if login.encoding == "json":
            content, body = "application/json", json.dumps(fields, separators=(",", ":"))
        else:
            content, body = "application/x-www-form-urlencoded", urlencode(fields)
        return await send(path, {**self._fixed, "Content-Type": content}, body.encode())

    def _token_of(self, login: Login, answer: LoginAnswer) -> _Token | None:
        """The token of a 2xx answer; None where it has none that can stand in a header."""
        text = _found(answer.body, login.token_field) if 200 <= answer.status < 300 else None
        if not isinstance(text, str) or not text or not (text.isascii() and text.isprintable()):
            return None
        lifetime, refresh = _found(answer.body, login.lifetime_field), _found(answer.body, login.refresh_field)
        seconds = float(lifetime) if isinstance(lifetime, int | float) else math.inf
        renew_at = self._clock.monotonic() + seconds * (1 - RENEWAL_SHARE)
        return _Token(f"Bearer {text}", renew_at, refresh if isinstance(refresh, str) else None)


def _login_fields(login: Login) -> dict[str, str]:
    return {
        **{name: value.get_secret_value() for name, value in login.fields.items()},
        login.username_field: login.username,
        login.password_field: login.password.get_secret_value(),
    }


def _refresh_fields(login: Login, refresh: str) -> dict[str, str]:
    """As OAuth 2.0 (RFC 6749, section 6) has it, with the configured fields but for another grant."""
    fields = {name: value.get_secret_value() for name, value in login.fields.items()}
    if login.encoding == "form" or "grant_type" in fields:
        fields["grant_type"] = "refresh_token"
    return {**fields, login.refresh_field.rpartition(".")[2]: refresh}


def _found(body: bytes, path: str) -> JsonValue:
    """What the answer has at that dotted path; None also where it is no JSON."""
    try:
        return value_at(json.loads(body), path)
    except (ValueError, LookupError, RecursionError):
        return None
