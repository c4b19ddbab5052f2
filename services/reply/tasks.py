"""Reply's periodic work: each turn does what is due now, in transactions of its own."""

from functools import partial

from shared.db import Database
from shared.service import PeriodicTask

from .acknowledger import Acknowledger
from .handlers.recounting import recount_outdated
from .handlers.sweeping import sweep
from .rulebook import Rulebook
from .sender import Sender

_RECOUNT_SECONDS = 60.0


def turns(
    database: Database,
    rulebook: Rulebook,
    sender: Sender,
    acknowledger: Acknowledger | None,
    *,
    sweep_seconds: float,
    sender_seconds: float,
) -> list[PeriodicTask]:
    work = [
        PeriodicTask("sweep", partial(sweep_once, database), sweep_seconds),
        PeriodicTask("send", sender.once, sender_seconds),
        PeriodicTask("recount", partial(recount_once, database, rulebook), _RECOUNT_SECONDS),
    ]
    if acknowledger:
        work.append(PeriodicTask("acknowledge", acknowledger.once, sender_seconds))
    return work


async def sweep_once(database: Database) -> int:
    async with database.work() as (session, outbox):
        return await sweep(session, outbox, database.clock.now())


async def recount_once(database: Database, rulebook: Rulebook) -> int:
    async with database.work() as (session, outbox):
        return await recount_outdated(session, outbox, database.clock.now(), rulebook=rulebook)
