"""A year's notice from a file into every calendar, and what it moved, county by county."""

import asyncio
import getpass
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from services.reply.calendar_file import Notice
from services.reply.channel_registry import known_profiles
from services.reply.context import Office, ReplyConfig, in_transaction
from services.reply.handlers.deadline_recount import outdated, recount_outdated
from services.reply.handlers.rulebook_versions import NewVersion, load_notice
from services.reply.models import RulebookEffect
from services.reply.rulebook import ANY_COUNTY, Kind, read_rulebook
from services.reply.rulebooks import Rulebooks
from services.reply.rules.recount import Effect
from services.reply.settings import ReplySettings
from shared.database_time import DatabaseTime
from shared.db import Database
from shared.yaml_file import parse_yaml
from waterdesk.commands.opening import opened_database
from waterdesk.installation import Installation

_LOCKED_FOR = 60
"""Half seconds to wait for complaints that another process holds."""


async def load_into(database: Database, config: ReplyConfig, text: str, name: str) -> list[Any]:
    """One line a county that was counted again. Raises FileInvalid."""
    notice = parse_yaml(text, Notice, name)
    note = f"{notice.year} holidays published 放假通知: {notice.notice}"[:200]
    who = getpass.getuser()
    saved = await in_transaction(
        database, config, lambda context: load_notice(context, text, note, who)
    )
    for _ in range(_LOCKED_FOR):
        while await in_transaction(database, config, recount_outdated):
            pass
        async with database.reading() as session:
            if not await outdated(session, config.rulebooks.current):
                break
        await asyncio.sleep(0.5)
    return await _effects(database, saved)


async def load_notice_file(
    installation: Installation, settings: ReplySettings, text: str, name: str
) -> list[Any]:
    """As `load_into`, into this installation."""
    await installation.migrate(("reply",))
    async with opened_database(installation, "reply") as database:
        shipped = read_rulebook(settings.deadline_policies, settings.work_calendar)
        config = ReplyConfig(
            Office(settings.office_name),
            Rulebooks(shipped),
            DatabaseTime(database.clock),
            known_profiles(),
        )
        return await load_into(database, config, text, name)


async def _effects(database: Database, saved: Sequence[NewVersion]) -> list[Any]:
    numbers = {each.county: each.number for each in saved}
    async with database.reading() as session:
        found = await session.execute(
            select(RulebookEffect)
            .where(
                col(RulebookEffect.kind) == Kind.CALENDAR.value,
                col(RulebookEffect.number).in_(numbers.values()),
            )
            .order_by(col(RulebookEffect.county))
        )
        return [
            {
                "county": each.county,
                "version": each.number,
                **{name: getattr(each, name) for name in Effect._fields},
            }
            for each in found.scalars()
            if each.number == numbers.get(each.county, numbers.get(ANY_COUNTY))
        ]
