"""People who are told of an alert get a message as well, by the best way they have."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select, text
from sqlmodel import col

from services.dispatch.models import Alert, Complaint, Staff, WorkOrder
from services.dispatch.notices.queueing import Notice, queue
from services.dispatch.rules import alert_words
from services.dispatch.rules.alerts import sent_from
from services.dispatch.rules.card_answers import Standing, buttons_now
from services.dispatch.rules.staff_messages import Button
from services.dispatch.rules.work_order import State

from .alert_people import quiet_hours_of
from .context import Context

_STEP = "/"
"""Parts an alert's id from the step, in the id that a message knows: somebody who is told of two
steps gets two messages."""
_OFFERED = tuple(button.value for button in Button)
_WITHDRAW = text("""
DELETE FROM staff_message AS message USING alert_person AS person
WHERE person.alert_id = ANY(:alert_ids)
    AND message.alert_id = person.alert_id || :parted || person.step
    AND message.sign_in_name = person.sign_in_name
    AND message.state = 'queued' AND message.attempts = 0
""")


def alert_of_message(alert_id: str) -> str:
    """The alert that a message is about, by the id that the message has of it."""
    return alert_id.partition(_STEP)[0]


async def queue_messages(context: Context, alert: Alert, people: Sequence[str]) -> None:
    """Held until quiet hours end, unless it is urgent."""
    session = context.session
    complaint = await session.get(Complaint, alert.complaint_id)
    work_order = await session.get(WorkOrder, alert.work_order_id) if alert.work_order_id else None
    place = f"{complaint.town or ''}{complaint.village or ''}" if complaint else ""
    quiet = await quiet_hours_of(session, alert.county)
    about = alert_words.body(
        work_order.number if work_order else None,
        place,
        alert.complaints,
        alert.due_at,
        is_miss=alert.is_miss,
    )
    title = alert_words.title(alert.stage, alert.step, is_miss=alert.is_miss, urgent=alert.urgent)
    its_crew = await _crew_of(context, work_order)
    notices = [
        Notice(
            alert_id=f"{alert.id}{_STEP}{alert.step}",
            sign_in_name=name,
            title=title,
            body=about,
            not_before=sent_from(context.now, quiet, urgent=alert.urgent),
            urgent=alert.urgent,
            work_order_id=alert.work_order_id,
            buttons=_buttons(work_order, is_theirs=name in its_crew),
        )
        for name in people
    ]
    await queue(session, notices, context.policy.ways, context.now)


async def withdraw_messages(context: Context, alerts: Iterable[Alert]) -> None:
    """What was not sent yet of alerts that have ended: nobody is told of what is over."""
    ids = [alert.id for alert in alerts]
    if ids:
        await context.session.execute(_WITHDRAW, {"alert_ids": ids, "parted": _STEP})


def _buttons(work_order: WorkOrder | None, *, is_theirs: bool) -> list[Button]:
    """What the crew's own people can do from the message, and taking it on."""
    if work_order is None:
        return [Button.ACKNOWLEDGE]
    standing = Standing(State(work_order.state), is_theirs)
    return [*map(Button, buttons_now(standing, _OFFERED)), Button.ACKNOWLEDGE]


async def _crew_of(context: Context, work_order: WorkOrder | None) -> frozenset[str]:
    """The sign-in names of the crew that has it."""
    if work_order is None or work_order.crew_id is None:
        return frozenset()
    found = await context.session.execute(
        select(col(Staff.sign_in_name)).where(col(Staff.crew_id) == work_order.crew_id)
    )
    return frozenset(found.scalars())
