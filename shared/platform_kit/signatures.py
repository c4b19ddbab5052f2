"""What every signature check of this package raises, and how two signatures are compared."""

import hmac


class BadSignature(Exception):
    """The request was not signed by someone who holds our secret, or was changed on its way."""


class StaleTimestamp(Exception):
    """The signature is right, but too old or too far in the future to be accepted."""


def same_signature(given: str, expected: str) -> bool:
    """Compare in constant time, so that a guesser learns nothing from how long it took."""
    return hmac.compare_digest(given.encode(), expected.encode())
