"""`waterdesk erase`: erase what a resident wrote and who they are."""

import asyncio
import getpass
from typing import Annotated

import typer

from services.intake.handlers.disclose import complaints_of_person
from services.intake.handlers.erase import erase as erase_complaints
from services.intake.keyed_hashes import KeyedHashes
from services.intake.settings import IntakeSettings
from shared.bus.outbox import Outbox
from shared.db import Session
from waterdesk.commands.opening import opened_database, opened_installation
from waterdesk.installation import Installation


def erase(
    complaint: Annotated[list[str] | None, typer.Option(help="The id of a complaint.")] = None,
    person: Annotated[
        str | None, typer.Option(help="A telephone number: all complaints of it.")
    ] = None,
    reason: Annotated[
        str, typer.Option(help="Kept with the record; no personal data in it.")
    ] = "应本人要求 on the resident's request",
) -> None:
    """删除个人信息: erase words, name, phone and address of complaints of this county, for good.

    That there was a complaint, when, where and about what stays, as do counts. Who erased what and
    why is recorded. Works while the system runs.

    Example:  waterdesk erase --complaint c0198f2e41c5...

    Example:  waterdesk erase --person 13900000001 --reason "request of 2026-11-27"
    """
    if bool(complaint) == bool(person):
        raise typer.BadParameter("name --complaint or --person")
    settings = IntakeSettings()
    with opened_installation(settings) as installation:
        erased = asyncio.run(
            _erase(installation, settings.county, complaint or [], person or "", reason)
        )
    typer.echo(f"已删除 erased: {erased}")


async def _erase(
    installation: Installation, county: str, complaint_ids: list[str], phone: str, reason: str
) -> int:
    async def action(session: Session, _: Outbox) -> int:
        person_key = KeyedHashes(installation.secret).of_phone(county, phone)
        of_person = await complaints_of_person(session, county, person_key)
        return await erase_complaints(
            session,
            [*complaint_ids, *of_person],
            county=county,
            erased_by=f"command:{getpass.getuser()}",
            reason=reason,
            now=database.clock.now(),
        )

    async with opened_database(installation, "intake") as database:
        return await database.in_transaction(action)
