"""What a person is told, in one line, where a command cannot do what they asked."""

from collections.abc import Sequence

from asyncpg import PostgresError
from pydantic import ValidationError
from pydantic_settings import SettingsError
from sqlalchemy.exc import ArgumentError, DBAPIError

from services.reply.yaml_file import FileInvalid
from shared.bus.transient_errors import is_transient
from shared.postgres_programs import PostgresUnavailable
from waterdesk.installation import MisconfiguredError
from waterdesk.kept_secrets import SecretsLost
from waterdesk.runner import PortTakenError
from waterdesk.simulators.journal import JournalDamaged, JournalInUse

_FOR_THE_CALLER = (
    MisconfiguredError,
    PostgresUnavailable,
    SecretsLost,
    FileInvalid,
    SettingsError,
    JournalDamaged,
    JournalInUse,
    PortTakenError,
)
_FOLLOWS_FROM_ANOTHER = "default_factory_not_called"
"""Pydantic's word for a default that depends on a setting that is wrong."""
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_NOT_LET_IN = "28"
_NO_SUCH_DATABASE = "3D000"
_NO_SUCH_TABLE = "42P01"


def refusal(error: BaseException) -> str | None:
    """The line for an error that whoever called the command can put right; None: our own fault.

    Never holds a setting's value: it may be a secret.
    """
    if isinstance(error, BaseExceptionGroup):
        return _of_all(error.exceptions)
    if isinstance(error, ValidationError) and error.title.endswith("Settings"):
        faults = [fault for fault in error.errors() if fault["type"] != _FOLLOWS_FROM_ANOTHER]
        return "; ".join(_setting(fault["loc"], fault["msg"]) for fault in faults)
    if isinstance(error, ArgumentError):
        return "设置有误 wrong setting: WATERDESK_DATABASE_URL: 不是数据库地址 not a database's URL"
    if isinstance(error, _FOR_THE_CALLER):
        return _one_line(str(error))
    if isinstance(error, DBAPIError | PostgresError):
        return _of_database(error)
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    if is_transient(error):
        return f"连不上 cannot go on: {_one_line(str(error)) or type(error).__name__}"
    return None


def _of_all(errors: Sequence[BaseException]) -> str | None:
    """Tasks that fell together: the first of their lines, if there is one for each."""
    lines = [refusal(error) for error in errors]
    return lines[0] if all(lines) else None


def _setting(field: tuple[int | str, ...], fault: str) -> str:
    fault = fault.removeprefix("Value error, ")
    named = f"WATERDESK_{str(field[0]).upper()}: {fault}" if field else fault
    return f"设置有误 wrong setting: {named}"


def _of_database(error: DBAPIError | PostgresError) -> str | None:
    told = error.orig if isinstance(error, DBAPIError) else error
    code = str(getattr(told, "sqlstate", ""))
    line = _one_line(str(told).rpartition("'>: ")[2])
    if code in (_NO_SUCH_DATABASE, _NO_SUCH_TABLE):
        return f"数据库尚未准备 {line}; run `waterdesk migrate` first"
    if code.startswith(_NOT_LET_IN) or is_transient(error):
        return f"PostgreSQL: {line}"
    return None


def _one_line(message: str) -> str:
    return " ".join(message.split())
