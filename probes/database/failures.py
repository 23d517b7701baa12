"""What the driver's errors mean to a probe."""

import socket
import ssl

import asyncpg
from asyncpg.exceptions import ClientConfigurationError

from baselines.measurement import Reason
from probes.database.connection import POOLER
from probes.errors import ProbeFailed

# All that the driver raises. TimeoutError, gaierror and SSLError are OSErrors.
DRIVER_ERRORS = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)

# The first that fits decides: the driver's classes nest as Python's do.
_REASONS: tuple[tuple[type[BaseException], Reason], ...] = (
    (TimeoutError, Reason.CONNECT_TIMEOUT),
    (socket.gaierror, Reason.DNS),
    (ssl.SSLError, Reason.TLS),
    (OSError, Reason.REFUSED),
    (asyncpg.LockNotAvailableError, Reason.LOCK_TIMEOUT),
    (asyncpg.QueryCanceledError, Reason.CANCELLED),
    (asyncpg.CannotConnectNowError, Reason.REFUSED),
    (asyncpg.TooManyConnectionsError, Reason.TOO_MANY_CONNECTIONS),
    (asyncpg.InsufficientPrivilegeError, Reason.PERMISSION),
    (asyncpg.InvalidAuthorizationSpecificationError, Reason.PERMISSION),
    (asyncpg.ReadOnlySQLTransactionError, Reason.PERMISSION),
    (asyncpg.OperatorInterventionError, Reason.CANCELLED),
    (asyncpg.InternalClientError, Reason.PROTOCOL),
    (ClientConfigurationError, Reason.INTERNAL),
)


def failure_of(error: BaseException, *, connection_lost: bool) -> ProbeFailed:
    """The failure that one of DRIVER_ERRORS means, in a sentence without values of ours or of the tables'."""
    if isinstance(error, asyncpg.ProtocolViolationError) and "startup parameter" in str(error):
        return ProbeFailed(Reason.PROTOCOL, POOLER)
    if connection_lost:
        return ProbeFailed(Reason.CANCELLED, f"the connection was lost: {_sentence(error)}")
    reason = next((reason for kind, reason in _REASONS if isinstance(error, kind)), Reason.SQL_ERROR)
    return ProbeFailed(reason, _sentence(error))


def _sentence(error: BaseException) -> str:
    """The error's own first sentence; detail and hint may quote a row."""
    if isinstance(error, ClientConfigurationError):
        return "the driver does not understand the database's URL"  # its own text may quote it
    text = str(error.args[0]) if isinstance(error, asyncpg.PostgresError) else str(error)
    if isinstance(error, asyncpg.DataError | asyncpg.InterfaceError):
        text = text.partition(": ")[0]  # what follows quotes an argument
    return text or type(error).__name__
