"""People who are told of an alert get a message as well, by the best way they have."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import func, select, text
from sqlmodel import col

from services.dispatch.models import Alert, Complaint, Staff, WorkOrder
from services.dispatch.notices.queueing import Notice, queue
from services.dispatch.rules.alert_words import Words, body_of, title_of
from services.dispatch.rules.alerts import sent_from
from services.dispatch.rules.card_answers import Standing, buttons_now
from services.dispatch.rules.staff_messages import Button
from services.dispatch.rules.work_order import State
from shared.sql import any_of

from .alert_people import quiet_hours_of
from .context import Context

_STEP = "/"
"""Parts an alert's id from the step, in the id that a message knows: somebody who is told of two
steps gets two messages."""
_OFFERED = tuple(button.value for button in Button)
_WHAT = (
    select(Alert, Complaint, WorkOrder)
    .outerjoin(Complaint, col(Complaint.id) == col(Alert.complaint_id))
    .outerjoin(WorkOrder, col(WorkOrder.id) == col(Alert.work_order_id))
    .where(col(Alert.id) == any_of("ids"))
    .order_by(col(Alert.id))
)
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


async def queue_messages(context: Context, told: Mapping[str, Sequence[str]]) -> None:
    """`told`: by the id of an alert, the people. Held until quiet hours end, unless it is urgent.
    Where no way is configured, the console alone tells."""
    if not told or not context.policy.ways:
        return
    session = context.session
    found = await session.execute(_WHAT, {"ids": list(told)})
    what = [(row[0], row[1], row[2]) for row in found]
    its_crew = await _people_of_crews(context, [each for _, _, each in what])
    quiet = {
        county: await quiet_hours_of(session, county)
        for county in {alert.county for alert, _, _ in what}
    }
    notices = []
    for alert, complaint, work_order in what:
        words = _words(alert, complaint, work_order)
        crew = its_crew.get(work_order.crew_id, frozenset()) if work_order else frozenset()
        notices += [
            Notice(
                alert_id=f"{alert.id}{_STEP}{alert.step}",
                sign_in_name=name,
                title=words.title,
                body=words.body,
                not_before=sent_from(context.now, quiet[alert.county], urgent=alert.urgent),
                urgent=alert.urgent,
                work_order_id=alert.work_order_id,
                buttons=_buttons(work_order, is_theirs=name in crew),
            )
            for name in told[alert.id]
        ]
    await queue(session, notices, context.policy.ways, context.now)


def _words(alert: Alert, complaint: Complaint | None, work_order: WorkOrder | None) -> Words:
    place = f"{complaint.town or ''}{complaint.village or ''}" if complaint else ""
    number = work_order.number if work_order else None
    is_miss, urgent = alert.is_miss, alert.urgent
    return Words(
        title_of(alert.stage, alert.step, is_miss=is_miss, urgent=urgent),
        body_of(number, place, alert.complaints, alert.due_at, is_miss=is_miss),
    )


async def withdraw_messages(context: Context, alerts: Iterable[Alert]) -> None:
    """What was not sent yet of alerts that have ended: nobody is told of what is over."""
    ids = [alert.id for alert in alerts]
    if ids and context.policy.ways:
        await context.session.execute(_WITHDRAW, {"alert_ids": ids, "parted": _STEP})


def _buttons(work_order: WorkOrder | None, *, is_theirs: bool) -> list[Button]:
    """What the crew's own people can do from the message, and taking it on."""
    if work_order is None:
        return [Button.ACKNOWLEDGE]
    standing = Standing(State(work_order.state), is_theirs)
    return [*map(Button, buttons_now(standing, _OFFERED)), Button.ACKNOWLEDGE]


async def _people_of_crews(
    context: Context, work_orders: Iterable[WorkOrder | None]
) -> Mapping[str | None, frozenset[str]]:
    """The sign-in names of each crew that has one of these."""
    crews = [each.crew_id for each in work_orders if each and each.crew_id]
    found = await context.session.execute(
        select(col(Staff.crew_id), func.array_agg(col(Staff.sign_in_name)))
        .where(col(Staff.crew_id).in_(crews))
        .group_by(col(Staff.crew_id))
    )
    return {crew_id: frozenset(names) for crew_id, names in found}
