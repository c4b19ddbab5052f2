"""Wiring only: settings become the app, the consumer, and the turns that sweep and send."""

import httpx
from fastapi import FastAPI

from shared.bus.consumer import Consumer
from shared.bus.protocol import Bus
from shared.bus.topics import COMPLAINTS, WORK_ORDERS
from shared.db import Database
from shared.service import Service
from shared.web import service_app

from . import api, deadlines_api
from .acknowledger import Acknowledger
from .channel_registry import open_ways_out
from .handlers.drafting import Office
from .http_errors import ReplyDesk, speak_refusals
from .resident_handle import ResidentHandles
from .rulebook import read_rulebook
from .sender import Sender
from .settings import ReplySettings
from .subscriptions import handlers
from .tasks import turns


def build(
    settings: ReplySettings,
    database: Database,
    bus: Bus,
    *,
    secret: str,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Service:
    """`transport` reaches platforms and intake where that is no network (tests).

    Raises FileInvalid for a policy or calendar file that cannot be used.
    """
    rulebook = read_rulebook(settings.deadline_policies, settings.work_calendar)
    office = Office(settings.office_name, settings.service_phone)
    ways_out = open_ways_out(settings, database.clock, transport)
    handles = ResidentHandles(settings.intake_url, secret, database.clock, transport=transport)
    sender = Sender(database, ways_out.channels, handles, settings.pace, office)
    acknowledger = (
        Acknowledger(database, ways_out.hotline, office.name, settings.pace)
        if ways_out.hotline
        else None
    )
    return Service(
        name="reply",
        app=_app(
            database,
            secret,
            settings.api_docs,
            ReplyDesk(
                office, rulebook, frozenset(ways_out.channels), settings.second_person_approves
            ),
        ),
        database=database,
        consumer=Consumer(
            "reply", database, bus, (COMPLAINTS, WORK_ORDERS), handlers(rulebook, office)
        ),
        tasks=turns(
            database,
            rulebook,
            sender,
            acknowledger,
            sweep_seconds=settings.sweep_seconds,
            sender_seconds=settings.sender_seconds,
        ),
        closing=(*ways_out.closing, handles.close),
    )


def _app(database: Database, secret: str, docs: bool, desk: ReplyDesk) -> FastAPI:
    app = service_app("reply", database, secret, docs=docs)
    app.state.reply_desk = desk
    speak_refusals(app)
    app.include_router(api.router)
    app.include_router(deadlines_api.router)
    return app
