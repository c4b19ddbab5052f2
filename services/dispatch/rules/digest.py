"""The morning digest: what came in and went out yesterday, and what today asks for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from urllib.parse import urlencode

from shared.clock import SHANGHAI

AT: Final = time(8)
"""When people are told of it unless they choose another time."""
_LATEST = timedelta(hours=4)
"""A digest that could not be sent for so long is no morning's any more."""


@dataclass(frozen=True, slots=True)
class Digest:
    today: date
    received: int
    """Complaints about our supply that came yesterday."""
    answered: int
    """Replies that arrived yesterday."""
    due_today: int
    """Faults, not overdue, with a deadline before the day ends."""
    overdue: int
    """Faults."""
    stuck: int
    """Replies that did not arrive."""
    hotspots: int
    """That nobody has looked at."""
    outages: Sequence[str] | None
    """Platforms that do not answer; None: reply cannot be asked."""

    @property
    def yesterday(self) -> date:
        return self.today - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Line:
    """One number. `key`: its words in the catalogue. `address`: the list of what it counts."""

    key: str
    number: int | None
    address: str


def lines(digest: Digest) -> Sequence[Line]:
    day = digest.yesterday.isoformat()
    received = urlencode({"from": day, "to": day, "figure": "complaints"})
    answered = urlencode({"list": "delivered", "delivered_on": day})
    outages = None if digest.outages is None else len(digest.outages)
    return (
        Line("received", digest.received, f"/report/complaints?{received}"),
        Line("answered", digest.answered, f"/replies?{answered}"),
        Line("due_today", digest.due_today, "/due?due=today"),
        Line("overdue", digest.overdue, "/due?due=overdue"),
        Line("stuck", digest.stuck, "/replies?list=stuck"),
        Line("hotspots", digest.hotspots, "/hotspots?unseen=true"),
        Line("outages", outages, "/replies#platforms"),
    )


def day_begins(day: date) -> datetime:
    """Of the office."""
    return datetime.combine(day, time.min, SHANGHAI)


def is_time(at: time, now: datetime) -> bool:
    """Whether somebody who wants the digest at `at` is told now, once a day."""
    local = now.astimezone(SHANGHAI)
    wanted = datetime.combine(local.date(), at, SHANGHAI)
    return wanted <= local < wanted + _LATEST


def digest_id(county: str, day: date) -> str:
    """Names the digest of a day, so that nobody is told of it twice."""
    return f"digest-{county}-{day.isoformat()}"
