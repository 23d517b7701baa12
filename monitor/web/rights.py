"""Who is asking: the right that a request needs, checked before its route runs."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param

from baselines import Clock
from monitor.access import AccessTokens, Right
from monitor.pipeline import STORE_IS_AWAY

# What the log-in page gives a browser, which can't send a token along with a link.
COOKIE = "portalwatch_token"

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_HARMLESS_METHODS = ("GET", "HEAD")
_bearer = HTTPBearer(auto_error=False, description="a token of `portalwatch token create`")


class Gate:
    """Lets a request through that has a right. On loopback operators need no token unless the settings say so."""

    def __init__(self, tokens: AccessTokens, clock: Clock, *, operators_need_token: bool) -> None:
        self._tokens = tokens
        self._clock = clock
        self.operators_need_token = operators_need_token

    async def is_operator(self, request: Request, token: str | None) -> bool:
        """Whether whoever sends this form has the right of operators, by the token in it or as in any request."""
        if token:
            return await self.right_of(token) is Right.OPERATOR
        return await self.allows(request, Right.OPERATOR)

    def requires(self, right: Right) -> Callable[..., Awaitable[None]]:
        """The dependency of a route. Raises 401 without a valid token, 403 with one of another right, 503
        while tokens can't be looked up.

        The token comes in the header, or in the cookie of the log-in page; with the cookie, other sites can't act.
        """

        async def check(
            request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
        ) -> None:
            await self._admit(request, right, None if credentials is None else credentials.credentials)

        return check

    async def allows(self, request: Request, right: Right) -> bool:
        """Whether a request has that right too: for a page that shows more to whoever has it."""
        scheme, token = get_authorization_scheme_param(request.headers.get("authorization"))
        try:
            await self._admit(request, right, token if scheme.lower() == "bearer" else None)
        except HTTPException:
            return False
        return True

    async def right_of(self, token: str) -> Right | None:
        """What a token gives, None for one that is not valid."""
        return await self._tokens.right_of(token, self._clock.now())

    async def _admit(self, request: Request, right: Right, token: str | None) -> None:
        if right is Right.PUBLIC_VIEW:
            return
        if right is Right.OPERATOR and not self.operators_need_token:
            _refuse_other_names(request)
            refuse_other_sites(request)
            return
        if token is None and (token := request.cookies.get(COOKIE)) is not None:
            refuse_other_sites(request)
        if token is None:
            raise HTTPException(401, "this needs a token", {"WWW-Authenticate": "Bearer"})
        try:
            found = await self.right_of(token)
        except STORE_IS_AWAY as error:
            raise HTTPException(503, "the store can't be reached, so no token can be looked up; try again") from error
        if found is None:
            raise HTTPException(401, "this token is not valid", {"WWW-Authenticate": "Bearer"})
        if found is not right:
            raise HTTPException(403, f"this needs the right {right}, the token has {found}")


def refuse_other_sites(request: Request) -> None:
    """A page of another site must not make a browser act for it. Raises 403.

    Browsers say where a request comes from; over plain HTTP some only name the origin. Whoever says neither is no
    browser, and has no cookie that it did not put there itself.
    """
    if request.method in _HARMLESS_METHODS:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        is_ours = site in ("same-origin", "none")
    else:
        is_ours = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not is_ours:
        raise HTTPException(403, "requests from other sites are refused")


def _refuse_other_names(request: Request) -> None:
    """Without a token, another site must not come by a name of its own that it lets point to this machine."""
    if request.url.hostname not in _LOOPBACK:
        raise HTTPException(403, "without a token, operators come by a loopback address")
