"""What reply says about requests for more time: the console's read model of them."""

from collections.abc import Sequence

from sqlalchemy.dialects.postgresql import insert

from services.dispatch.models import ExtensionView
from shared.events.event import Envelope
from shared.events.replies import ExtensionChanged
from shared.sql import table_of

from .context import Context

_extensions = table_of(ExtensionView)
_new = insert(_extensions)
_UPSERT = _new.on_conflict_do_update(
    index_elements=[_extensions.c.request_id],
    set_={
        column.name: _new.excluded[column.name]
        for column in _extensions.c
        if not column.primary_key
    },
    where=_new.excluded.sequence > _extensions.c.sequence,
)


async def on_extensions_changed(
    context: Context, events: Sequence[Envelope[ExtensionChanged]]
) -> None:
    """Each event holds all of its request; the newest stands, in whatever order they come."""
    newest: dict[str, Envelope[ExtensionChanged]] = {}
    for event in sorted(events, key=lambda each: each.sequence):
        newest[event.data.request_id] = event
    for _, event in sorted(newest.items()):
        row = {**event.data.model_dump(), "sequence": event.sequence}
        await context.session.execute(_UPSERT, row)
