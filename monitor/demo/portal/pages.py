"""What the portal shows without a token, and the one page it has: health, log-in page, start page."""

from html import escape
from pathlib import Path
from string import Template

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from monitor.demo.portal.access import user_of
from monitor.demo.portal.clients import groups_page, totals
from monitor.demo.portal.state import Portal, PortalState

router = APIRouter()

_TEMPLATES = Path(__file__).parent / "templates"
# Where a page loads what tells of its visits, if it is told where that is.
_COLLECTOR = "<!-- collector -->"


@router.get("/health")
async def health(portal: Portal) -> dict[str, str]:
    """That the portal and its database answer; 503 where the database does not."""
    await portal.pool.fetchval("SELECT 1")
    return {"status": "ok", "database": "ok"}


@router.get("/", response_class=HTMLResponse)
async def page(request: Request, portal: Portal) -> HTMLResponse:
    """The start page with a token, the log-in page with status 401 without one."""
    if user_of(request, portal) is None:
        return HTMLResponse(_template("log_in.html", portal), 401)
    groups = await groups_page(portal.pool, 1, 10)
    rows = "".join(f"<tr><td>{escape(g['name'])}</td><td>{g['type']}</td><td>{g['products']}</td></tr>" for g in groups)
    template = Template(_template("page.html", portal))
    return HTMLResponse(template.substitute(await totals(portal.pool), rows=rows))


def _template(name: str, portal: PortalState) -> str:
    script = "" if portal.watch_url is None else f'<script src="{escape(portal.watch_url)}/vitals.js" defer></script>'
    return (_TEMPLATES / name).read_text(encoding="utf-8").replace(_COLLECTOR, script)
