"""Identifiers: time first, so that B-trees grow at one end; then chance, so that nobody guesses."""

import secrets
from datetime import datetime


def new_id(prefix: str, now: datetime) -> str:
    """`prefix` + 12 hex digits of milliseconds since 1970 + 16 random hex digits."""
    (made,) = new_ids(prefix, now, 1)
    return made


def new_ids(prefix: str, now: datetime, count: int) -> list[str]:
    """`count` of them, for one draw of chance."""
    milliseconds = first_id(prefix, now)
    chance = secrets.token_hex(8 * count)
    return [milliseconds + chance[start : start + 16] for start in range(0, len(chance), 16)]


def first_id(prefix: str, at: datetime) -> str:
    """No id that was made at `at` or later is less than this."""
    return f"{prefix}{int(at.timestamp() * 1000):012x}"
