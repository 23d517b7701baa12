"""Headers that only the own origin may see, whatever a page loads and wherever a redirect leads."""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import httpx

from probes.web.origins import Origins

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page


async def send_to_own_origin(
    context: "BrowserContext", page: "Page", headers: Mapping[str, str], origins: Origins
) -> None:
    """From now on requests of the page to the own origin carry these headers, and no other request does.

    Playwright's own routes would keep them on a redirect to elsewhere (measured with 1.65), so the browser is asked
    directly (Chrome DevTools Protocol, domain Fetch): it stops again before it follows one.
    """
    session = await context.new_cdp_session(page)
    ours = {name.lower(): value for name, value in headers.items()}
    passing: set[asyncio.Task[Any]] = set()

    def stopped(event: dict[str, Any]) -> None:
        request, answer = event["request"], {"requestId": event["requestId"]}
        is_own = origins.is_own(httpx.URL(request["url"]))
        if is_own or "redirectedRequestId" in event:
            kept = {name: value for name, value in request["headers"].items() if name.lower() not in ours}
            sent = {**kept, **(ours if is_own else {})}
            answer["headers"] = [{"name": name, "value": value} for name, value in sent.items()]
        task = asyncio.ensure_future(session.send("Fetch.continueRequest", answer))
        passing.add(task)
        task.add_done_callback(done)

    def done(task: "asyncio.Task[Any]") -> None:
        passing.discard(task)
        if not task.cancelled():
            task.exception()  # the page may be gone by now, and takes its requests along

    session.on("Fetch.requestPaused", stopped)
    await session.send("Fetch.enable", {"patterns": [{"urlPattern": "*"}]})
