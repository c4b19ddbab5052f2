"""The three simulators of one process, and their journal."""

import asyncio

import httpx
import structlog

from shared.clock import Clock

from .hotline_12345 import Hotline
from .journal import Journal
from .message_board import MessageBoard
from .settings import SimulatorSettings
from .wechat import WeChat

log = structlog.get_logger()


class Simulators:
    """All three with their shared journal. Raises what opening the journal raises.

    `transport` reaches our intake where that is no network (httpx.ASGITransport in tests).
    """

    def __init__(
        self,
        settings: SimulatorSettings,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._every = settings.push_every.total_seconds()
        self._client = (
            httpx.AsyncClient(base_url=settings.push_to, transport=transport, trust_env=False)
            if settings.push_to
            else None
        )
        self.journal = Journal(settings.journal_path, clock)
        self.hotline = Hotline(settings, self.journal, clock, self._client)
        self.board = MessageBoard(settings, self.journal, clock)
        self.wechat = WeChat(settings, self.journal, clock, self._client)

    async def deliver_pushes(self, *, everything: bool = False) -> int:
        """Deliver once all pushes that are due now; returns how many were accepted.

        `everything` includes pushes whose retry time has not come.
        """
        hotline = await self.hotline.pushes.deliver_due(everything=everything)
        return hotline + await self.wechat.pushes.deliver_due(everything=everything)

    async def keep_delivering(self) -> None:
        """Deliver pushes as they become due, until cancelled."""
        while True:
            try:
                await self.deliver_pushes()
            except OSError:
                log.exception("simulator_journal_not_written")
            await asyncio.sleep(self._every)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
        self.journal.close()
