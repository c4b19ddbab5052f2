"""Wiring only: settings become the app, the consumer and the periodic tasks."""

from services.dispatch import api
from services.dispatch.console.composition import add_console
from services.dispatch.county_file import DEMO_COUNTY, read_county
from services.dispatch.policy import policy_of
from services.dispatch.settings import DispatchSettings
from services.dispatch.subscriptions import handlers
from services.dispatch.tasks import periodic_tasks
from shared.bus.consumer import Consumer
from shared.bus.protocol import Bus
from shared.bus.topics import COMPLAINTS, REPLIES
from shared.db import Database
from shared.service import Service
from shared.web import service_app


def build(settings: DispatchSettings, database: Database, bus: Bus, *, secret: str) -> Service:
    """Raises BadCountyFile."""
    county = read_county(settings.county_file or DEMO_COUNTY)
    policy = policy_of(settings)
    app = service_app("dispatch", database, secret, docs=settings.api_docs)
    app.state.policy = policy
    app.include_router(api.router)

    consumer = Consumer("dispatch", database, bus, (COMPLAINTS, REPLIES), handlers(policy))
    close_console = add_console(app, settings)
    return Service(
        name="dispatch",
        app=app,
        database=database,
        consumer=consumer,
        tasks=periodic_tasks(settings, database, policy, county),
        closing=(close_console,),
    )
