"""PostgreSQL for a laptop, the demo and the tests: found, started, watched and stopped by us."""

from monitor.embedded.binaries import PostgresBinaries, find_binaries, installed_binaries
from monitor.embedded.errors import (
    BinariesNotFoundError,
    DirectoryInUseError,
    DirectoryUnusableError,
    EmbeddedServerError,
    OutOfSpaceError,
)
from monitor.embedded.server import EmbeddedServer

__all__ = [
    "BinariesNotFoundError",
    "DirectoryInUseError",
    "DirectoryUnusableError",
    "EmbeddedServer",
    "EmbeddedServerError",
    "OutOfSpaceError",
    "PostgresBinaries",
    "find_binaries",
    "installed_binaries",
]
