"""A token given once, kept by the browser: links can't send one along."""

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from monitor.access import Right
from monitor.pipeline import STORE_IS_AWAY
from monitor.web.forms import fields_of, path_of
from monitor.web.rights import COOKIE, refuse_other_sites
from monitor.web.site import Site

# A working day; the token itself may end sooner, and is looked up with every request.
_LASTS_SECONDS = 12 * 3600


def add_login(app: FastAPI, site: Site) -> None:
    """`/login` and `/logout`."""

    @app.get("/login", include_in_schema=False, response_class=HTMLResponse)
    async def show_login(request: Request) -> HTMLResponse:
        return await _form(site, request, request.query_params.get("next", "/"))

    @app.post("/login", include_in_schema=False)
    async def log_in(request: Request) -> Response:
        refuse_other_sites(request)
        fields = await fields_of(request)
        token, following = fields.get("token", "").strip(), fields.get("next", "/")
        try:
            right = await site.gate.right_of(token)
        except STORE_IS_AWAY:
            return await _form(
                site, request, following, "The store can't be reached, so no token can be looked up.", 503
            )
        if right is not Right.OPERATOR:
            why = "This token is not valid: unknown, ended or revoked."
            if right is not None:
                why = f"This token has the right {right}; operators' pages need the right operator."
            return await _form(site, request, following, why, 403)
        answer = RedirectResponse(path_of(following), 303)
        answer.set_cookie(
            COOKIE, token, max_age=_LASTS_SECONDS, httponly=True, samesite="strict", secure=_is_https(request, site)
        )
        return answer

    @app.post("/logout", include_in_schema=False)
    async def log_out(request: Request) -> Response:
        refuse_other_sites(request)
        answer = RedirectResponse("/", 303)
        answer.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=_is_https(request, site))
        return answer


async def _form(site: Site, request: Request, following: str, problem: str = "", status: int = 200) -> HTMLResponse:
    return await site.answer(
        request, "login.html.j2", title="Log in", status=status, following=path_of(following), problem=problem
    )


def _is_https(request: Request, site: Site) -> bool:
    """Whether the browser talks TLS, to us or to a proxy in front of us that the settings name."""
    public = site.configuration.settings.public_url
    by_proxy = public is not None and public.scheme == "https" and public.host == request.url.hostname
    return by_proxy or request.url.scheme == "https"
