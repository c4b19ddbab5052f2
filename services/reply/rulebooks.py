"""The rulebooks in force, as this process knows them: read again within seconds of a change.

A transaction takes the editions once, so that all it counts is counted by one edition. A process
that has not noticed a new version yet counts by the one before, and what it counted is counted
again by `recount_outdated`, which always asks first.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import inf
from time import monotonic

import structlog
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from shared.advisory_locks import AdvisoryLock
from shared.yaml_file import FileInvalid

from .models import RulebookVersion
from .rulebook import ANY_COUNTY, Editions, Kind, Rulebook, VersionName, rulebook_of

log = structlog.get_logger(__name__)

NOTICED_AFTER = 2.0
"""Seconds until a process has noticed a new version."""
_HEADS = text("SELECT county, kind, max(number) FROM rulebook_version GROUP BY county, kind")
_NEWEST = (
    select(RulebookVersion)
    .distinct(col(RulebookVersion.county), col(RulebookVersion.kind))
    .order_by(
        col(RulebookVersion.county), col(RulebookVersion.kind), col(RulebookVersion.number).desc()
    )
)
_LOCK = text("SELECT pg_advisory_xact_lock(:number, 0)").bindparams(
    number=int(AdvisoryLock.REPLY_RULEBOOK)
)


class Rulebooks:
    def __init__(self, shipped: Rulebook) -> None:
        self.shipped = shipped
        """What the files say that the settings name."""
        self.current = Editions(shipped, {})
        self._heads: frozenset[tuple[str, str, int]] = frozenset()
        self._looked_at = -inf

    async def refresh(self, session: AsyncSession, *, now: bool = False) -> None:
        """Take over what was saved since. `now`: also where that was looked at a moment ago."""
        if not now and monotonic() - self._looked_at < NOTICED_AFTER:
            return
        heads = frozenset(tuple(row) for row in await session.execute(_HEADS))
        if heads != self._heads:
            newest = (await session.execute(_NEWEST)).scalars().all()
            self.current = editions_of(newest, self.shipped, self.current)
            self._heads = heads
        self._looked_at = monotonic()

    def look_again(self) -> None:
        """The next transaction looks, however lately that was done: a version was saved here."""
        self._looked_at = -inf

    async def lock(self, session: AsyncSession) -> None:
        """Versions are saved one after the other."""
        await session.execute(_LOCK)

    async def take_over_files(self, session: AsyncSession, now: datetime) -> None:
        """The files are the newest version, unless somebody has saved one after them: theirs stays,
        for all counties or for one."""
        await self.lock(session)
        newest = await self._newest_of_all(session)
        for kind, content in self.shipped.texts.items():
            before = newest.get(kind)
            if before is None:
                self._add(session, kind, 1, now)
            elif before.saved_by is None and before.content != content:
                self._add(session, kind, before.number + 1, now)
        await session.flush()
        await self.refresh(session, now=True)

    async def take_over_first(self, session: AsyncSession, now: datetime) -> None:
        """Where nothing is kept yet: the files are version 1."""
        for kind in self.shipped.texts.keys() - (await self._newest_of_all(session)).keys():
            self._add(session, kind, 1, now)
        await session.flush()

    async def _newest_of_all(self, session: AsyncSession) -> Mapping[Kind, RulebookVersion]:
        found = (await session.execute(_NEWEST)).scalars()
        return {Kind(each.kind): each for each in found if each.county == ANY_COUNTY}

    def _add(self, session: AsyncSession, kind: Kind, number: int, now: datetime) -> None:
        session.add(
            RulebookVersion(
                county=ANY_COUNTY,
                kind=kind.value,
                number=number,
                content=self.shipped.texts[kind],
                saved_at=now,
                saved_by=None,
                note="",
            )
        )


def editions_of(newest: Sequence[RulebookVersion], shipped: Rulebook, before: Editions) -> Editions:
    """`newest`: one row for each county and kind. What has not changed since `before` is not read
    again: a calendar takes a tenth of a second."""
    by_county: dict[str, dict[Kind, RulebookVersion]] = {}
    for version in newest:
        by_county.setdefault(version.county, {})[Kind(version.kind)] = version
    base = by_county.pop(ANY_COUNTY, {})
    default = _rulebook(base, shipped, before.default) or shipped
    own = {
        county: rulebook
        for county, versions in by_county.items()
        if (rulebook := _rulebook({**base, **versions}, shipped, before.own.get(county)))
        is not None
    }
    return Editions(default, own)


def _rulebook(
    versions: Mapping[Kind, RulebookVersion], shipped: Rulebook, before: Rulebook | None
) -> Rulebook | None:
    """None where a version cannot be used by this release: the default counts until it is mended,
    rather than nothing."""
    texts = {**shipped.texts, **{kind: each.content for kind, each in versions.items()}}
    last = max(versions.values(), key=_saved_last, default=None)
    newest = None if last is None else VersionName(Kind(last.kind), last.number, last.note)
    if before is not None and (before.texts, before.newest) == (texts, newest):
        return before
    try:
        return rulebook_of(texts, newest)
    except FileInvalid as invalid:
        county = last and last.county
        log.error("rulebook_version_unusable", county=county, why=str(invalid))  # noqa: TRY400
        return None


def _saved_last(version: RulebookVersion) -> tuple[datetime, bool]:
    return version.saved_at, version.county != ANY_COUNTY
