"""Whether it was solved, as reply tells it: the console's read model, and rework where not."""

from collections.abc import Sequence
from dataclasses import fields

from sqlalchemy.dialects.postgresql import insert

from services.dispatch.models import CallBackView
from services.dispatch.models.call_back import CallBack
from shared.events.event import Envelope
from shared.events.replies import CallBackChanged
from shared.sql import table_of

from .context import Context
from .rework import NotSolved, rework

_views = table_of(CallBackView)
_KEYS = ("complaint_id", "version")
_NAMES = tuple(each.name for each in fields(CallBack))
_NEW = insert(_views)
_WRITTEN = _NEW.on_conflict_do_update(
    index_elements=_KEYS,
    set_={name: _NEW.excluded[name] for name in _NAMES if name not in _KEYS},
    where=_views.c.sequence < _NEW.excluded.sequence,
)


async def on_call_backs_changed(
    context: Context, events: Sequence[Envelope[CallBackChanged]]
) -> None:
    """Raises UnknownComplaint where one says "not solved" of what has not been received yet."""
    newest: dict[tuple[str, int], CallBack] = {}
    for event in sorted(events, key=lambda each: each.sequence):
        told = CallBack.told(event.sequence, event.data)
        newest[told.complaint_id, told.version] = told
    rows = [{name: getattr(newest[key], name) for name in _NAMES} for key in sorted(newest)]
    await context.session.execute(_WRITTEN, rows)
    for event in sorted(events, key=lambda each: each.sequence):
        said = event.data
        if said.satisfied is False and said.answered_at is not None:
            await rework(
                context,
                NotSolved(said.complaint_id, said.version, said.answered_at, said.source or ""),
            )
