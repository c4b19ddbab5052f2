"""Which errors pass by themselves. Everything else will fail the same way next time."""

from asyncpg import InterfaceError as DriverError
from asyncpg import PostgresConnectionError, PostgresError
from httpx import TransportError
from sqlalchemy.exc import DBAPIError, InterfaceError

from shared.bus.protocol import BusUnavailable

# SQLSTATE classes and codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
_PASSING_CLASSES = ("08", "53", "57", "58")
"""Connection, insufficient resources (disk full, too many clients), operator, system."""
_PASSING_CODES = ("40001", "40P01", "55P03", "25006")
"""Serialisation failure, deadlock, lock not available, a server that just became a standby."""


class TransientError(Exception):
    """Something a handler depends on is away: stop, wait, try the same again."""


def is_transient(error: BaseException) -> bool:
    """Whether waiting may help. Follows the error to the driver's own."""
    if isinstance(error, TransientError | BusUnavailable | TransportError | OSError | TimeoutError):
        return True
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return True
        if isinstance(error, InterfaceError) and error.orig is not None:
            return "connection" in str(error.orig).lower()
        code = getattr(error.orig, "sqlstate", None)
        return isinstance(code, str) and _code_passes(code)
    if isinstance(error, PostgresConnectionError):
        return True
    if isinstance(error, DriverError):
        return "connection" in str(error).lower()
    return isinstance(error, PostgresError) and _code_passes(error.sqlstate or "")


def _code_passes(code: str) -> bool:
    return code.startswith(_PASSING_CLASSES) or code in _PASSING_CODES
