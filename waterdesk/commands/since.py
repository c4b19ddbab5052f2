"""`--since`: a point in time that a person gives to a command."""

from datetime import UTC, datetime, timedelta

import typer

from shared.clock import SHANGHAI, SystemClock

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


def kept_since(retention_days: int) -> datetime:
    """Events are kept from this moment on."""
    return SystemClock().now() - timedelta(days=retention_days)


def read_kept_since(written: str, retention_days: int) -> datetime:
    """The same, of events to be read or sent again: neither ahead nor before what is kept."""
    at = read_since(written)
    if at < (oldest := kept_since(retention_days)):
        raise typer.BadParameter(
            f"--since: 事件只保留 {retention_days} 天 events are kept for {retention_days} days"
            f" (WATERDESK_RETENTION_DAYS), since {oldest.astimezone(SHANGHAI):%Y-%m-%dT%H:%M%z}"
        )
    if at > SystemClock().now():
        raise typer.BadParameter(f"--since: 时间未到 this time is yet to come: {written!r}")
    return at
