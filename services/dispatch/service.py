"""Wiring only: settings become the app, the consumer and the periodic tasks."""

from datetime import timedelta

import httpx

from services.dispatch import api
from services.dispatch.api import wecom
from services.dispatch.console.composition import add_console
from services.dispatch.console.digest_messages import DigestMessages
from services.dispatch.console.exports.jobs import export_tasks
from services.dispatch.county_file import DEMO_COUNTY, read_county
from services.dispatch.notices.callback import callback_of
from services.dispatch.notices.deliveries import SendingRules
from services.dispatch.notices.sender import MessageSender
from services.dispatch.notices.ways import open_ways, profiles_of
from services.dispatch.policy import policy_of
from services.dispatch.reply_facts import ReplyFacts
from services.dispatch.settings import DispatchSettings
from services.dispatch.subscriptions import handlers
from services.dispatch.tasks import periodic_tasks
from shared.bus.consumer import Consumer
from shared.bus.protocol import Bus
from shared.bus.topics import COMPLAINTS, REPLIES
from shared.db import Database
from shared.service import PeriodicTask, Service
from shared.web import service_app

_DIGESTS_EVERY_SECONDS = 60.0


def build(
    settings: DispatchSettings,
    database: Database,
    bus: Bus,
    *,
    secret: str,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Service:
    """`transport` reaches WeCom and the provider of text messages where that is no network (tests).

    Raises BadCountyFile, or FileInvalid for the provider's description.
    """
    county = read_county(settings.county_file or DEMO_COUNTY)
    policy = policy_of(settings)
    app = service_app("dispatch", database, secret, docs=settings.api_docs)
    app.state.policy = policy
    app.include_router(api.router)

    ways = open_ways(settings, database.clock, transport)
    sender = MessageSender(database, SendingRules(profiles_of(ways)), ways)
    app.include_router(wecom.callback_router(callback_of(settings), database, policy))

    consumer = Consumer("dispatch", database, bus, (COMPLAINTS, REPLIES), handlers(policy))
    close_console = add_console(app, settings)
    facts = ReplyFacts(settings.reply_url, secret, database.clock)
    tolerated = timedelta(minutes=settings.platform_unavailable_minutes)
    digests = DigestMessages(database, policy, facts, tolerated)
    return Service(
        name="dispatch",
        app=app,
        database=database,
        consumer=consumer,
        tasks=(
            *periodic_tasks(settings, database, policy, county, sender),
            *export_tasks(database),
            PeriodicTask("digests", digests.once, _DIGESTS_EVERY_SECONDS),
        ),
        closing=(close_console, facts.close, *(way.close for way in ways.values())),
    )
