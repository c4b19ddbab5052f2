"""Platforms that are asked, page by page, what is new; and messages nobody can read."""

import hashlib
from dataclasses import dataclass, field
from typing import Protocol

from .incoming import Incoming


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One message that could not be read, kept for a person; it does not hold up the others."""

    raw: bytes = field(repr=False)
    why: str
    """Which field, never what stood in it."""
    external_id: str | None
    """The platform's number, where at least that could be read."""

    @property
    def delivery_id(self) -> str:
        """The same for the same bytes: a page read again brings its unreadable messages again."""
        return hashlib.sha256(self.raw).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Page:
    """What one question to a platform brought."""

    incoming: list[Incoming | Unreadable]
    next_cursor: str | None
    """Store it in the transaction that stores `incoming`, and ask with it next time."""
    has_more: bool
    """True: ask again at once; False: ask again at the next tick."""


class PulledSource(Protocol):
    """Every implementation passes tests/contract/test_sources.py."""

    async def fetch(self, cursor: str | None) -> Page:
        """What came after `cursor` (None: from the platform's beginning).

        The same cursor brings at least the same again, so a page whose cursor was not stored is
        not lost. Raises shared.http.PlatformUnavailable, or PlatformRejected where waiting
        alone will not help.
        """
        ...
