"""The page probe in a real Chromium: what it reports, whom it trusts, and what it leaves behind."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from baselines.measurement import Measurement, Outcome, Reason
from probes import ProbeSet
from probes.pages import chromium
from probes.pages.figures import PageFigures
from tests.probes.watched import Watched, watched, with_probes

pytestmark = pytest.mark.xdist_group("chromium")

HEAD = b"<!doctype html><meta charset=utf-8><title>x</title>"
# A long task 200 ms after the first paint, whenever that is, and a shift that nobody caused.
LIVELY = (
    HEAD
    + b"""<div id=top></div><p style='font-size:40px'>A text that is seen</p><script>
new PerformanceObserver((paints) => {
  if (paints.getEntriesByName('first-contentful-paint').length) setTimeout(() => {
    document.getElementById('top').style.height = '300px';
    const end = performance.now() + 250; while (performance.now() < end) { /* busy */ }
  }, 200);
}).observe({type: 'paint', buffered: true});
</script>"""
)
BUSY = (
    HEAD
    + b"""<p>busy</p><script>
setInterval(() => { const end = performance.now() + 70; while (performance.now() < end) { /* busy */ } }, 90)
</script>"""
)


@pytest.fixture(autouse=True)
def _browser() -> None:
    if (what := chromium.missing(None)) is not None:
        if os.environ.get("CI") == "true":
            pytest.fail(what)
        pytest.skip(what)


class Pages:
    """Answers by path with what a test has laid there; `asked` has path and headers of each request."""

    def __init__(self, pages: dict[str, bytes]) -> None:
        self.pages = pages
        self.asked: list[tuple[str, dict[str, str]]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            path = head[0].split(" ")[1]
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            self.asked.append((path, headers))
            body = self.pages.get(path)
            if body is not None and body.startswith(b"-> "):
                writer.write(b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n" % body[3:])
            else:
                status = b"404 Not Found" if body is None else b"200 OK"
                kind = b"HTTP/1.1 %s\r\nContent-Type: text/html\r\nContent-Length: %d\r\n" % (status, len(body or b""))
                writer.write(kind)
            writer.write(b"Connection: close\r\n\r\n" + (b"" if body is None or body.startswith(b"-> ") else body))
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(pages: Pages) -> AsyncIterator[str]:
    """The URL of a server with those pages."""
    server = await asyncio.start_server(pages.serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


def page(url: str, path: str = "/", target: dict[str, Any] | None = None, **changes: Any) -> Watched:
    """One page probe of that page."""
    return watched(
        {"portal": {"kind": "http", "url": url, **(target or {})}},
        {"front": {"kind": "page", "target": "portal", "path": path, "quiet": "500ms", **changes}},
    )


async def looked(one: Watched, times: int = 1) -> list[dict[str, Measurement]]:
    """The measurements of so many runs in one browser, by the name of the metric."""

    async def use(probes: ProbeSet) -> list[dict[str, Measurement]]:
        runs = [await probes.run("front", datetime.now(UTC)) for _ in range(times)]
        return [{one.series.split(".")[1]: one for one in run} for run in runs]

    return await with_probes(one, use)


def look_at(pages: Pages, make: Callable[[str], Watched], times: int = 1) -> list[dict[str, Measurement]]:
    """The same, against a server with those pages."""

    async def main() -> list[dict[str, Measurement]]:
        async with serving(pages) as url:
            return await looked(make(url), times)

    return asyncio.run(main())


def _is_main(process: psutil.Process) -> bool:
    """Whether it is a browser itself, and none of its helpers."""
    words = process.cmdline()
    return "--remote-debugging-pipe" in words and not any(one.startswith("--type=") for one in words)


def browsers() -> list[psutil.Process]:
    """What runs below this test of a browser and its driver."""
    return [one for one in psutil.Process().children(recursive=True) if one.status() != psutil.STATUS_ZOMBIE]


def test_a_lively_page_is_reported_in_six_figures() -> None:
    """Paint before the long task, interactive at its end, the shift counted; limits know the series by their names."""
    pages = Pages({"/": LIVELY})
    first, second = look_at(pages, page, times=2)
    for run in (first, second):
        assert {one.outcome for one in run.values()} == {Outcome.OK}
        value = {name: one.value or 0.0 for name, one in run.items()}
        assert 0 < value["time_to_first_byte"] <= value["first_contentful_paint"] <= value["largest_contentful_paint"]
        assert value["time_to_interactive"] >= value["first_contentful_paint"] + 0.4
        assert 0.01 < value["cumulative_layout_shift"] < 1
        assert value["page_load_time"] > 0
    names = sorted(one.series for one in first.values())
    assert names[0] == "frontend_performance.cumulative_layout_shift.front"
    assert {"web_vitals.largest_contentful_paint.front", "web_vitals.time_to_first_byte.front"} < set(names)
    assert [headers["x-correlation-id"] for path, headers in pages.asked if path == "/"] == [
        run["page_load_time"].correlation_id for run in (first, second)
    ]


def test_the_browser_is_kept_between_runs_and_gone_afterwards() -> None:
    """The second run finds the browser of the first; with the set nothing of it is left."""
    seen: list[set[int]] = []
    pages = Pages({"/": HEAD + b"<p>x</p>"})

    async def main() -> None:
        async with serving(pages) as url:

            async def use(probes: ProbeSet) -> None:
                for _ in range(2):
                    await probes.run("front", datetime.now(UTC))
                    seen.append({one.pid for one in browsers() if _is_main(one)})

            await with_probes(page(url), use)

    before = {one.pid for one in browsers()}
    asyncio.run(main())
    assert seen[0] - before
    assert seen[0] == seen[1]
    _, alive = psutil.wait_procs([one for one in browsers() if one.pid not in before], timeout=20)
    assert not alive


def test_credentials_go_to_the_own_origin_and_to_no_other() -> None:
    """Neither a picture from elsewhere nor a redirect to elsewhere carries them; the page itself does."""
    elsewhere = Pages({"/pixel": b"", "/landing": HEAD + b"<p>landed</p>"})
    own = Pages({})

    async def main() -> None:
        async with serving(elsewhere) as other, serving(own) as url:
            own.pages["/"] = HEAD + f"<p>x</p><img src='{other}/pixel'>".encode()
            own.pages["/away"] = f"-> {other}/landing".encode()
            target = {"bearer": "a-secret-token", "headers": {"X-Key": "another-secret"}}
            await looked(page(url, target=target))
            await looked(page(url, "/away", target=target))

    asyncio.run(main())
    assert own.asked[0][1]["authorization"] == "Bearer a-secret-token"
    assert {path for path, _ in elsewhere.asked} >= {"/pixel", "/landing"}
    for _, headers in elsewhere.asked:
        assert "secret" not in " ".join(headers.values())
        assert "x-correlation-id" not in headers


def test_a_page_that_never_rests_is_not_interactive_in_time() -> None:
    """Its other figures are there; the time to interactive is at least what was waited."""
    (run,) = look_at(Pages({"/": BUSY}), lambda url: page(url, timeout="20s", every="60s"))
    assert run["first_contentful_paint"].outcome is Outcome.OK
    assert (run["time_to_interactive"].outcome, run["time_to_interactive"].reason) == (Outcome.TIMEOUT, Reason.DEADLINE)


@pytest.mark.parametrize(
    ("path", "changes", "reason"),
    [("/none", {}, Reason.STATUS), ("/", {"contains": "Clients"}, Reason.ASSERTION)],
)
def test_a_wrong_page_is_a_failure(path: str, changes: dict[str, Any], reason: Reason) -> None:
    """Another status than 2xx, or a page without what must be seen on it."""
    (run,) = look_at(Pages({"/": HEAD + b"<p>x</p>"}), lambda url: page(url, path, **changes))
    assert {one.reason for one in run.values()} == {reason}


def test_a_missing_browser_is_a_sentence_and_a_failed_measurement(tmp_path: Path) -> None:
    """Said at `config check` and in the detail of each run; no traceback."""
    one = page("http://127.0.0.1:1", browser=str(tmp_path / "chromium"))
    told = one.probes["front"].obstacle()
    assert told is not None
    assert "apt-get install chromium" in told
    (run,) = look_at(Pages({}), lambda url: page(url, browser=str(tmp_path / "chromium")))
    assert {(one.outcome, one.reason) for one in run.values()} == {(Outcome.ERROR, Reason.INTERNAL)}
    assert "there is none at" in run["page_load_time"].detail


def test_interactive_is_after_the_last_long_task_and_never_before_the_paint() -> None:
    """By the definition in the docs, on figures made up for it."""

    def figures(paint: float | None, ready: float, *tasks: tuple[float, float]) -> PageFigures:
        return PageFigures(
            first_contentful_paint=paint,
            largest_contentful_paint=paint,
            cumulative_layout_shift=0,
            time_to_first_byte=0.1,
            page_load_time=1,
            content_loaded=ready,
            tasks=tasks,
            quiet=True,
        )

    assert figures(1.0, 0.5).time_to_interactive == 1.0
    assert figures(1.0, 1.2).time_to_interactive == 1.2
    assert figures(1.0, 0.5, (0.2, 0.9)).time_to_interactive == 1.0
    assert figures(1.0, 0.5, (0.2, 0.9), (1.5, 1.6), (2.0, 2.4)).time_to_interactive == 2.4
    assert figures(None, 0.5).reading("first_contentful_paint").reason is Reason.ASSERTION
