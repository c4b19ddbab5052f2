"""What every signature check of this package raises, and how two signatures are compared."""

import hmac
from datetime import datetime


class BadSignature(Exception):
    """The request was not signed by someone who holds our secret, or was changed on its way."""


class StaleTimestamp(Exception):
    """Signed too long ago or too far in the future to be accepted: it may be a replay."""


def same_signature(given: str, expected: str) -> bool:
    """Compare in constant time, so that a guesser learns nothing from how long it took."""
    return hmac.compare_digest(given.encode(), expected.encode())


def check_timestamp(timestamp: str, now: datetime, window_seconds: float) -> None:
    """`timestamp`: seconds since 1970, as text. Raises StaleTimestamp where it lies further from
    `now` than the window either way, BadSignature where it is no such number."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise BadSignature("the timestamp is not a number of seconds")
    if abs(now.timestamp() - int(timestamp)) > window_seconds:
        raise StaleTimestamp(f"the timestamp is more than {window_seconds:g} s away")
