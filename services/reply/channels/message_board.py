"""Answers on People's Daily Online's message board (人民网领导留言板).

Answers go through an authorised back office without a public interface: a configured endpoint takes
them. The receipt is the answer in its thread, found when the thread is read again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import httpx

from services.reply.rules.platform_profile import PlatformProfile
from services.reply.settings import ReplySettings
from shared.clock import Clock
from shared.http import ONCE, RetryPolicy, open_client
from shared.platform_kit.message_board_reader import ANSWER, BoardAccess, BoardReader, of_type
from shared.send_once import send_once

from .channel import OutgoingReply, Receipt

PROFILE: Final = PlatformProfile(
    name="message_board",
    can_look=True,
    reaches_resident=True,  # it stands in their own thread
)
PROFILES: Final = (PROFILE,)
_NO_THREAD: Final = "0"


@dataclass(frozen=True, slots=True)
class BoardSettings:
    """How one organisation answers on the board."""

    access: BoardAccess
    organization: str
    """The name its answers are signed with there."""
    back_office_url: str
    back_office_key: str = field(repr=False)
    appears_within: timedelta = timedelta(days=3)
    """How long the board may review an answer before it shows it (our guess: nothing published)."""


class BoardChannel:
    """A Channel. An answer has no number on the board: its words and its organisation name it, so
    two versions of the same words are one. Close it after use.
    """

    profile = PROFILE

    def __init__(
        self,
        settings: BoardSettings,
        clock: Clock,
        *,
        retry_policy: RetryPolicy | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.appears_within = settings.appears_within
        self._settings = settings
        self._clock = clock
        self._reader = BoardReader(settings.access, retry_policy=retry_policy, transport=transport)
        self._back_office = open_client(settings.back_office_url, transport=transport)

    async def close(self) -> None:
        await self._reader.close()
        await self._back_office.aclose()

    async def send(self, reply: OutgoingReply) -> Receipt | None:
        """Hand the answer to the back office; None: it is published later.

        Raises Refused, PlatformUnavailable or Ambiguous.
        """
        request = self._back_office.build_request(
            "POST",
            "/backoffice/replies",
            headers={"Authorization": f"Bearer {self._settings.back_office_key}"},
            json={
                "tid": reply.external_id,
                "requestId": reply.request_id,
                "organization": self._settings.organization,
                "content": reply.text,
            },
        )
        await send_once(self._back_office, request)
        return None

    async def look(self, reply: OutgoingReply) -> Receipt | None:
        """The answer as it stands in its thread. Raises PlatformUnavailable."""
        entries = await self._reader.contents(reply.external_id)
        for entry in of_type(ANSWER, entries or []):
            if self._is_ours(entry, reply):
                shown_at = _utc(entry.get("dateline")) or self._clock.now()
                number = f"{reply.external_id}-{int(shown_at.timestamp())}"
                return Receipt(number=number, received_at=shown_at)
        return None

    async def probe(self) -> None:
        """Read a thread that does not exist: the board, not its back office, which shows nothing.

        Raises PlatformUnavailable.
        """
        await self._reader.contents(_NO_THREAD, ONCE)

    def _is_ours(self, entry: Mapping[str, object], reply: OutgoingReply) -> bool:
        return _bare(entry.get("content")) == _bare(reply.text) and _bare(
            entry.get("organization")
        ) == _bare(self._settings.organization)


def _bare(text: object) -> str:
    """Text without white space, which web pages set as they like."""
    return "".join(str(text).split())


def _utc(seconds: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(str(seconds)), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def open_channel(
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
