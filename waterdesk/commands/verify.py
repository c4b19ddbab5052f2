"""`waterdesk verify`: the ledger over all three databases."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import asyncpg
import typer
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

import services
from shared.clock import SystemClock
from shared.db import async_engine
from shared.logging import configure_logging
from shared.migrations import newest_revision
from shared.settings import CommonSettings
from waterdesk.audit.looking import Books, Look, look_until_sure
from waterdesk.audit.platforms import JOURNAL
from waterdesk.audit.rules import MEANINGS
from waterdesk.installation import SERVICES, Installation, MisconfiguredError, open_installation

_IDS_SHOWN = 20
_SERVICES = Path(services.__file__).parent


def verify(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead.")] = False,
) -> None:
    """对账: is everything accounted for? Looks through all three databases and changes nothing.

    Every complaint taken is linked, waits for a person, or goes back; every deadline is met, open,
    warned of or recorded missed; every reply is delivered at most once per version; nothing is left
    in an outbox, nothing is parked unseen. Exit status 0 where that holds; else 1, with the ids.

    Works while the system runs (what seems wrong is looked at again for some seconds, as news takes
    a moment from one service to another) and while it is stopped.

    Example:  waterdesk verify

    Example:  waterdesk verify --json
    """
    settings = CommonSettings()
    configure_logging(settings.log_level)
    if settings.database_url is None and not (settings.home / "postgres").exists():
        raise _not_prepared(f"no data in {settings.home}")
    with open_installation(settings) as installation:
        found = asyncio.run(look_at(installation))
    typer.echo(_as_json(found) if as_json else shown(found))
    if found.findings:
        raise typer.Exit(1)


async def look_at(installation: Installation) -> Look:
    """The ledger of a installation. Raises MisconfiguredError where it was never prepared."""
    async with _books(installation) as books:
        return await look_until_sure(books, SystemClock())


@asynccontextmanager
async def _books(installation: Installation) -> AsyncIterator[Books]:
    """Raises MisconfiguredError for a database that this version has not prepared."""
    names = (*SERVICES, "bus") if installation.settings.bus == "embedded" else SERVICES
    engines = {name: async_engine(installation.database_url(name), pool_size=1) for name in names}
    try:
        for name in SERVICES:
            revision = await _ask(engines[name], "SELECT version_num FROM alembic_version")
            if revision != newest_revision(_SERVICES / name / "migrations"):
                raise _not_prepared(f"the database of {name}")
        bus = engines.get("bus")
        if bus is not None and await _ask(bus, "SELECT 'bus_log'::regclass::text") is None:
            bus = None  # nobody has spoken yet
        services = {name: engines[name] for name in SERVICES}
        yield Books(services, bus, installation.settings.home / JOURNAL)
    finally:
        for engine in engines.values():
            await engine.dispose()


async def _ask(engine: AsyncEngine, query: str) -> str | None:
    """None where the database, or what is asked for in it, does not exist."""
    try:
        async with engine.connect() as connection:
            found: str | None = await connection.scalar(text(query))
            return found
    except (asyncpg.InvalidCatalogNameError, ProgrammingError):
        return None


def _not_prepared(what: str) -> MisconfiguredError:
    return MisconfiguredError(f"尚未准备好 not prepared: {what}; run `waterdesk migrate` first")


def _as_json(found: Look) -> str:
    findings = [
        {
            "rule": rule,
            "ids": sorted(ids)[:_IDS_SHOWN],
            "total": len(ids),
            "meaning": MEANINGS[rule],
        }
        for rule, ids in sorted(found.findings.items())
    ]
    ledger = {
        "holds": not findings,
        "counts": dict(sorted(found.counts.items())),
        "findings": findings,
    }
    return json.dumps(ledger, ensure_ascii=False)


def shown(found: Look) -> str:
    """The ledger for a person to read."""
    lines = [
        "账目不符 The ledger does not hold." if found.findings else "账目相符 The ledger holds."
    ]
    lines += [f"  {name.replace('_', ' ')}: {n}" for name, n in sorted(found.counts.items())]
    for rule, ids in sorted(found.findings.items()):
        shown = ", ".join(sorted(ids)[:_IDS_SHOWN])
        more = f", ... ({len(ids)} in all)" if len(ids) > _IDS_SHOWN else ""
        lines += [f"{rule}: {shown}{more}", f"  {MEANINGS[rule]}"]
    if found.findings and found.counts["events_unheard"]:
        lines.append(
            "还有事件在途 Events are on their way: let the services hear them, then look again."
        )
    return "\n".join(lines)
