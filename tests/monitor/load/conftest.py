"""The demo portal's database, as the tests of the portal have it."""

from tests.monitor.demo.conftest import portal_database

__all__ = ["portal_database"]
