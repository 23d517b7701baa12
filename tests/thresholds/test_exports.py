"""What the room shows of itself."""

import subprocess
import sys

import thresholds

DRIVERS = ["asyncpg", "sqlalchemy", "httpx", "fastapi", "apprise", "psutil", "prometheus_client"]


def test_exports() -> None:
    """Every public name is there, once."""
    assert all(hasattr(thresholds, name) for name in thresholds.__all__)
    assert len(thresholds.__all__) == len(set(thresholds.__all__))


def test_importing_needs_no_driver() -> None:
    """The room can be imported, and its data loaded, where no driver is installed."""
    hide = f"import sys; sys.modules.update(dict.fromkeys({DRIVERS!r}))"
    load = "import thresholds; thresholds.load_matrix(); thresholds.load_routing(); thresholds.load_rollback()"
    subprocess.run([sys.executable, "-W", "error", "-c", f"{hide}; {load}"], check=True)
