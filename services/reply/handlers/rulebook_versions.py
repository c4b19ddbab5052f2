"""A county's own policies and calendar: saved as versions, and looked up."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.reply.commands import RestoreRulebook, SaveRulebook
from services.reply.context import Context, ReplyConfig
from services.reply.models import RulebookEffect, RulebookVersion
from services.reply.rulebook import ANY_COUNTY, Kind, Rulebook, rulebook_of
from services.reply.rules.objections import CommandRejected, Objection, reject_if
from shared.auth.tokens import Person


class History(NamedTuple):
    """What a county has been counted by, the newest first, and what the files say meanwhile."""

    versions: Sequence[RulebookVersion]
    shipped: RulebookVersion | None
    """The files' newest edition, where the county has its own versions and does not use it."""

    @property
    def newest(self) -> RulebookVersion:
        return self.versions[0]


async def save_version(
    context: Context, kind: Kind, command: SaveRulebook, person: Person
) -> RulebookVersion:
    """Raises CommandRejected, and FileInvalid where the text cannot be used."""
    rulebooks = context.config.rulebooks
    await rulebooks.lock(context.session)
    await rulebooks.take_over_first(context.session, context.now)
    history = await read_history(context.session, kind, person.county)
    newest = history.newest
    reject_if(Objection.RULEBOOK_CHANGED if newest.number != command.based_on else None)
    reject_if(Objection.RULEBOOK_SAME if newest.content == command.content else None)
    await proposed(context.session, context.config, kind, command.content, person.county)
    version = RulebookVersion(
        county=person.county,
        kind=kind.value,
        number=newest.number + 1,
        content=command.content,
        saved_at=context.now,
        saved_by=person.name,
        note=command.note.strip(),
    )
    context.session.add(version)
    await context.session.flush()
    return version


async def restore_version(
    context: Context, kind: Kind, number: int, command: RestoreRulebook, person: Person
) -> RulebookVersion:
    """Raises CommandRejected."""
    old = await read_version(context.session, kind, person.county, number)
    save = SaveRulebook(based_on=command.based_on, content=old.content, note=command.note)
    return await save_version(context, kind, save, person)


async def proposed(
    session: AsyncSession, config: ReplyConfig, kind: Kind, content: str, county: str
) -> Rulebook:
    """The county's rulebook, were this its newest version. Raises FileInvalid."""
    await config.rulebooks.refresh(session, now=True)
    present = config.rulebooks.current.of(county)
    return rulebook_of({**present.texts, kind: content})


async def read_history(session: AsyncSession, kind: Kind, county: str) -> History:
    """At least one version: the files are taken over before anything is asked."""
    found = await session.execute(
        select(RulebookVersion)
        .where(
            col(RulebookVersion.kind) == kind.value,
            col(RulebookVersion.county).in_([county, ANY_COUNTY]),
        )
        .order_by(col(RulebookVersion.number).desc())
    )
    all_versions = found.scalars().all()
    own = [each for each in all_versions if each.county == county]
    of_files = [each for each in all_versions if each.county == ANY_COUNTY]
    if not own:
        return History(of_files, None)
    before = [each for each in of_files if each.number < own[-1].number]
    used = {each.content for each in (*own, *before)}
    is_new = bool(of_files) and of_files[0].content not in used
    return History([*own, *before], of_files[0] if is_new else None)


async def read_version(
    session: AsyncSession, kind: Kind, county: str, number: int
) -> RulebookVersion:
    """Raises CommandRejected. Another county's is as unknown as one that does not exist."""
    for version in (await read_history(session, kind, county)).versions:
        if version.number == number:
            return version
    raise CommandRejected(Objection.UNKNOWN_RULEBOOK_VERSION)


async def read_effects(session: AsyncSession, kind: Kind, county: str) -> dict[int, RulebookEffect]:
    """By version: what counting again by it did so far."""
    found = await session.execute(
        select(RulebookEffect).where(
            col(RulebookEffect.county) == county, col(RulebookEffect.kind) == kind.value
        )
    )
    return {each.number: each for each in found.scalars()}
