"""The set for the shipped portalwatch.yml: `python -m tests.dashboards.shipped` (`make dashboards`) writes it anew."""

import re
import shutil
from pathlib import Path

from dashboards import SHIPPED, Inventory, Places, export
from monitor.configuration import load_configuration
from monitor.inventory import inventory, runbook_url

ROOT = Path(__file__).parents[2]
CONFIGURATION = ROOT / "portalwatch.yml"
# Whatever a variable without a default could be: no secret and no address of a target is in a dashboard.
_ANYTHING = "json://127.0.0.1/nothing"
_VALUES = {
    "PORTAL_DATABASE_URL": "postgresql://u@127.0.0.1/portal",
    "WATCH_STORE_URL": "postgresql://u@127.0.0.1/store",
}


def write(directory: Path) -> tuple[list[Path], Inventory]:
    """Exports it below that directory."""
    text = CONFIGURATION.read_text(encoding="utf-8")
    environment = {name: _VALUES.get(name, _ANYTHING) for name in re.findall(r"\$\{(\w+)\}", text)}
    configuration = load_configuration(CONFIGURATION, environment)
    settings = configuration.settings
    watched = inventory(configuration)
    places = Places(
        scrape_target=f"{settings.http.host}:{settings.http.port}", runbook_url=runbook_url(configuration.settings)
    )
    return export(directory, watched, places), watched


if __name__ == "__main__":
    shutil.rmtree(SHIPPED, ignore_errors=True)
    for path in write(SHIPPED)[0]:
        print(path.relative_to(ROOT))
