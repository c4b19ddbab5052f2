"""W3C Trace Context: one complaint can be followed over all three services.

Source: https://www.w3.org/TR/trace-context/ (version 00). Only passed on; exporting spans is the
deployment's own matter.
"""

import re
import secrets
from contextvars import ContextVar

_TRACEPARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def current_traceparent() -> str:
    """The trace that this work belongs to, a new one where there is none."""
    return _current.get() or f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def continue_trace(traceparent: str | None) -> None:
    """Go on with the caller's trace under a new span; an absent or malformed header starts anew."""
    match = _TRACEPARENT.fullmatch(traceparent or "")
    trace_id = match[1] if match else secrets.token_hex(16)
    _current.set(f"00-{trace_id}-{secrets.token_hex(8)}-01")


def trace_id() -> str | None:
    current = _current.get()
    return current.split("-")[1] if current else None
