"""Sent events once more: for a broker that has lost what it had stored.

What has not been sent yet is sent too; the relay sends it once more.
"""

from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.bus.protocol import Bus
from shared.bus.relay import message_of
from shared.bus.tables import outbox

_STEP = 1000
_STRETCH = select(func.min(outbox.c.id), func.max(outbox.c.id)).where(
    outbox.c.recorded_at >= bindparam("since")
)
_NEXT = (
    select(outbox)
    .where(outbox.c.id.between(bindparam("first"), bindparam("last")))
    .order_by(outbox.c.id)
    .limit(_STEP)
)


async def republish(connection: AsyncConnection, bus: Bus, since: datetime) -> int:
    """Send again, in order, what was recorded at `since` or later. Returns how many.

    `connection`: see Database.connect. Inboxes know what they have handled, so nothing happens
    twice. Raises BusUnavailable; the same call may be made again.
    """
    first, last = (await connection.execute(_STRETCH, {"since": since})).one()
    sent = 0
    while first is not None:
        rows = (await connection.execute(_NEXT, {"first": first, "last": last})).all()
        if not rows:
            break
        await bus.publish([message_of(row) for row in rows])
        sent += len(rows)
        first = rows[-1].id + 1
    return sent
