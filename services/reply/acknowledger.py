"""Accepts orders on the platform (签收), with patience: best effort, and harmless twice."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from shared.db import Database
from shared.http import PlatformUnavailable

from .channels.channel import Ambiguous, Refused
from .handlers.acknowledging import (
    Acknowledgement,
    claim_acknowledgements,
    record_acknowledgement,
)
from .rules.delivery import Pace

_AT_ONCE = 20

log = structlog.get_logger(__name__)


class Acknowledges(Protocol):
    async def acknowledge(self, external_id: str, officer: str, at: datetime) -> None:
        """Raises Refused, PlatformUnavailable or Ambiguous."""
        ...


@dataclass(frozen=True, slots=True)
class Acknowledger:
    database: Database
    platform: Acknowledges
    officer: str
    pace: Pace

    async def once(self) -> int:
        """Accept some orders that are due for it. Returns how many."""
        async with self.database.work() as (session, _):
            due = await claim_acknowledgements(
                session, self.database.clock.now(), pace=self.pace, limit=_AT_ONCE
            )
        for each in due:
            await self._acknowledge(each)
        return len(due)

    async def _acknowledge(self, each: Acknowledgement) -> None:
        done, again_at = False, None
        try:
            await self.platform.acknowledge(each.external_id, self.officer, each.accepted_at)
            done = True
        except Refused as refused:
            log.warning("acknowledgement_refused", complaint_id=each.complaint_id, why=str(refused))
        except (PlatformUnavailable, Ambiguous):
            again_at = self.database.clock.now() + self.pace.wait_after(each.attempts)
        async with self.database.work() as (session, _):
            await record_acknowledgement(
                session,
                each.complaint_id,
                self.database.clock.now(),
                done=done,
                again_at=again_at,
            )
