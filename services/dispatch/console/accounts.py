"""Is this the person they say they are? Signing in, changing a password, resetting one.

Hashing takes a tenth of a second and 64 MiB: no database connection is held meanwhile.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import col, select

from services.dispatch.console.passwords import (
    hash_password,
    is_too_simple,
    one_time_password,
    password_matches,
)
from services.dispatch.console.throttle import count_attempt, count_success
from services.dispatch.models import SignIn, Staff
from services.dispatch.rules.sign_in_throttle import Counter, counters_of
from shared.auth.tokens import Person
from shared.db import Database, Session

LONGEST_SIGN_IN = timedelta(hours=12)
"""One shift."""
LONGEST_IDLE = timedelta(hours=4)
"""A board or crew page that stays open asks for news, so it is not idle."""


class WrongNameOrPassword(Exception):
    """Nobody is told which of the two."""


class PasswordTooSimple(Exception):
    """The new password is too short, the person's name, or the old one."""


class UnknownStaff(Exception):
    """Nobody of this county has this name."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Name and password, and where they were typed."""

    name: str
    password: str = field(repr=False)
    address: str
    device_id: str | None
    """The browser, where this name has signed in on it before."""

    @property
    def counters(self) -> Sequence[Counter]:
        return counters_of(self.name, self.address, self.device_id)


async def sign_in(database: Database, given: Credentials) -> tuple[SignIn, Person]:
    """Raises WrongNameOrPassword, TooManyFailures, TooManySignIns."""
    staff = await _check(database, given)
    async with database.work() as (session, _):
        started = await _start(session, staff, given, database.clock.now())
    return started, staff.person


async def change_password(database: Database, given: Credentials, new: str) -> SignIn:
    """Ends all sign-ins of the person and begins a new one.

    Raises PasswordTooSimple, WrongNameOrPassword, TooManyFailures, TooManySignIns.
    """
    if is_too_simple(new, given.name) or new == given.password:
        raise PasswordTooSimple
    await _check(database, given)
    password_hash = await hash_password(new)
    async with database.work() as (session, _):
        staff = await _locked_staff(session, given.name)
        await _set_password(session, staff, password_hash, one_time=False)
        return await _start(session, staff, given, database.clock.now())


async def reset_password(database: Database, county: str, name: str) -> str:
    """A password that must be changed at the next sign-in; it is kept nowhere but as a hash.

    Raises UnknownStaff.
    """
    password = one_time_password()
    password_hash = await hash_password(password)
    async with database.work() as (session, _):
        staff = await _locked_staff(session, name)
        if staff.county != county or not staff.active:
            raise UnknownStaff
        await _set_password(session, staff, password_hash, one_time=True)
    return password


async def end_sign_in(database: Database, sign_in_id: str) -> None:
    async with database.work() as (session, _):
        await session.execute(delete(SignIn).where(col(SignIn.id) == sign_in_id))


async def _check(database: Database, given: Credentials) -> Staff:
    if not given.name.isprintable():
        raise WrongNameOrPassword
    async with database.work() as (session, _):
        await count_attempt(session, given.counters, database.clock.now())
        staff = await session.get(Staff, given.name)
    usable = staff if staff is not None and staff.active else None
    # An unknown name takes as long as a known one.
    matches = await password_matches(usable.password_hash if usable else None, given.password)
    if usable is None or not matches:
        raise WrongNameOrPassword
    return usable


async def _start(session: Session, staff: Staff, given: Credentials, now: datetime) -> SignIn:
    await count_success(session, given.counters, now)
    await session.execute(
        delete(SignIn).where(
            col(SignIn.sign_in_name) == staff.sign_in_name,
            col(SignIn.signed_in_at) <= now - LONGEST_SIGN_IN,
        )
    )
    started = SignIn(
        id=secrets.token_urlsafe(24),
        sign_in_name=staff.sign_in_name,
        signed_in_at=now,
        last_seen_at=now,
    )
    session.add(started)
    return started


async def _locked_staff(session: Session, name: str) -> Staff:
    found = await session.exec(
        select(Staff).where(col(Staff.sign_in_name) == name).with_for_update()
    )
    staff = found.one_or_none()
    if staff is None:
        raise UnknownStaff
    return staff


async def _set_password(
    session: Session, staff: Staff, password_hash: str, *, one_time: bool
) -> None:
    staff.password_hash, staff.password_is_one_time = password_hash, one_time
    await session.execute(delete(SignIn).where(col(SignIn.sign_in_name) == staff.sign_in_name))
