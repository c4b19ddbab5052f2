"""`waterdesk erase`, `keys` and `disclosures` beside a database of intake's own."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from sqlmodel import select
from typer.testing import CliRunner

from services.intake.context import Context
from services.intake.handlers.keys import check_keys
from services.intake.keyed_hashes import KeyedHashes
from services.intake.models import Disclosure, Erasure
from shared.db import Database
from shared.privacy.vault import Vault, new_key
from tests.conftest import NOW
from tests.integration.intake.conftest import SECRET
from tests.integration.intake.deliveries import COUNTY, RESIDENT, ticket
from tests.integration.intake.steps import complaints, ingest_together
from waterdesk.cli import commands

OLD, NEW = new_key(), new_key()
Command = Callable[..., Awaitable[tuple[int, list[str]]]]


@pytest.fixture
async def filled(database: Database, context: Context) -> Database:
    """Three complaints, two of one resident; one of them was looked at."""
    vault = Vault([OLD])
    filled = Context(context.gazetteer, vault, KeyedHashes(SECRET))
    other = ticket("XA-3", resident=type(RESIDENT)(phone="13900000009"))
    await check_keys(database, vault)
    await ingest_together(database, filled, ticket("XA-1"), ticket("XA-2"), other)
    first = (await complaints(database))[0]
    async with database.work() as (session, _):
        session.add(
            Disclosure(
                id="d1",
                county=COUNTY,
                disclosed_id=first.id,
                disclosed_to="wang",
                role="dispatcher",
                disclosed_at=NOW,
            )
        )
    return database


@pytest.fixture
def command(filled: Database, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Runs one command line; its status and lines."""
    url = filled.engine.url.set(database="{service}").render_as_string(hide_password=False)
    name = filled.engine.url.database
    monkeypatch.setenv("WATERDESK_DATABASE_URL", url.replace("%7Bservice%7D", "{service}"))
    monkeypatch.setenv("WATERDESK_SECRET", SECRET)
    monkeypatch.setenv("WATERDESK_COUNTY", COUNTY)
    monkeypatch.setattr(
        "waterdesk.installation.Installation.database_url",
        lambda self, _: self._database_template.replace("{service}", name),
    )

    async def run(*words: str, keys: str = OLD) -> tuple[int, list[str]]:
        monkeypatch.setenv("WATERDESK_PRIVACY_KEYS", keys)
        done = await asyncio.to_thread(
            CliRunner().invoke, commands([words[0]]), list(words), catch_exceptions=False
        )
        return done.exit_code, done.stdout.splitlines()

    return run


async def test_a_complaint_or_a_person_is_erased_and_recorded(
    command: Command, filled: Database
) -> None:
    first, *_ = await complaints(filled)

    assert await command("erase", "--complaint", first.id) == (0, ["已删除 erased: 1"])
    assert await command("erase", "--person", "139 0000 0001") == (0, ["已删除 erased: 1"])
    assert (await command("erase"))[0] == 2

    assert [one.erased_at is not None for one in await complaints(filled)] == [True, True, False]
    async with filled.reading() as session:
        records = (await session.exec(select(Erasure))).all()
    assert len(records) == 2
    assert all(one.erased_by.startswith("command:") for one in records)


async def test_who_looked_is_listed(command: Command, filled: Database) -> None:
    first, second, _ = await complaints(filled)

    status, (line,) = await command("disclosures", "--json")
    assert (status, json.loads(line)) == (
        0,
        {
            "at": "2026-10-12T09:30:00+08:00",
            "viewer": "wang",
            "role": "dispatcher",
            "disclosed_id": first.id,
        },
    )
    assert len((await command("disclosures", "--person", "13900000001"))[1]) == 1
    assert (await command("disclosures", "--complaint", second.id))[1] == []
    assert (await command("disclosures", "--viewer", "li"))[1] == []
    assert (await command("disclosures", "--since", "2026-10-12T10:00"))[1] == []


async def test_keys_are_listed_and_rotated(command: Command, filled: Database) -> None:
    old, new = (Vault([key]).fingerprints[0] for key in (OLD, NEW))
    both = f"{NEW},{OLD}"

    assert await command("keys", "list") == (0, [f"{old}\twrites\t9"])
    assert await command("keys", "list", keys=both) == (
        0,
        [f"{new}\twrites\t0", f"{old}\treads\t9"],
    )
    assert await command("keys", "list", keys=NEW) == (
        1,
        [f"{new}\twrites\t0", f"{old}\tmissing\t9"],
    )
    assert await command("keys", "rotate", keys=both) == (0, ["已重新封存 resealed: 9"])
    assert await command("keys", "list", keys=NEW) == (0, [f"{new}\twrites\t9"])
