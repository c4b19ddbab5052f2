"""The simulators of one process, and their journal."""

import asyncio

import httpx
import structlog

from shared.clock import Clock

from .hotline_12345 import Hotline
from .journal import Journal
from .message_board import MessageBoard
from .settings import SimulatorSettings
from .sms import Sms
from .wechat import WeChat
from .wecom import WeCom

log = structlog.get_logger()


class Simulators:
    """All of them with their shared journal. Raises what opening the journal raises.

    `transport` reaches our intake and dispatch where that is no network (tests).
    """

    def __init__(
        self,
        settings: SimulatorSettings,
        clock: Clock,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._every = settings.push_every.total_seconds()
        self._to_intake = _client_of(settings.push_to, transport)
        self._to_dispatch = _client_of(settings.press_to, transport)
        self.journal = Journal(settings.journal_path, clock)
        self.hotline = Hotline(settings, self.journal, clock, self._to_intake)
        self.board = MessageBoard(settings, self.journal, clock)
        self.wechat = WeChat(settings, self.journal, clock, self._to_intake)
        self.wecom = WeCom(settings, self.journal, clock, self._to_dispatch)
        self.sms = Sms(settings, self.journal, clock)

    async def deliver_pushes(self, *, everything: bool = False) -> int:
        """Deliver once all pushes that are due now; returns how many were accepted.

        `everything` includes pushes whose retry time has not come.
        """
        queues = (self.hotline.pushes, self.wechat.pushes, self.wecom.pushes)
        return sum([await queue.deliver_due(everything=everything) for queue in queues])

    async def keep_delivering(self) -> None:
        """Deliver pushes as they become due, until cancelled."""
        while True:
            try:
                self.hotline.decide_due()
                await self.deliver_pushes()
            except OSError:
                log.exception("simulator_journal_not_written")
            await asyncio.sleep(self._every)

    async def close(self) -> None:
        for client in (self._to_intake, self._to_dispatch):
            if client is not None:
                await client.aclose()
        self.journal.close()


def _client_of(
    address: str | None, transport: httpx.AsyncBaseTransport | None
) -> httpx.AsyncClient | None:
    if address is None:
        return None
    return httpx.AsyncClient(base_url=address, transport=transport, trust_env=False)
