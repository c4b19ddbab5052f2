"""Wiring only: settings become the app, and the periodic tasks."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from math import inf

import httpx

from services.intake.api import complaints, privacy, waiting
from services.intake.api.callbacks import HotlinePushes, WeChatMessages, callbacks_router
from services.intake.api.dependencies import answer_refusals
from services.intake.batching import Ingestion, PushBatching
from services.intake.context import Context
from services.intake.gazetteer import DEMO_COUNTY, load_gazetteer
from services.intake.handlers.keys import check_keys
from services.intake.keyed_hashes import KeyedHashes
from services.intake.platforms.hotline_12345 import HotlineFeed
from services.intake.platforms.incoming import Platform
from services.intake.platforms.message_board import BoardFeed
from services.intake.platforms.wechat import WeChatCallback
from services.intake.settings import IntakeSettings
from services.intake.tasks import Pull, Reread, Retention
from shared.bus.protocol import Bus
from shared.db import Database
from shared.platform_kit.message_board_reader import BoardAccess
from shared.privacy.vault import Vault
from shared.progress import Progress
from shared.service import PeriodicTask, Service
from shared.web import service_app

_REREAD_EVERY = timedelta(hours=6)
_RETENTION_EVERY_SECONDS = 3600.0


def build(
    settings: IntakeSettings,
    database: Database,
    bus: Bus,  # noqa: ARG001 - intake consumes nothing; its outbox is relayed by the runner
    *,
    secret: str,
    vault: Vault,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Service:
    """`transport` reaches the platforms where that is not the network (tests).

    Raises BadGazetteer or OSError for a gazetteer, ValueError for a WeChat key that cannot be used.
    """
    hashes = KeyedHashes(secret)
    context = Context(load_gazetteer(settings.gazetteer or DEMO_COUNTY), vault, hashes)
    app = service_app("intake", database, secret, docs=settings.api_docs)
    app.state.context = context
    answer_refusals(app)

    def ingestion(platform: Platform) -> Ingestion:
        return Ingestion(platform, settings.county, database, context)

    hotline_secret, wechat = settings.hotline_secret, _wechat_callback(settings)
    hotline_pushes = PushBatching(ingestion(Platform.HOTLINE_12345))
    pushes = Progress("pushes", late_after=inf)  # nobody need push anything
    app.include_router(  # first, for the routes are tried in order
        callbacks_router(
            HotlinePushes(hotline_secret.get_secret_value(), hotline_pushes)
            if hotline_secret
            else None,
            WeChatMessages(wechat, PushBatching(ingestion(Platform.WECHAT))) if wechat else None,
            pushes,
        )
    )
    app.include_router(complaints.router)
    app.include_router(waiting.router)
    app.include_router(privacy.router)
    tasks: list[PeriodicTask] = []
    closing: list[Callable[[], Awaitable[None]]] = []
    if feed := _hotline_feed(settings, database, transport):
        pull = Pull(feed, ingestion(Platform.HOTLINE_12345))
        tasks.append(PeriodicTask("pull_12345", pull.once, settings.hotline_poll_seconds))
        closing.append(feed.close)
    if board := _board_feed(settings, transport):
        of_board = ingestion(Platform.MESSAGE_BOARD)
        reread = Reread(
            board.reread,
            of_board,
            every=_REREAD_EVERY,
            younger_than=timedelta(days=settings.board_reread_days),
            at_once=settings.board_reread_at_once,
        )
        tasks += [
            PeriodicTask("read_board", Pull(board, of_board).once, settings.board_poll_seconds),
            PeriodicTask("reread_board", reread.once, settings.board_poll_seconds),
        ]
        closing.append(board.close)
    if settings.personal_data_years:
        retention = Retention(database, settings.county, settings.personal_data_years)
        tasks.append(PeriodicTask("retention", retention.once, _RETENTION_EVERY_SECONDS))
    return Service(
        name="intake",
        app=app,
        database=database,
        tasks=tasks,
        parts=[pushes],
        starting=[partial(check_keys, database, vault)],
        closing=closing,
    )


def _hotline_feed(
    settings: IntakeSettings, database: Database, transport: httpx.AsyncBaseTransport | None
) -> HotlineFeed | None:
    if not (settings.hotline_url and settings.hotline_secret):
        return None
    return HotlineFeed(
        settings.hotline_url,
        settings.hotline_app_id,
        settings.hotline_secret.get_secret_value(),
        database.clock,
        county=settings.county,
        transport=transport,
    )


def _board_feed(
    settings: IntakeSettings, transport: httpx.AsyncBaseTransport | None
) -> BoardFeed | None:
    if not (settings.board_url and settings.board_app_code and settings.board_forum_id):
        return None
    access = BoardAccess(
        settings.board_url,
        settings.board_app_code.get_secret_value(),
        settings.board_token.get_secret_value(),
    )
    return BoardFeed(
        access,
        settings.board_forum_id,
        county=settings.county,
        first_tid=settings.board_first_tid,
        transport=transport,
    )


def _wechat_callback(settings: IntakeSettings) -> WeChatCallback | None:
    if not settings.wechat_token:
        return None
    aes_key, previous = settings.wechat_aes_key, settings.wechat_previous_aes_key
    return WeChatCallback(
        county=settings.county,
        token=settings.wechat_token.get_secret_value(),
        app_id=settings.wechat_app_id,
        aes_key=aes_key.get_secret_value() if aes_key else None,
        previous_aes_key=previous.get_secret_value() if previous else None,
        window_seconds=settings.wechat_window_seconds,
    )
