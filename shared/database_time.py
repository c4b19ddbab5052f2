"""The clock that all replicas of a service share."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.clock import Clock, SystemClock


@dataclass(frozen=True)
class DatabaseTime:
    """The clock that all replicas share: leases, and what is due, are judged by PostgreSQL's.

    A clock that a test or the demo's year moves by hand is the database's as well.
    """

    clock: Clock

    async def now(self, session: AsyncSession) -> datetime:
        if not isinstance(self.clock, SystemClock):
            return self.clock.now()
        at: datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
        return at
