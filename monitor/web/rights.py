"""Who is asking: the right that a request needs, checked before its route runs."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from baselines import Clock
from monitor.access import AccessTokens, Right

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_bearer = HTTPBearer(auto_error=False, description="a token of `portalwatch token create`")


class Gate:
    """Lets a request through that has a right. On loopback operators need no token unless the settings say so."""

    def __init__(self, tokens: AccessTokens, clock: Clock, *, operators_need_token: bool) -> None:
        self._tokens = tokens
        self._clock = clock
        self._operators_need_token = operators_need_token

    async def is_operator(self, request: Request, token: str | None) -> bool:
        """Whether whoever sends this form has the right of operators, by its token where they need one."""
        if not self._operators_need_token:
            return request.url.hostname in _LOOPBACK
        return bool(token) and await self._tokens.right_of(token or "", self._clock.now()) is Right.OPERATOR

    def requires(self, right: Right) -> Callable[..., Awaitable[None]]:
        """The dependency of a route. Raises 401 without a valid token, 403 with one of another right."""

        async def check(
            request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
        ) -> None:
            if right is Right.PUBLIC_VIEW:
                return
            if right is Right.OPERATOR and not self._operators_need_token:
                _refuse_other_sites(request)
                return
            if credentials is None:
                raise HTTPException(401, "this needs a token", {"WWW-Authenticate": "Bearer"})
            found = await self._tokens.right_of(credentials.credentials, self._clock.now())
            if found is None:
                raise HTTPException(401, "this token is not valid", {"WWW-Authenticate": "Bearer"})
            if found is not right:
                raise HTTPException(403, f"this needs the right {right}, the token has {found}")

        return check


def _refuse_other_sites(request: Request) -> None:
    """Without a token, a page of another site must not make a browser on this machine act for it.

    Neither by a request across sites, nor by a name of its own that it lets point to this machine.
    """
    if request.url.hostname not in _LOOPBACK:
        raise HTTPException(403, "without a token, operators come by a loopback address")
    if request.method not in ("GET", "HEAD") and request.headers.get("sec-fetch-site", "none") not in (
        "same-origin",
        "none",
    ):
        raise HTTPException(403, "requests from other sites are refused")
