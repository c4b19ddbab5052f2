"""`--since`: a point in time that a person gives to a command."""

from datetime import UTC, datetime

import typer

from shared.clock import SHANGHAI

_FIRST_YEAR, _LAST_YEAR = 2000, 2100


def read_since(written: str) -> datetime:
    """ISO 8601; Shanghai time without an offset. Raises typer.BadParameter."""
    try:
        at = datetime.fromisoformat(written)
        at = (at if at.tzinfo else at.replace(tzinfo=SHANGHAI)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"--since: 不是时间 not a time such as 2026-11-20T08:00: {written!r}"
        ) from None
    if not _FIRST_YEAR <= at.year < _LAST_YEAR:
        raise typer.BadParameter(
            f"--since: 超出范围 outside the years {_FIRST_YEAR} to {_LAST_YEAR}: {written!r}"
        )
    return at
