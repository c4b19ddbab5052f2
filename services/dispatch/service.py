"""Wiring only: settings become the app, the ear, and the turns that come round."""

from services.dispatch import api
from services.dispatch.console.composition import add_console
from services.dispatch.county_file import DEMO_COUNTY, read_county
from services.dispatch.handlers.assigning import assign_waiting, counties_waiting
from services.dispatch.handlers.loading import load_county
from services.dispatch.handlers.redeciding import link_where_scheme_is_known
from services.dispatch.policy import policy_of
from services.dispatch.settings import DispatchSettings
from services.dispatch.subscriptions import handlers
from shared.bus.consumer import Consumer
from shared.bus.protocol import Bus
from shared.bus.topics import COMPLAINTS, REPLIES
from shared.db import Database
from shared.service import PeriodicTask, Service
from shared.web import service_app

_ONCE_A_DAY = 86_400.0


def build(settings: DispatchSettings, database: Database, bus: Bus, *, secret: str) -> Service:
    """Raises BadCountyFile."""
    county = read_county(settings.county_file or DEMO_COUNTY)
    policy = policy_of(settings)
    app = service_app("dispatch", database, secret, docs=settings.api_docs)
    app.state.policy = policy
    app.include_router(api.router)

    async def load() -> int:
        async with database.work() as (session, _):
            await load_county(session, county)
        return 0

    async def link_waiting() -> int:
        async with database.work() as (session, outbox):
            return await link_where_scheme_is_known(
                session, outbox, database.clock.now(), policy=policy
            )

    async def give_out() -> int:
        given = 0
        async with database.reading() as session:
            waiting = await counties_waiting(session)
        for code in waiting:
            async with database.work() as (session, outbox):
                given += await assign_waiting(session, outbox, [code], database.clock.now())
        return given

    consumer = Consumer("dispatch", database, bus, (COMPLAINTS, REPLIES), handlers(policy))
    close_console = add_console(app, settings, consumer)
    return Service(
        name="dispatch",
        app=app,
        database=database,
        consumer=consumer,
        tasks=(
            PeriodicTask("load_county", load, _ONCE_A_DAY),
            PeriodicTask("link_waiting", link_waiting, settings.assign_every_seconds),
            PeriodicTask("assign_waiting", give_out, settings.assign_every_seconds),
        ),
        closing=(close_console,),
    )
