"""Fixtures of deployments: real deliveries, and the demo portal's database."""

from tests.alerts.conftest import apprise_plugins
from tests.monitor.demo.conftest import portal_database
from tests.probes.deployment.conftest import probe_role

__all__ = ["apprise_plugins", "portal_database", "probe_role"]
