"""`make pictures`: every page and the demo's report as the documentation shows them, in docs/pictures."""

import asyncio
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from alerts.alert import alert_id
from monitor.database import migrate
from monitor.embedded import EmbeddedServer
from tests.pages.browser import NO_CHROMIUM, PHONE, WIDE, chromium_is_there, looking, started
from tests.pages.scenes import PORTAL
from tests.pages.shown import shown

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
REPORT = Path("build") / "demo" / "report.html"
# A repository is no photo album.
MOST_BYTES = 250_000
_TALLEST = 1500
ALERT = f"/alerts/{alert_id('database_queries.portfolio_valuation_aggregation:baseline', '')}"
SLOW = "/series/database_queries.portfolio_valuation_aggregation"


@dataclass(frozen=True, slots=True)
class Picture:
    """One file: what it shows, and how."""

    name: str
    path: str
    width: int = WIDE
    dark: bool = False
    tallest: int = _TALLEST


PICTURES = (
    Picture("status", "/"),
    Picture("status-phone", "/", PHONE, dark=True, tallest=1100),
    Picture("series", SLOW),
    Picture("series-failures", "/series/api_endpoints.information_items_crud?window=hour", dark=True),
    Picture("alerts", "/alerts"),
    Picture("alert", ALERT),
    Picture("alert-phone", ALERT, PHONE, dark=True, tallest=1100),
    Picture("baselines", "/baselines"),
    Picture("baseline", "/baselines/before-v42"),
    Picture("comparison", "/compare?before=before-v42&after=after-v42", tallest=1300),
    Picture("comparison-phone", "/compare?before=before-v42&after=after-v42", PHONE, tallest=1100),
    Picture("deployment", "/deployment", tallest=1500),
    Picture("deployment-phone", "/deployment", PHONE, dark=True, tallest=880),
    Picture("checks", "/checks"),
    Picture("checks-phone", "/checks", PHONE, dark=True, tallest=1100),
    Picture("errors", "/errors"),
    Picture("errors-phone", "/errors", PHONE, dark=True, tallest=1100),
    Picture("vitals", "/vitals"),
    Picture("vitals-phone", "/vitals", PHONE, dark=True, tallest=1100),
    Picture("runbook", "/runbooks/database_performance"),
    Picture("runbooks", "/runbooks"),
    Picture("system", "/system"),
    Picture("login", "/login?next=/system"),
)


def main() -> int:
    """Make them all; 1 where one of them is larger than it may be."""
    if not chromium_is_there():
        print(NO_CHROMIUM, file=sys.stderr)
        return 4
    if not REPORT.exists():
        print(f"there is no {REPORT}; `make demo` writes it", file=sys.stderr)
        return 4
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="portalwatch-pictures-") as folder:
        directory = Path(folder)
        directory.chmod(0o755)
        with EmbeddedServer.start(directory / "server", durable=False) as server:
            store = server.dsn("postgres")
            asyncio.run(migrate(store))
            with shown(PORTAL, store, directory) as served:
                _take([(one, served.url + one.path) for one in PICTURES])
    _take([(Picture("report", "", tallest=900), REPORT.resolve().as_uri())])
    too_large = [one.name for one in sorted(FOLDER.glob("*.png")) if one.stat().st_size >= MOST_BYTES]
    if too_large:
        print(f"larger than {MOST_BYTES} bytes: {', '.join(too_large)}", file=sys.stderr)
    return int(bool(too_large))


def _take(pictures: list[tuple[Picture, str]]) -> None:
    with started() as browser:
        for one, url in pictures:
            with looking(browser, width=one.width, dark=one.dark) as (page, complaints):
                page.goto(url)
                tall = min(page.evaluate("() => document.documentElement.scrollHeight"), one.tallest)
                page.set_viewport_size({"width": one.width, "height": tall})
                path = FOLDER / f"{one.name}.png"
                page.screenshot(path=path)
                assert not complaints
                print(f"{path.relative_to(FOLDER.parents[1])}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    sys.exit(main())
