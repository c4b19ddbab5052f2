"""Is this the person they say they are? Passwords as Argon2id; guessing is slowed down by name."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.ext.asyncio import AsyncSession

from services.dispatch.models import Staff
from shared.auth.permissions import Role
from shared.auth.tokens import Person

FAILURES_BEFORE_WAITING = 5
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
_NAMES_REMEMBERED = 10_000

_hasher = PasswordHasher()  # RFC 9106's low-memory profile: 64 MiB, three passes
_checking = asyncio.Semaphore(2)
"""64 MiB each: more at once would let strangers fill the memory."""


class WrongNameOrPassword(Exception):
    """Which of the two is nobody's business."""


class TooManyFailures(Exception):
    def __init__(self, wait: timedelta) -> None:
        super().__init__()
        self.wait = wait


@dataclass(slots=True)
class _Failures:
    count: int
    last: datetime


@dataclass(slots=True)
class Throttle:
    """Failed sign-ins by name, known or not: after five each further one doubles the wait.

    Every replica counts for itself, in memory, the ten thousand names that failed last.
    """

    _by_name: OrderedDict[str, _Failures] = field(default_factory=OrderedDict)

    def wait(self, name: str, now: datetime) -> timedelta:
        failures = self._by_name.get(name)
        if failures is None or failures.count < FAILURES_BEFORE_WAITING:
            return timedelta(0)
        doublings = min(failures.count - FAILURES_BEFORE_WAITING, 10)
        wait = min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)
        return max(failures.last + wait - now, timedelta(0))

    def failed(self, name: str, now: datetime) -> None:
        failures = self._by_name.setdefault(name, _Failures(0, now))
        failures.count, failures.last = failures.count + 1, now
        self._by_name.move_to_end(name)
        if len(self._by_name) > _NAMES_REMEMBERED:
            self._by_name.popitem(last=False)

    def succeeded(self, name: str) -> None:
        self._by_name.pop(name, None)


async def check_password(
    session: AsyncSession, throttle: Throttle, name: str, password: str, now: datetime
) -> Person:
    """Raises WrongNameOrPassword, TooManyFailures."""
    if wait := throttle.wait(name, now):
        raise TooManyFailures(wait)
    throttle.failed(name, now)  # counted before the check, so that guesses at once count too
    staff = await session.get(Staff, name)
    usable = staff is not None and staff.active and staff.password_hash is not None
    # An unknown name takes as long as a known one.
    wanted = staff.password_hash if staff and usable and staff.password_hash else _nobodys_hash()
    async with _checking:
        matches = await asyncio.to_thread(_matches, wanted, password)
    if staff is None or not usable or not matches:
        raise WrongNameOrPassword
    throttle.succeeded(name)
    return person_of(staff)


def person_of(staff: Staff) -> Person:
    return Person(staff.sign_in_name, Role(staff.role), staff.county, staff.crew_id)


def _matches(wanted: str, password: str) -> bool:
    try:
        return _hasher.verify(wanted, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return _hasher.hash("nobody")
