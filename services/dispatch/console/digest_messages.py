"""The morning digest as a message, once a person and working day."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.dispatch.console.language import Words
from services.dispatch.console.queries.digest import read_digest
from services.dispatch.handlers.alert_people import quiet_hours_of
from services.dispatch.models import DigestSubscription, Staff, StaffMessage
from services.dispatch.notices.queueing import Notice, queue
from services.dispatch.policy import Policy
from services.dispatch.reply_facts import ReplyFacts
from services.dispatch.rules.alerts import sent_from
from services.dispatch.rules.digest import Digest, digest_id, is_time, lines
from shared.auth.permissions import ALLOWED as ALLOWED_BY_ROLE
from shared.auth.permissions import Permission, Role
from shared.clock import SHANGHAI
from shared.db import Database

_words = Words("zh")


@dataclass(frozen=True, slots=True)
class DigestMessages:
    """`tolerated`: for how long a platform may be unavailable before people are told."""

    database: Database
    policy: Policy
    facts: ReplyFacts
    tolerated: timedelta

    async def once(self) -> int:
        """Queue what is due now. Returns 0: nothing of it is left to do at once."""
        async with self.database.reading() as session:
            wanted = await self._wanted(session)
        for county, names in wanted.items():
            await self._tell(county, names)
        return 0

    async def _wanted(self, session: AsyncSession) -> Mapping[str, Sequence[str]]:
        """By county: who wants it about now and has not been told yet."""
        now = self.database.clock.now()
        day = now.astimezone(SHANGHAI).date()
        told = exists().where(
            col(StaffMessage.sign_in_name) == col(Staff.sign_in_name),
            col(StaffMessage.alert_id) == "digest-" + col(Staff.county) + f"-{day}",
        )
        found = await session.execute(
            select(Staff, col(DigestSubscription.at))
            .join(Staff, col(Staff.sign_in_name) == col(DigestSubscription.sign_in_name))
            .where(col(Staff.active), ~told)
        )
        wanted: dict[str, list[str]] = defaultdict(list)
        for person, at in found.tuples():
            if is_time(at, now) and Permission.HOTSPOT_SEE in ALLOWED_BY_ROLE[Role(person.role)]:
                wanted[person.county].append(person.sign_in_name)
        return wanted

    async def _tell(self, county: str, names: Sequence[str]) -> None:
        now = self.database.clock.now()
        day = now.astimezone(SHANGHAI).date()
        if not await self.facts.is_working_day(county, day):
            return
        outages = await self.facts.outages(county, self.tolerated)
        async with self.database.work() as (session, _):
            digest = await read_digest(session, county, now, outages)
            quiet = await quiet_hours_of(session, county)
            notices = [
                Notice(
                    alert_id=digest_id(county, day),
                    sign_in_name=name,
                    title=_words("digest.message_title", day=f"{day:%m-%d}"),
                    body=body(digest),
                    not_before=sent_from(now, quiet, urgent=False),
                )
                for name in names
            ]
            await queue(session, notices, self.policy.ways, now)


def body(digest: Digest) -> str:
    """Numbers and platforms alone: nothing about a resident."""
    said = [
        f"{_words(f'digest.{line.key}')} {'—' if line.number is None else line.number}"
        for line in lines(digest)
    ]
    platforms = "、".join(_words.code("platform", each) for each in digest.outages or ())
    return "；".join(said) + (f"：{platforms}" if platforms else "")
