"""Somebody takes an alert on: 我来处理."""

from sqlmodel import col, select

from services.dispatch.models import Alert, AlertPerson, Staff
from services.dispatch.rules.alerts import may_take
from shared.auth.permissions import Role
from shared.auth.tokens import Person

from .context import Context


class UnknownAlert(LookupError):
    """No such alert in this person's county."""


class NotTheirs(Exception):
    """It is for people of a higher level."""


class AlertEnded(Exception):
    """Its deadlines are met or moved: there is nothing to take on any more."""


async def take_on(context: Context, person: Person, alert_id: str) -> Alert:
    """`person` has it from now on, instead of whoever had it before. A second click changes
    nothing. Raises UnknownAlert, NotTheirs, AlertEnded."""
    session = context.session
    found = await session.execute(
        select(Alert)
        .where(col(Alert.id) == alert_id, col(Alert.county) == person.county)
        .with_for_update()
    )
    alert: Alert | None = found.scalar_one_or_none()
    if alert is None:
        raise UnknownAlert
    staff = await session.get_one(Staff, person.name)
    was_told = await session.execute(
        select(1)
        .where(col(AlertPerson.alert_id) == alert_id, col(AlertPerson.sign_in_name) == person.name)
        .limit(1)
    )
    if not may_take(
        alert.rank,
        staff.told_at,
        is_admin=person.role is Role.ADMIN,
        is_for_them=was_told.scalar_one_or_none() is not None,
    ):
        raise NotTheirs
    if alert.ended_at is not None:
        raise AlertEnded
    if alert.taken_by != person.name or alert.stepped_at > (alert.taken_at or context.now):
        context.timeline.extend(alert.take(person.name, context.now))
    return alert
