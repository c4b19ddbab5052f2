"""`waterdesk accounts`: first passwords for the county's staff."""

import asyncio

import typer

from services.dispatch.county_file import DEMO_COUNTY, County, read_county
from services.dispatch.handlers.county_import import give_first_passwords, import_county
from services.dispatch.settings import DispatchSettings
from waterdesk.commands.opening import opened_database, opened_installation
from waterdesk.installation import Installation


def accounts() -> None:
    """开通账号: load WATERDESK_COUNTY_FILE and give a password to every account without one.

    Prints each sign-in name with its first password, once: only hashes are stored. It must be
    changed at the first sign-in.

    Example:  WATERDESK_COUNTY_FILE=county.yaml waterdesk accounts
    """
    settings = DispatchSettings()
    county = read_county(settings.county_file or DEMO_COUNTY)
    with opened_installation(settings) as installation:
        made = asyncio.run(_give_passwords(installation, county))
    for name, password in sorted(made.items()):
        typer.echo(f"{name}\t{password}")
    if not made:
        typer.echo("人人都已有密码 every account has a password", err=True)


async def _give_passwords(installation: Installation, county: County) -> dict[str, str]:
    await installation.migrate(("dispatch",))
    async with (
        opened_database(installation, "dispatch") as database,
        database.work() as (session, _),
    ):
        await import_county(session, county)
        return await give_first_passwords(session, county.code, one_time=True)
