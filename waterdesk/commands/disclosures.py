"""`waterdesk disclosures`: who looked at residents' data."""

import asyncio
import json
from typing import Annotated

import typer

from services.intake.handlers import disclose
from services.intake.keyed_hashes import KeyedHashes
from services.intake.settings import IntakeSettings
from shared.clock import SHANGHAI
from waterdesk.commands.opening import opened_database, opened_installation
from waterdesk.commands.since import read_since
from waterdesk.installation import Installation

_PAGE = 500


def disclosures(
    complaint: Annotated[str | None, typer.Option(help="Only of this complaint.")] = None,
    person: Annotated[
        str | None, typer.Option(help="Only of complaints of this telephone number.")
    ] = None,
    viewer: Annotated[str | None, typer.Option(help="Only what this sign-in name saw.")] = None,
    since: Annotated[str | None, typer.Option(help="ISO 8601, Shanghai time.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line per look.")] = False,
) -> None:
    """查阅记录: who looked at whose personal data in this county, the newest first.

    Example:  waterdesk disclosures --viewer wang --since 2026-11-01T00:00
    """
    wanted = disclose.DisclosureFilter(
        complaint_ids=[complaint] if complaint else None,
        viewer=viewer,
        since=read_since(since) if since else None,
    )
    settings = IntakeSettings()
    with opened_installation(settings) as installation:
        asyncio.run(_print(installation, settings.county, wanted, person, as_json=as_json))


async def _print(
    installation: Installation,
    county: str,
    wanted: disclose.DisclosureFilter,
    phone: str | None,
    *,
    as_json: bool,
) -> None:
    async with opened_database(installation, "intake") as database, database.reading() as session:
        if phone is not None:
            key = KeyedHashes(installation.secret).of_phone(county, phone)
            wanted = wanted.only_of(await disclose.complaints_of_person(session, county, key))
        while looks := await disclose.disclosures(session, county, wanted, _PAGE):
            for look in looks:
                line = {
                    "at": look.disclosed_at.astimezone(SHANGHAI).isoformat(timespec="seconds"),
                    "viewer": look.disclosed_to,
                    "role": look.role,
                    "disclosed_id": look.disclosed_id,
                }
                typer.echo(json.dumps(line) if as_json else "\t".join(line.values()))
            wanted = wanted.following(looks[-1])
