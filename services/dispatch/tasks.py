"""Periodic work: the county's files, villages that come onto a scheme, alerts, crews."""

from functools import partial

from services.dispatch.county_file import County
from services.dispatch.handlers.alerts import follow_deadlines
from services.dispatch.handlers.assignment import assign_waiting, counties_waiting
from services.dispatch.handlers.context import unit_of_work
from services.dispatch.handlers.county_import import import_county
from services.dispatch.handlers.on_complaints import link_where_scheme_is_known
from services.dispatch.handlers.scheme_ranking import rank_all_schemes
from services.dispatch.notices.cards import update_cards
from services.dispatch.notices.sender import MessageSender
from services.dispatch.policy import Policy
from services.dispatch.settings import DispatchSettings
from shared.db import Database
from shared.service import PeriodicTask

_ONCE_A_DAY = 86_400.0
_EVERY_MINUTE = 60.0


def periodic_tasks(
    settings: DispatchSettings,
    database: Database,
    policy: Policy,
    county: County,
    sender: MessageSender,
) -> tuple[PeriodicTask, ...]:
    async def import_files() -> int:
        async with database.work() as (session, _):
            await import_county(session, county)
        return 0

    async def link_waiting() -> int:
        async with unit_of_work(database, policy) as context:
            return await link_where_scheme_is_known(context)

    async def follow() -> int:
        async with unit_of_work(database, policy) as context:
            return await follow_deadlines(context)

    async def assign(*, new: bool) -> int:
        async with database.reading() as session:
            counties = await counties_waiting(session, new=new)
        assigned = 0
        for code in counties:
            async with unit_of_work(database, policy) as context:
                assigned += await assign_waiting(context, code)
        return assigned

    return (
        PeriodicTask("import_county", import_files, _ONCE_A_DAY),
        PeriodicTask("link_waiting", link_waiting, settings.assign_every_seconds),
        PeriodicTask("follow_deadlines", follow, _EVERY_MINUTE),
        PeriodicTask(
            "rank_schemes", partial(rank_all_schemes, database), settings.rank_schemes_every_seconds
        ),
        PeriodicTask("assign_new", partial(assign, new=True), settings.assign_new_every_seconds),
        PeriodicTask("messages", sender.once, settings.messages_seconds),
        PeriodicTask("cards", partial(update_cards, sender), settings.messages_seconds),
        PeriodicTask("assign_waiting", partial(assign, new=False), settings.assign_every_seconds),
    )
