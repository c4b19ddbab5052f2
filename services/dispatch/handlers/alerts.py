"""Alerts follow the deadlines: raised, carried up, ended; and the people of each step are told.

What is compared is how deadlines stand in the read model, never what an event says: a repeated or
late event, or a replay, changes nothing. Deadlines of one fault make one alert a stage and round.
"""

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, Integer, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlmodel import col

from services.dispatch.models import Alert, AlertPerson, Complaint, DeadlineView, WorkOrder
from services.dispatch.models.alert import Standing
from services.dispatch.rules.alerts import is_told, told_up_to
from shared.advisory_locks import AdvisoryLock
from shared.sql import any_of, table_of

from .alert_messages import queue_messages, withdraw_messages
from .alert_people import recipients_of
from .context import Context

_deadlines, _complaints = table_of(DeadlineView), table_of(Complaint)
_alerts, _work_orders = table_of(Alert), table_of(WorkOrder)
_BATCH = 200

_HOLD_FAULTS = select(
    func.pg_advisory_xact_lock(
        AdvisoryLock.ALERTS_OF_FAULT, func.unnest(bindparam("locks", type_=ARRAY(Integer)))
    )
)
_fault = func.coalesce(_complaints.c.work_order_id, _complaints.c.id)
_FAULTS_OF = select(_complaints.c.id, _fault).where(_complaints.c.id == any_of("ids"))
_is_alarming = (
    (_deadlines.c.step > 0)
    & (_deadlines.c.step == _deadlines.c.told_step)
    & _deadlines.c.told_level.is_not(None)
    & _deadlines.c.met_at.is_(None)
    & _deadlines.c.state.in_(("warned", "missed"))
)
_highest_first = (_deadlines.c.step.desc(), _deadlines.c.due_at, _deadlines.c.complaint_id)
_of_fault = (_complaints.c.work_order_id == any_of("faults")) | (
    (_complaints.c.id == any_of("faults")) & _complaints.c.work_order_id.is_(None)
)


def _first(column: Any, *order: Any) -> Any:
    return func.array_agg(aggregate_order_by(column, *order))[1]


_STANDING = (
    select(
        func.min(_complaints.c.county),
        _fault,
        func.min(_complaints.c.work_order_id),
        _first(_deadlines.c.complaint_id, _deadlines.c.due_at, _deadlines.c.complaint_id),
        _deadlines.c.stage,
        _deadlines.c.round,
        func.max(_deadlines.c.step),
        _first(_deadlines.c.told_level, *_highest_first),
        func.count(),
        func.bool_or(_complaints.c.urgent),
        func.min(_deadlines.c.due_at),
        func.bool_and(_deadlines.c.paused_since.is_not(None)),
        _first(_deadlines.c.despite_acknowledgement, *_highest_first),
    )
    .join(_complaints, _complaints.c.id == _deadlines.c.complaint_id)
    .where(_of_fault, _is_alarming)
    .group_by(_fault, _deadlines.c.stage, _deadlines.c.round)
)
_OPEN = (
    select(Alert)
    .where(col(Alert.fault) == any_of("faults"), col(Alert.ended_at).is_(None))
    .order_by(col(Alert.id))
    .with_for_update()
    .execution_options(populate_existing=True)
)
_WITHOUT_ALERT = (
    select(_fault)
    .select_from(_deadlines)
    .join(_complaints, _complaints.c.id == _deadlines.c.complaint_id)
    .where(
        _is_alarming,
        ~select(1)
        .where(
            _alerts.c.fault == _fault,
            _alerts.c.stage == _deadlines.c.stage,
            _alerts.c.round == _deadlines.c.round,
            _alerts.c.ended_at.is_(None),
            _alerts.c.step >= _deadlines.c.step,
        )
        .exists(),
    )
    .distinct()
    .limit(_BATCH)
)
_WITHOUT_DEADLINE = text("""
SELECT DISTINCT fault FROM alert
WHERE ended_at IS NULL AND NOT EXISTS (
    SELECT FROM deadline_view AS deadline JOIN complaint ON complaint.id = deadline.complaint_id
    WHERE coalesce(complaint.work_order_id, complaint.id) = alert.fault
        AND (complaint.work_order_id = alert.fault OR complaint.id = alert.fault)
        AND deadline.stage = alert.stage AND deadline.round = alert.round
        AND deadline.step > 0 AND deadline.met_at IS NULL
        AND deadline.step = deadline.told_step AND deadline.told_level IS NOT NULL
        AND deadline.state IN ('warned', 'missed')
)
LIMIT :batch
""").bindparams(bindparam("batch", _BATCH))


async def alerts_of_complaints(context: Context, complaint_ids: Collection[str]) -> None:
    """Deadlines of these have come to a step, or stand at one no more. A complaint that has not
    come yet has no alert: `follow_deadlines` finds it."""
    if not complaint_ids:
        return
    found = await context.session.execute(_FAULTS_OF, {"ids": list(complaint_ids)})
    # The complaint itself as well: it may have had an alert before it had a work order.
    await bring_up_to_date(context, {fault for row in found for fault in row})


async def follow_deadlines(context: Context) -> int:
    """Periodically: alerts of what came before its complaint, or has moved to another work order.
    Returns how many faults were looked at."""
    missing = await context.session.execute(_WITHOUT_ALERT)
    surplus = await context.session.execute(_WITHOUT_DEADLINE)
    faults = {*missing.scalars(), *surplus.scalars()}
    await bring_up_to_date(context, faults)
    return len(faults)


async def bring_up_to_date(context: Context, faults: Collection[str]) -> None:
    """The open alerts of these faults are those that their deadlines ask for. Doing it twice
    changes nothing."""
    if not faults:
        return
    session = context.session
    await session.flush()
    locks = sorted({_lock_of(fault) for fault in faults})
    await session.execute(_HOLD_FAULTS, {"locks": locks})
    of_faults = {"faults": sorted(faults)}
    standing = {}
    despite = set()
    for *columns, is_despite in await session.execute(_STANDING, of_faults):
        one = Standing(*columns)
        standing[one.fault, one.stage, one.round] = one
        if is_despite:
            despite.add((one.fault, one.stage, one.round))
    open_alerts = {
        (alert.fault, alert.stage, alert.round): alert
        for alert in (await session.execute(_OPEN, of_faults)).scalars()
    }
    stepped: list[Alert] = []
    for key, one in sorted(standing.items()):
        alert = open_alerts.pop(key, None)
        if alert is None:
            alert = Alert.raised(one, context.now)
            session.add(alert)
            stepped.append(alert)
        elif alert.follow(one, context.now):
            stepped.append(alert)
    for alert in open_alerts.values():
        alert.end(context.now)
    await withdraw_messages(context, open_alerts.values())
    telling = [
        alert
        for alert in stepped
        if is_told(
            step_is_miss=alert.is_miss,
            acknowledged=alert.taken_by is not None,
            despite_acknowledgement=(alert.fault, alert.stage, alert.round) in despite,
        )
    ]
    await _tell(context, telling)


async def _tell(context: Context, alerts: Sequence[Alert]) -> None:
    """Who is to know of each alert's step, and does not yet."""
    if not alerts:
        return
    await context.session.flush()
    crews = await _crews_of(context, alerts)
    already = await _told_already(context, alerts)
    told_now: dict[str, list[str]] = {}
    for county in sorted({alert.county for alert in alerts}):
        staff = await recipients_of(context.session, county, context.now)
        for alert in alerts:
            if alert.county != county:
                continue
            told = told_up_to(alert.rank, staff, crews.get(alert.work_order_id))
            before = already.get(alert.id, frozenset())
            below = [name for name in told.below if name not in before]
            people = list(dict.fromkeys([*told.at_level, *below]))
            context.timeline.extend(alert.tell(told, people, context.now))
            context.session.add_all(
                AlertPerson(
                    alert_id=alert.id, sign_in_name=name, step=alert.step, told_at=context.now
                )
                for name in people
            )
            told_now[alert.id] = people
    await context.session.flush()
    await queue_messages(context, told_now)


async def _crews_of(context: Context, alerts: Iterable[Alert]) -> Mapping[str | None, str]:
    ids = [alert.work_order_id for alert in alerts if alert.work_order_id is not None]
    found = await context.session.execute(
        select(_work_orders.c.id, _work_orders.c.crew_id).where(
            _work_orders.c.id.in_(ids), _work_orders.c.crew_id.is_not(None)
        )
    )
    return dict(found.tuples().all())


async def _told_already(context: Context, alerts: Iterable[Alert]) -> Mapping[str, frozenset[str]]:
    found = await context.session.execute(
        select(col(AlertPerson.alert_id), func.array_agg(col(AlertPerson.sign_in_name)))
        .where(col(AlertPerson.alert_id).in_([alert.id for alert in alerts]))
        .group_by(col(AlertPerson.alert_id))
    )
    return {alert_id: frozenset(names) for alert_id, names in found}


def _lock_of(fault: str) -> int:
    return zlib.crc32(fault.encode()) - 2**31
