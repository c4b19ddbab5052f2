"""What reply says about deadlines: the console's read model of them (rules/read_models.py).

Nothing here needs the complaint itself to be known yet.
"""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import select

from services.dispatch.models import DeadlineView
from services.dispatch.rules.read_models import Deadline
from shared.bulk_insert import bulk_insert, bulk_update
from shared.events.event import Envelope
from shared.events.replies import DeadlineMet, DeadlineMissed, DeadlinesSet, DeadlineWarned
from shared.sql import any_of, table_of

from .context import Context

_deadlines = table_of(DeadlineView)
_COLUMNS = tuple(each.name for each in fields(Deadline))
_KNOWN = select(*(_deadlines.c[name] for name in _COLUMNS)).where(
    _deadlines.c.complaint_id == any_of("complaint_ids")
)
_CHANGED = tuple(name for name in _COLUMNS if name not in ("complaint_id", "stage"))
DeadlineNews = DeadlinesSet | DeadlineWarned | DeadlineMissed | DeadlineMet


async def on_deadlines_changed(context: Context, events: Sequence[Envelope[DeadlineNews]]) -> None:
    """Set (again, where a deadline changes), warned of, missed or met."""
    ids = {event.data.complaint_id for event in events}
    found = await context.session.execute(_KNOWN, {"complaint_ids": list(ids)})
    known = {(each.complaint_id, each.stage): Deadline(*each) for each in found}
    changed: dict[tuple[str, str], Deadline] = {}

    def deadline_of(news: DeadlineNews, stage: str, due_at: datetime) -> Deadline:
        key = (news.complaint_id, stage)
        if key not in changed:
            changed[key] = known.get(key) or Deadline(*key, news.county, due_at)
        return changed[key]

    for event in events:
        match news := event.data:
            case DeadlinesSet():
                for counted in news.deadlines:
                    deadline_of(news, counted.stage, counted.due_at).set(
                        event.sequence,
                        due_at=counted.due_at,
                        warn_at=counted.warn_at,
                        provisional=counted.provisional,
                        source=counted.source,
                        limit_unreadable=news.limit_unreadable,
                    )
            case DeadlineMet():
                deadline_of(news, news.stage, news.due_at).become(
                    event.sequence, "met", news.due_at, news.met_at, late=news.late
                )
            case DeadlineWarned() | DeadlineMissed():
                state = "warned" if isinstance(news, DeadlineWarned) else "missed"
                deadline = deadline_of(news, news.stage, news.due_at)
                deadline.become(event.sequence, state, news.due_at)

    new = [changed[key] for key in sorted(changed.keys() - known.keys())]
    await bulk_insert(context.session, _deadlines, new)
    old = [changed[key] for key in sorted(changed.keys() & known.keys())]
    await bulk_update(context.session, _deadlines, old, _CHANGED)
