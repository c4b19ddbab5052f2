"""What keeps failing, with its evidence."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from services.dispatch.models import Hotspot, Scheme, WorkOrder

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class HotspotLine:
    hotspot: Hotspot
    scheme: Scheme
    evidence: tuple[WorkOrder, ...]

    @property
    def days(self) -> int:
        """From the first failure to the last."""
        return (self.hotspot.last_at - self.hotspot.first_at).days

    @property
    def strip(self) -> tuple[float, ...]:
        """Where on a line from the first failure to the last each one stands, 0 to 1."""
        first, length = self.hotspot.first_at, self.hotspot.last_at - self.hotspot.first_at
        whole = length.total_seconds() or 1
        return tuple(
            min(max((work_order.first_sent_at - first).total_seconds() / whole, 0), 1)
            for work_order in self.evidence
        )

    @property
    def complaints(self) -> int:
        return sum(work_order.complaints for work_order in self.evidence)

    @property
    def weight(self) -> tuple[bool, int, int, datetime]:
        """Unseen first, then the most failures, the most complaints, the latest."""
        unseen = self.hotspot.seen_at is None
        return (unseen, self.hotspot.failures, self.complaints, self.hotspot.last_at)


async def count_unseen(session: AsyncSession, county: str) -> int:
    unseen = select(func.count()).where(
        col(Hotspot.county) == county, col(Hotspot.seen_at).is_(None)
    )
    return int((await session.execute(unseen)).scalar_one())


async def read_hotspots(
    session: AsyncSession, county: str, most: int = _SHOWN, *, unseen: bool = False
) -> tuple[HotspotLine, ...]:
    """`unseen`: those that nobody has looked at."""
    query = (
        select(Hotspot, Scheme)
        .join(Scheme, col(Scheme.id) == col(Hotspot.scheme_id))
        .where(col(Hotspot.county) == county)
        .order_by(col(Hotspot.last_at).desc())
        .limit(most)
    )
    if unseen:
        query = query.where(col(Hotspot.seen_at).is_(None))
    found = await session.execute(query)
    rows = list(found.tuples())
    ids = [one for spot, _ in rows for one in spot.work_order_ids]
    evidence = await session.execute(select(WorkOrder).where(col(WorkOrder.id).in_(ids)))
    work_orders = {work_order.id: work_order for work_order in evidence.scalars()}
    lines = [
        HotspotLine(
            hotspot=spot,
            scheme=scheme,
            evidence=tuple(work_orders[one] for one in spot.work_order_ids if one in work_orders),
        )
        for spot, scheme in rows
    ]
    return tuple(sorted(lines, key=lambda line: line.weight, reverse=True))
