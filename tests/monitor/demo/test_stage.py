"""The demo's own parts, put together as anybody would put theirs."""

import os
import subprocess
import sys
from pathlib import Path

from monitor.demo.stage import stage
from tests.monitor.demo.deployed_portal import migrate_quietly, value


def test_the_demo_watches_as_a_role_of_its_own(tmp_path: Path) -> None:
    """What it configures passes `config check`, which asks the server; tables that the migration makes are read too."""
    with stage(tmp_path) as scene:
        scene.configure("phase-2", migrated=True)
        migrate_quietly(scene.portal_dsn)
        check = subprocess.run(
            [sys.executable, "-m", "monitor", "config", "check", "--config", scene.configuration_path],
            env={**os.environ, **scene.environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (check.returncode, check.stderr) == (0, "")
        assert value(scene.watched_dsn, "SELECT session_user || ' ' || count(*) FROM migration_log") == (
            "portalwatch_probe 6"
        )
