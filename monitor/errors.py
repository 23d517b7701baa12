"""What can go wrong before or while a command runs, with the exit code it ends in.

MonitorError
├── RefusedError         1  what was found speaks against it
├── ConfigurationError   2  wrong usage or configuration
├── UndecidedError       3  too little is known for any verdict
└── CannotRunError       4  target, store or server unreachable
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """The same everywhere: scripts rely on them."""

    WELL = 0
    FINDING = 1
    USAGE = 2
    INCONCLUSIVE = 3
    CANNOT_RUN = 4


class MonitorError(Exception):
    """What was wrong, where, and what to do; ends a command with `exit_code`."""

    exit_code = ExitCode.CANNOT_RUN


class RefusedError(MonitorError):
    """What was found speaks against doing it, and nobody forced it."""

    exit_code = ExitCode.FINDING


class ConfigurationError(MonitorError):
    """Wrong usage or configuration."""

    exit_code = ExitCode.USAGE


class UndecidedError(MonitorError):
    """Too little is known for any verdict."""

    exit_code = ExitCode.INCONCLUSIVE


class CannotRunError(MonitorError):
    """A target, the store or a server can't be reached."""
