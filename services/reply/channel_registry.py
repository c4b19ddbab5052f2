"""The platforms reply can reach itself, opened from the settings."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import httpx

from shared.clock import Clock
from shared.platform_kit.message_board_reader import BoardAccess

from .channels.channel import Channel
from .channels.hotline_12345 import HotlineChannel, HotlineSettings
from .channels.message_board import BoardChannel, BoardSettings
from .channels.wechat import WeChatChannel, WeChatSettings
from .settings import ReplySettings


@dataclass(frozen=True, slots=True)
class WaysOut:
    """`hotline` also accepts orders; it is one of `channels` where there is one."""

    channels: Mapping[str, Channel]
    hotline: HotlineChannel | None
    closing: tuple[Callable[[], Awaitable[None]], ...]


def open_ways_out(
    settings: ReplySettings, clock: Clock, transport: httpx.AsyncBaseTransport | None = None
) -> WaysOut:
    channels: dict[str, Channel] = {}
    closing: list[Callable[[], Awaitable[None]]] = []
    hotline = _hotline(settings, clock, transport)
    if hotline:
        channels["hotline_12345"] = hotline
        closing.append(hotline.close)
    if board := _board(settings, clock, transport):
        channels["message_board"] = board
        closing.append(board.close)
    if wechat := _wechat(settings, clock, transport):
        channels["wechat"] = wechat
        closing.append(wechat.close)
    return WaysOut(channels, hotline, tuple(closing))


def _hotline(
    settings: ReplySettings, clock: Clock, transport: httpx.AsyncBaseTransport | None
) -> HotlineChannel | None:
    if not settings.hotline_url or settings.hotline_secret is None:
        return None
    account = HotlineSettings(
        settings.hotline_url, settings.hotline_app_id, settings.hotline_secret.get_secret_value()
    )
    return HotlineChannel(account, clock, transport=transport)


def _board(
    settings: ReplySettings, clock: Clock, transport: httpx.AsyncBaseTransport | None
) -> BoardChannel | None:
    app_code, key = settings.board_app_code, settings.board_back_office_key
    if not settings.board_back_office_url or app_code is None or key is None:
        return None
    account = BoardSettings(
        access=BoardAccess(
            settings.board_url,
            app_code.get_secret_value(),
            settings.board_token.get_secret_value(),
        ),
        organization=settings.board_organization,
        back_office_url=settings.board_back_office_url,
        back_office_key=key.get_secret_value(),
        appears_within=timedelta(hours=settings.board_appears_within_hours),
    )
    return BoardChannel(account, clock, transport=transport)


def _wechat(
    settings: ReplySettings, clock: Clock, transport: httpx.AsyncBaseTransport | None
) -> WeChatChannel | None:
    if settings.wechat_app_secret is None:
        return None
    account = WeChatSettings(
        settings.wechat_url,
        settings.wechat_app_id,
        settings.wechat_app_secret.get_secret_value(),
        template_id=settings.wechat_template_id,
    )
    return WeChatChannel(account, clock, transport=transport)
