"""Wiring only: settings become the app, the consumer and the periodic tasks."""

from functools import partial

import httpx
from fastapi import FastAPI

from shared.bus.consumer import Consumer
from shared.bus.protocol import Bus
from shared.bus.topics import COMPLAINTS, WORK_ORDERS
from shared.database_time import DatabaseTime
from shared.db import Database
from shared.service import Service
from shared.web import service_app

from .api import call_backs, deadlines, platforms, release_rules, replies, rulebook, templates
from .api.http_errors import answer_rejected_commands
from .channel_registry import Channels, known_profiles, open_channels
from .context import Context, Office, ReplyConfig, in_transaction
from .extension_sender import ExtensionSender
from .question_sender import QuestionSender
from .resident_handle import ResidentHandles
from .residents_sms import open_residents_sms
from .rulebook import read_rulebook
from .rulebooks import Rulebooks
from .sender import Sender
from .settings import ReplySettings
from .subscriptions import handlers
from .tasks import tasks


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
    channels = open_channels(settings, database.clock, transport)
    config = config_of(settings, database, channels)
    sms = open_residents_sms(settings, database.clock, transport)
    handles = ResidentHandles(settings.intake_url, secret, database.clock, transport=transport)
    return Service(
        name="reply",
        app=_app(database, secret, config, docs=settings.api_docs),
        database=database,
        consumer=Consumer("reply", database, bus, (COMPLAINTS, WORK_ORDERS), handlers(config)),
        tasks=tasks(
            database,
            config,
            Sender(database, config, channels.by_platform, handles, sms),
            QuestionSender(database, config, channels.by_platform.get("wechat"), handles),
            ExtensionSender(database, config, channels.by_platform, channels.extending, handles),
            channels.acknowledging,
            sweep_seconds=settings.sweep_seconds,
            sender_seconds=settings.sender_seconds,
        ),
        starting=(partial(in_transaction, database, config, _take_over_files),),
        closing=(channels.close, handles.close, *((sms.close,) if sms else ())),
    )


def config_of(settings: ReplySettings, database: Database, channels: Channels) -> ReplyConfig:
    return ReplyConfig(
        office=Office(settings.office_name, settings.service_phone),
        rulebooks=Rulebooks(read_rulebook(settings.deadline_policies, settings.work_calendar)),
        time=DatabaseTime(database.clock),
        profiles=known_profiles(),
        channels=frozenset(channels.by_platform),
        second_person_approves=settings.second_person_approves,
        pace=settings.pace,
        call_backs=settings.call_backs,
    )


async def _take_over_files(context: Context) -> None:
    """Before anything is counted: the files' newest edition, and what counties have saved."""
    await context.config.rulebooks.take_over_files(context.session, context.now)


def _app(database: Database, secret: str, config: ReplyConfig, *, docs: bool) -> FastAPI:
    app = service_app("reply", database, secret, docs=docs)
    app.state.reply_config = config
    answer_rejected_commands(app)
    app.include_router(replies.router)
    app.include_router(platforms.router)
    app.include_router(deadlines.router)
    app.include_router(call_backs.router)
    app.include_router(rulebook.router)
    app.include_router(templates.router)
    app.include_router(release_rules.router)
    return app
