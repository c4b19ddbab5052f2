"""Failed sign-ins, counted in the database: all replicas count together."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from services.dispatch.models import SignInFailures
from services.dispatch.rules.sign_in_throttle import (
    FORGOTTEN_AFTER,
    Counter,
    Failures,
    after_failure,
    after_success,
    wait_before_next,
)
from shared.db import Session

_PRUNED_AT_ONCE = 500


class TooManyFailures(Exception):
    def __init__(self, wait: timedelta) -> None:
        super().__init__()
        self.wait = wait


async def count_attempt(session: Session, counters: Iterable[Counter], now: datetime) -> None:
    """Count it as failed before it is checked, so that guesses made at once are counted as well.

    Raises TooManyFailures, and counts nothing, where the next attempt has to wait.
    """
    rows = await _locked(session, counters, now)
    wait = max(wait_before_next(counter, _failures(row), now) for counter, row in rows.items())
    if wait:
        raise TooManyFailures(wait)
    for row in rows.values():
        _set(row, after_failure(_failures(row), now))


async def count_success(session: Session, counters: Iterable[Counter], now: datetime) -> None:
    rows = await _locked(session, counters, now)
    for counter, row in rows.items():
        _set(row, after_success(counter, _failures(row)))
    await _prune(session, now)


async def _locked(
    session: Session, counters: Iterable[Counter], now: datetime
) -> Mapping[Counter, SignInFailures]:
    """One row for each, locked in the order of their digests, so that nobody deadlocks."""
    by_digest = {_digest(counter): counter for counter in counters}
    rows = [{"counter": each, "count": 0, "last_at": now} for each in sorted(by_digest)]
    await session.execute(insert(SignInFailures).values(rows).on_conflict_do_nothing())
    found = await session.exec(
        select(SignInFailures)
        .where(col(SignInFailures.counter).in_(by_digest))
        .order_by(col(SignInFailures.counter))
        .with_for_update()
    )
    return {by_digest[row.counter]: row for row in found}


async def _prune(session: Session, now: datetime) -> None:
    forgotten = (
        select(col(SignInFailures.counter))
        .where(col(SignInFailures.last_at) < now - FORGOTTEN_AFTER)
        .order_by(col(SignInFailures.last_at))
        .limit(_PRUNED_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    await session.execute(delete(SignInFailures).where(col(SignInFailures.counter).in_(forgotten)))


def _digest(counter: Counter) -> str:
    return hashlib.sha256(f"{counter.kind} {counter.value}".encode()).hexdigest()


def _failures(row: SignInFailures) -> Failures:
    return Failures(row.count, row.last_at)


def _set(row: SignInFailures, failures: Failures) -> None:
    row.count, row.last_at = failures.count, failures.last_at
