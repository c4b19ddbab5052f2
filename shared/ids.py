"""Identifiers: time first, so that B-trees grow at one end; then chance, so that nobody guesses."""

import secrets
from datetime import datetime


def new_id(prefix: str, now: datetime) -> str:
    """`prefix` + 12 hex digits of milliseconds since 1970 + 16 random hex digits."""
    return f"{prefix}{int(now.timestamp() * 1000):012x}{secrets.token_hex(8)}"
