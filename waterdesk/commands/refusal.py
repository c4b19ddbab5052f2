"""One line for the caller where a command cannot do what they asked."""

from collections.abc import Sequence

from alembic.util.exc import CommandError
from asyncpg import PostgresError
from pydantic import ValidationError
from pydantic_settings import SettingsError
from sqlalchemy.exc import ArgumentError, DBAPIError

from services.dispatch.county_file import BadCountyFile
from services.intake.gazetteer import BadGazetteer
from services.intake.handlers.keys import KeysMissing
from shared.bus.transient_errors import is_transient
from shared.postgres_programs import PostgresUnavailable
from shared.yaml_file import FileInvalid
from waterdesk.demo.state import DemoStateDamaged
from waterdesk.installation import MisconfiguredError
from waterdesk.kept_secrets import SecretsLost
from waterdesk.runner import PortTakenError
from waterdesk.simulators.journal import JournalDamaged, JournalInUse

_FOR_THE_CALLER = (
    MisconfiguredError,
    PostgresUnavailable,
    SecretsLost,
    FileInvalid,
    BadCountyFile,
    BadGazetteer,
    DemoStateDamaged,
    KeysMissing,
    SettingsError,
    JournalDamaged,
    JournalInUse,
    PortTakenError,
)
_FOLLOWS_FROM_ANOTHER = "default_factory_not_called"
"""Pydantic's error type for a default that depends on a wrong setting."""
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_INVALID_AUTHORIZATION = "28"
_NO_SUCH_DATABASE = "3D000"
_NO_SUCH_TABLE = "42P01"


def refusal(error: BaseException) -> str | None:
    """The line for an error that the caller can correct; None: an error of ours.

    Never contains a setting's value: it may be a secret.
    """
    if isinstance(error, BaseExceptionGroup):
        return _of_all(error.exceptions)
    if isinstance(error, ValidationError) and error.title.endswith("Settings"):
        errors = [one for one in error.errors() if one["type"] != _FOLLOWS_FROM_ANOTHER]
        return "; ".join(_setting(one["loc"], one["msg"]) for one in errors)
    if isinstance(error, ArgumentError):
        return "设置有误 wrong setting: WATERDESK_DATABASE_URL: 不是数据库地址 not a database's URL"
    if isinstance(error, _FOR_THE_CALLER):
        return _one_line(str(error))
    if isinstance(error, CommandError) and "revision" in str(error):
        return f"数据属于另一版本 the data are of another version of Waterdesk: {error}"
    if isinstance(error, DBAPIError | PostgresError):
        return _of_database(error)
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    if is_transient(error):
        return f"连不上 cannot go on: {_one_line(str(error)) or type(error).__name__}"
    return None


def _of_all(errors: Sequence[BaseException]) -> str | None:
    """Tasks that failed together: the first line, if each has one."""
    lines = [refusal(error) for error in errors]
    return lines[0] if all(lines) else None


def _setting(field: tuple[int | str, ...], message: str) -> str:
    message = message.removeprefix("Value error, ")
    named = f"WATERDESK_{str(field[0]).upper()}: {message}" if field else message
    return f"设置有误 wrong setting: {named}"


def _of_database(error: DBAPIError | PostgresError) -> str | None:
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = str(getattr(cause, "sqlstate", ""))
    line = _one_line(str(cause).rpartition("'>: ")[2])
    if code in (_NO_SUCH_DATABASE, _NO_SUCH_TABLE):
        return f"数据库尚未准备 {line}; run `waterdesk migrate` first"
    if code.startswith(_INVALID_AUTHORIZATION) or is_transient(error):
        return f"PostgreSQL: {line}"
    return None


def _one_line(message: str) -> str:
    return " ".join(message.split())
