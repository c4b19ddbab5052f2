"""Which errors are transient, and which stop a whole service until somebody mends it.

Every other error belongs to the one event or message that raised it.
"""

from asyncpg import InterfaceError as DriverError
from httpx import TransportError
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from shared.bus.protocol import BusUnavailable

# SQLSTATE classes and codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
_TRANSIENT_CLASSES = ("08", "53", "57", "58")
"""Connection, insufficient resources (disk full, too many clients), operator, system."""
_TRANSIENT_CODES = ("40001", "40P01", "55P03", "25006")
"""Serialisation failure, deadlock, lock not available, a server that just became a standby."""

_CONFLICT_CODES = ("40001", "40P01")
"""PostgreSQL ended one of two transactions so that the other could go on."""

_SYSTEMIC_CLASSES = ("42", "28", "3D", "3F", "0A")
"""Syntax error or access rule violation, authorisation, unknown database, unknown schema, feature
not supported (a statement that was prepared before a migration)."""


class TransientError(Exception):
    """Something a handler depends on is unavailable: stop, wait, try the same again."""


class NotYetKnown(LookupError):
    """For handlers: the event is about something this service does not know yet.

    The event waits, parked, and is handled by itself when an event of `key` has been handled.
    """

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def is_transient(error: BaseException) -> bool:
    """Whether waiting may help. Follows the error to the driver's own."""
    if isinstance(
        error,
        TransientError
        | BusUnavailable
        | TransportError
        | OSError
        | TimeoutError
        | PoolTimeoutError,
    ):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if isinstance(error, InterfaceError | DriverError):  # these have no SQLSTATE
        return "connection" in str(getattr(error, "orig", error)).lower()
    code = _sqlstate(error)
    return code.startswith(_TRANSIENT_CLASSES) or code in _TRANSIENT_CODES


def must_wait(error: BaseException) -> bool:
    """Whether no event is to blame: the same is tried again until it works, and nothing parked."""
    return is_transient(error) or is_systemic(error)


def is_conflict(error: BaseException) -> bool:
    """Whether this transaction was ended for another one's sake (deadlock, serialization failure):
    run again from its beginning, it works."""
    return _sqlstate(error) in _CONFLICT_CODES


def is_systemic(error: BaseException) -> bool:
    """Whether code and database do not fit together: an unknown table or column, a missing right.

    No event is to blame, and none would work: the consumer stops until the schema is mended.
    """
    return _sqlstate(error).startswith(_SYSTEMIC_CLASSES)


def _sqlstate(error: BaseException) -> str:
    """PostgreSQL's code of the driver's error, or "" where there is none."""
    code = getattr(getattr(error, "orig", error), "sqlstate", None)
    return code if isinstance(code, str) else ""
