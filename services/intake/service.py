"""Wiring only: settings become the app, and the turns that pull what platforms have."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import httpx

from services.intake import api, waiting_api
from services.intake.accepting import Acceptance
from services.intake.callbacks import HotlinePushes, WeChatMessages, callbacks_router
from services.intake.gathering import Gathering
from services.intake.gazetteer import DEMO_COUNTY, load_gazetteer
from services.intake.handlers.taking import Desk
from services.intake.keyed_hashes import KeyedHashes
from services.intake.platforms.hotline_12345 import HotlineFeed, HotlineSettings
from services.intake.platforms.incoming import Platform
from services.intake.platforms.message_board import BoardFeed, BoardSettings
from services.intake.platforms.wechat import WeChatCallback, WeChatCallbackSettings
from services.intake.settings import IntakeSettings
from services.intake.tasks import Pull, ReadAgain
from shared.bus.protocol import Bus
from shared.db import Database
from shared.platform_kit.message_board_reader import BoardAccess
from shared.privacy.vault import Vault
from shared.service import PeriodicTask, Service
from shared.web import service_app

_REREAD_EVERY = timedelta(hours=6)


def build(
    settings: IntakeSettings,
    database: Database,
    bus: Bus,  # noqa: ARG001 - intake hears nothing; its outbox is relayed by the runner
    *,
    secret: str,
    vault: Vault,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Service:
    """`transport` reaches the platforms where that is not the network (tests).

    Raises BadGazetteer or OSError for a gazetteer, ValueError for a WeChat key that cannot be used.
    """
    desk = Desk(load_gazetteer(settings.gazetteer or DEMO_COUNTY), vault, KeyedHashes(secret))
    app = service_app("intake", database, secret, docs=settings.api_docs)
    app.state.desk = desk

    def acceptance(platform: Platform) -> Acceptance:
        return Acceptance(platform, settings.county, database, desk)

    def pushes(platform: Platform) -> Gathering:
        return Gathering(acceptance(platform))

    hotline_secret, wechat = settings.hotline_secret, _wechat_callback(settings)
    app.include_router(api.router)
    app.include_router(waiting_api.router)
    app.include_router(
        callbacks_router(
            HotlinePushes(hotline_secret.get_secret_value(), pushes(Platform.HOTLINE_12345))
            if hotline_secret
            else None,
            WeChatMessages(wechat, pushes(Platform.WECHAT)) if wechat else None,
        )
    )
    turns: list[PeriodicTask] = []
    closing: list[Callable[[], Awaitable[None]]] = []
    if feed := _hotline_feed(settings, database, transport):
        pull = Pull(feed, acceptance(Platform.HOTLINE_12345))
        turns.append(PeriodicTask("intake: pull 12345", pull.once, settings.hotline_poll_seconds))
        closing.append(feed.close)
    if board := _board_feed(settings, transport):
        of_board = acceptance(Platform.MESSAGE_BOARD)
        reread = ReadAgain(
            board.reread,
            of_board,
            every=_REREAD_EVERY,
            younger_than=timedelta(days=settings.board_reread_days),
            at_once=settings.board_reread_at_once,
        )
        turns += [
            PeriodicTask(
                "intake: read board", Pull(board, of_board).once, settings.board_poll_seconds
            ),
            PeriodicTask("intake: reread board", reread.once, settings.board_poll_seconds),
        ]
        closing.append(board.close)
    return Service(name="intake", app=app, database=database, tasks=turns, closing=closing)


def _hotline_feed(
    settings: IntakeSettings, database: Database, transport: httpx.AsyncBaseTransport | None
) -> HotlineFeed | None:
    if not (settings.hotline_url and settings.hotline_secret):
        return None
    return HotlineFeed(
        HotlineSettings(
            county=settings.county,
            base_url=settings.hotline_url,
            app_id=settings.hotline_app_id,
            secret=settings.hotline_secret.get_secret_value(),
        ),
        database.clock,
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
        BoardSettings(
            county=settings.county,
            access=access,
            forum_id=settings.board_forum_id,
            first_tid=settings.board_first_tid,
        ),
        transport=transport,
    )


def _wechat_callback(settings: IntakeSettings) -> WeChatCallback | None:
    if not settings.wechat_token:
        return None
    aes_key, previous = settings.wechat_aes_key, settings.wechat_previous_aes_key
    return WeChatCallback(
        WeChatCallbackSettings(
            county=settings.county,
            token=settings.wechat_token.get_secret_value(),
            app_id=settings.wechat_app_id,
            aes_key=aes_key.get_secret_value() if aes_key else None,
            previous_aes_key=previous.get_secret_value() if previous else None,
        )
    )
