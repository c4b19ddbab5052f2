"""`waterdesk verify`: an audit over all three databases."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import asyncpg
import typer
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import SystemClock
from shared.db import async_engine
from shared.migrations import newest_revision
from shared.settings import CommonSettings
from waterdesk.audit.rules import MEANINGS
from waterdesk.audit.run import AuditResult, AuditSources, audit
from waterdesk.audit.simulator_journal import JOURNAL
from waterdesk.commands.opening import opened_installation
from waterdesk.installation import SERVICES, Installation, MisconfiguredError, migrations_of

_IDS_SHOWN = 20


def verify(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead.")] = False,
) -> None:
    """对账: check that everything is accounted for. Reads all three databases and changes nothing.

    Every complaint is linked, waits for a person, or is returned; every deadline is met, open,
    warned or recorded as missed; every reply is delivered at most once per version; no event is
    unsent, and none is parked unseen. Exit status 0 if that holds, else 1 with the ids.

    Works while the system runs (a finding is checked again for some seconds, as events take a
    moment between services) and while it is stopped.

    Example:  waterdesk verify

    Example:  waterdesk verify --json
    """
    settings = CommonSettings()
    if settings.database_url is None and not (settings.home / "postgres").exists():
        raise _not_prepared(f"no data in {settings.home}")
    with opened_installation(settings) as installation:
        found = asyncio.run(audit_installation(installation))
    typer.echo(_as_json(found) if as_json else shown(found))
    if found.findings:
        raise typer.Exit(1)


async def audit_installation(installation: Installation) -> AuditResult:
    """Audit an installation. Raises MisconfiguredError for an unprepared one."""
    async with _audit_sources(installation) as sources:
        return await audit(sources, SystemClock())


@asynccontextmanager
async def _audit_sources(installation: Installation) -> AsyncIterator[AuditSources]:
    """Raises MisconfiguredError for a database that this version has not prepared."""
    names = (*SERVICES, "bus") if installation.settings.bus == "embedded" else SERVICES
    limits = installation.settings.limits.without_hurry()
    engines = {name: async_engine(installation.database_url(name), limits) for name in names}
    try:
        for name in SERVICES:
            revision = await _ask(engines[name], "SELECT version_num FROM alembic_version")
            if revision != newest_revision(migrations_of(name)):
                raise _not_prepared(f"the database of {name}")
        bus = engines.get("bus")
        if bus is not None and await _ask(bus, "SELECT 'bus_log'::regclass::text") is None:
            bus = None  # no service has started yet
        services = {name: engines[name] for name in SERVICES}
        yield AuditSources(
            services, bus, installation.settings.home / JOURNAL, installation.vault.fingerprints
        )
    finally:
        for engine in engines.values():
            await engine.dispose()


async def _ask(engine: AsyncEngine, query: str) -> str | None:
    """None if the database or the table does not exist."""
    try:
        async with engine.connect() as connection:
            found: str | None = await connection.scalar(text(query))
            return found
    except (asyncpg.InvalidCatalogNameError, ProgrammingError):
        return None


def _not_prepared(what: str) -> MisconfiguredError:
    return MisconfiguredError(f"尚未准备好 not prepared: {what}; run `waterdesk migrate` first")


def _as_json(found: AuditResult) -> str:
    findings = [
        {
            "rule": rule,
            "ids": sorted(ids)[:_IDS_SHOWN],
            "total": len(ids),
            "meaning": MEANINGS[rule],
        }
        for rule, ids in sorted(found.findings.items())
    ]
    result = {
        "holds": not findings,
        "counts": dict(sorted(found.counts.items())),
        "findings": findings,
    }
    return json.dumps(result, ensure_ascii=False)


def shown(found: AuditResult) -> str:
    """The result as text."""
    lines = [
        "账目不符 The ledger does not hold." if found.findings else "账目相符 The ledger holds."
    ]
    lines += [f"  {name.replace('_', ' ')}: {n}" for name, n in sorted(found.counts.items())]
    for rule, ids in sorted(found.findings.items()):
        shown = ", ".join(sorted(ids)[:_IDS_SHOWN])
        more = f", ... ({len(ids)} in all)" if len(ids) > _IDS_SHOWN else ""
        lines += [f"{rule}: {shown}{more}", f"  {MEANINGS[rule]}"]
    if found.findings and found.counts["events_unread"]:
        lines.append(
            "还有事件在途 Events are on their way: let the services run, then verify again."
        )
    return "\n".join(lines)
