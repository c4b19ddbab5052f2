"""`waterdesk keys`: the keys that seal residents' data."""

import asyncio
from collections import Counter

import typer

from services.intake.handlers.keys import check_keys, reseal, values_by_key
from shared.settings import CommonSettings
from waterdesk.commands.opening import opened_database, opened_installation
from waterdesk.installation import Installation

keys = typer.Typer(
    help="密钥: the keys that seal residents' data, by their fingerprints.", no_args_is_help=True
)


@keys.command("list")
def list_() -> None:
    """列出: each key's fingerprint, what it is for, and how many values are sealed with it.

    `writes`: the first of WATERDESK_PRIVACY_KEYS; `reads`: an older one; `missing`: not among them,
    so that its values cannot be opened. Exit status 1 where one is missing.

    Example:  waterdesk keys list
    """
    with opened_installation(CommonSettings()) as installation:
        values = asyncio.run(_values(installation))
        ours = installation.vault.fingerprints
    uses = dict.fromkeys(ours, "reads") | {ours[0]: "writes"}
    for fingerprint in [*ours, *sorted(values.keys() - uses.keys())]:
        use = uses.get(fingerprint, "missing")
        typer.echo(f"{fingerprint}\t{use}\t{values[fingerprint]}")
    if values.keys() - uses.keys():
        raise typer.Exit(1)


@keys.command("rotate")
def rotate() -> None:
    """重新封存: reseal with the first key all that older keys have sealed, in small steps.

    First give every replica the new key behind the old ones in WATERDESK_PRIVACY_KEYS, then put it
    first everywhere, then run this while the system runs. Interrupted, it is run again. The old
    key can be dropped once `waterdesk keys list` shows no value of it.

    Example:  waterdesk keys rotate
    """
    with opened_installation(CommonSettings()) as installation:
        resealed = asyncio.run(_rotate(installation))
    typer.echo(f"已重新封存 resealed: {resealed}")


async def _values(installation: Installation) -> Counter[str]:
    async with opened_database(installation, "intake") as database, database.reading() as session:
        return await values_by_key(session)


async def _rotate(installation: Installation) -> int:
    async with opened_database(installation, "intake") as database:
        await check_keys(database, installation.vault)
        return sum([count async for count in reseal(database, installation.vault)])
