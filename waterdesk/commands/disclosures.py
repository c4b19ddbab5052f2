"""`waterdesk disclosures`: who looked at residents' data."""

import asyncio
import json
from typing import Annotated

import typer

from services.intake.handlers.disclose import (
    DisclosureFilter,
    complaints_of_person,
)
from services.intake.handlers.disclose import (
    disclosures as find_disclosures,
)
from services.intake.keyed_hashes import KeyedHashes
from services.intake.settings import IntakeSettings
from shared.clock import SHANGHAI, SystemClock
from shared.logging import configure_logging
from waterdesk.commands.since import read_since
from waterdesk.composition import open_database
from waterdesk.installation import Installation, open_installation

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
    wanted = DisclosureFilter(
        complaint_ids=[complaint] if complaint else None,
        viewer=viewer,
        since=read_since(since) if since else None,
    )
    settings = IntakeSettings()
    configure_logging(settings.log_level)
    with open_installation(settings) as installation:
        asyncio.run(_print(installation, settings.county, wanted, person, as_json=as_json))


async def _print(
    installation: Installation,
    county: str,
    wanted: DisclosureFilter,
    phone: str | None,
    *,
    as_json: bool,
) -> None:
    database = open_database(installation, "intake", SystemClock())
    try:
        async with database.reading() as session:
            if phone is not None:
                key = KeyedHashes(installation.secret).of_phone(county, phone)
                wanted = wanted.only_of(await complaints_of_person(session, county, key))
            while looks := await find_disclosures(session, county, wanted, _PAGE):
                for look in looks:
                    at = look.disclosed_at.astimezone(SHANGHAI).isoformat(timespec="seconds")
                    line = {
                        "at": at,
                        "viewer": look.disclosed_to,
                        "role": look.role,
                        "disclosed_id": look.disclosed_id,
                    }
                    typer.echo(json.dumps(line) if as_json else "\t".join(line.values()))
                wanted = wanted.following(looks[-1])
    finally:
        await database.close()
