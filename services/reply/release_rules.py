"""The rules by which replies go out by themselves, as this process last saw them.

A periodic task of every replica refreshes them; what counts in the end is the row, which
handlers/release.py locks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from .models import ReleaseRule
from .rules.release import ReleaseRule as Rule


def rules_by_county(found: Iterable[ReleaseRule]) -> Mapping[str, Sequence[Rule]]:
    rules: dict[str, list[Rule]] = {}
    for each in found:
        rules.setdefault(each.county, []).append(each.rule)
    return rules


@dataclass(slots=True)
class ReleaseRules:
    enabled: Mapping[str, Sequence[Rule]] = field(default_factory=dict)
    """By county; replaced as a whole."""

    async def refresh(self, session: AsyncSession) -> None:
        found = await session.execute(select(ReleaseRule).where(col(ReleaseRule.enabled)))
        self.enabled = rules_by_county(found.scalars())
