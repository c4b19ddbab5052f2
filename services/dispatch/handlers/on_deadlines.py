"""What reply says about deadlines: the console's read model of them (models/read_models.py).

Nothing here needs the complaint itself to be known yet.
"""

from collections.abc import Sequence
from dataclasses import fields

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from services.dispatch.models import DeadlineMove, DeadlineView
from services.dispatch.models.read_models import Deadline
from shared.bulk_insert import bulk_insert, bulk_update
from shared.events.event import Envelope
from shared.events.replies import (
    DeadlineMet,
    DeadlineMissed,
    DeadlinesSet,
    DeadlineWarned,
    SetDeadline,
)
from shared.sql import any_of, table_of

from .alerts import alerts_of_complaints
from .context import Context

_deadlines = table_of(DeadlineView)
_moves = table_of(DeadlineMove)
_COLUMNS = [_deadlines.c[each.name] for each in fields(Deadline)]
_KNOWN = select(*_COLUMNS).where(_deadlines.c.complaint_id == any_of("complaint_ids"))
_CHANGED = tuple(column.name for column in _COLUMNS if not column.primary_key)
StateNews = DeadlineWarned | DeadlineMissed | DeadlineMet
DeadlineNews = DeadlinesSet | StateNews


async def on_deadlines_changed(context: Context, events: Sequence[Envelope[DeadlineNews]]) -> None:
    """Set (again, where a deadline changes), warned of, missed or met."""
    ids = {event.data.complaint_id for event in events}
    found = await context.session.execute(_KNOWN, {"complaint_ids": list(ids)})
    known = {(each.complaint_id, each.stage, each.round): Deadline(*each) for each in found}
    alarms = {key: deadline.alarm for key, deadline in known.items()}
    changed: dict[tuple[str, str, int], Deadline] = {}
    moves: list[dict[str, object]] = []

    def deadline_of(news: DeadlineNews, its: SetDeadline | StateNews) -> Deadline:
        key = (news.complaint_id, its.stage, its.round)
        if key not in changed:
            changed[key] = known.get(key) or Deadline(*key, news.county, its.due_at)
        return changed[key]

    for event in events:
        news = event.data
        if isinstance(news, DeadlinesSet):
            for counted in news.deadlines:
                deadline = deadline_of(news, counted)
                deadline.set(event.sequence, counted, limit_unreadable=news.limit_unreadable)
            moves += _moves_of(event.sequence, news)
        else:
            deadline_of(news, news).become(event.sequence, news)

    if moves:
        await context.session.execute(insert(_moves).on_conflict_do_nothing(), moves)
    new = [changed[key] for key in sorted(changed.keys() - known.keys())]
    await bulk_insert(context.session, _deadlines, new)
    old = [changed[key] for key in sorted(changed.keys() & known.keys())]
    await bulk_update(context.session, _deadlines, old, _CHANGED)
    await alerts_of_complaints(
        context,
        {
            deadline.complaint_id
            for key, deadline in changed.items()
            if deadline.alarm != alarms.get(key)
        },
    )


def _moves_of(sequence: int, news: DeadlinesSet) -> list[dict[str, object]]:
    """Rows for what a new version of policies or calendar has moved."""
    change = news.because
    if change is None:
        return []
    return [
        {
            "complaint_id": news.complaint_id,
            "sequence": sequence,
            "county": news.county,
            **change.model_dump(include={"kind", "number", "note"}),
            **moved.model_dump(),
        }
        for moved in change.moved
    ]
