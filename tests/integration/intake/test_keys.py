"""Keys that residents' data are sealed with: none is lost unnoticed, each can be changed."""

from dataclasses import replace

import pytest
from sqlmodel import select

from services.intake.context import Context
from services.intake.handlers.disclose import words_of_complaint
from services.intake.handlers.keys import KeysMissing, check_keys, reseal, values_by_key
from services.intake.models import PrivacyKey
from shared.db import Database
from shared.privacy.vault import Vault, new_key
from tests.integration.intake.deliveries import COUNTY, ticket
from tests.integration.intake.steps import complaints, ingest_together, the_complaint

OLD, NEW = new_key(), new_key()
BEFORE, AFTER = Vault([OLD]), Vault([NEW, OLD])


async def keys_in_use(database: Database) -> set[str]:
    async with database.reading() as session:
        return set((await session.exec(select(PrivacyKey.fingerprint))).all())


async def counted(database: Database) -> dict[str, int]:
    async with database.reading() as session:
        return dict(await values_by_key(session))


async def words_with(vault: Vault, database: Database) -> str:
    complaint = await the_complaint(database)
    async with database.reading() as session:
        words = await words_of_complaint(session, complaint.id, county=COUNTY, vault=vault)
    assert words is not None
    return words.text


async def test_a_start_with_other_keys_than_the_datas_is_refused_and_changes_nothing(
    database: Database,
) -> None:
    await check_keys(database, BEFORE)
    with pytest.raises(KeysMissing, match=BEFORE.fingerprints[0]):
        await check_keys(database, Vault([NEW]))
    assert await keys_in_use(database) == set(BEFORE.fingerprints)
    await check_keys(database, AFTER)
    assert await keys_in_use(database) == set(AFTER.fingerprints)


async def test_all_is_resealed_with_the_first_key_and_the_old_one_forgotten(
    database: Database, context: Context
) -> None:
    await check_keys(database, BEFORE)
    await ingest_together(database, replace(context, vault=BEFORE), ticket())
    await check_keys(database, AFTER)
    assert await counted(database) == {BEFORE.fingerprints[0]: 3}

    assert sum([count async for count in reseal(database, AFTER)]) == 3

    assert await counted(database) == {AFTER.fingerprints[0]: 3}
    assert await keys_in_use(database) == {AFTER.fingerprints[0]}
    await check_keys(database, Vault([NEW]))
    assert await words_with(Vault([NEW]), database) == ticket().text


async def test_a_rotation_that_was_interrupted_goes_on_where_it_stopped(
    database: Database, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.intake.handlers.keys._STEP", 2)
    page = [ticket(f"XA-{number}") for number in range(5)]
    await ingest_together(database, replace(context, vault=BEFORE), *page)

    interrupted = reseal(database, AFTER)
    assert await anext(interrupted) == 2
    await interrupted.aclose()
    assert await counted(database) == {AFTER.fingerprints[0]: 2, BEFORE.fingerprints[0]: 13}

    assert sum([count async for count in reseal(database, AFTER)]) == 13
    assert await counted(database) == {AFTER.fingerprints[0]: 15}
    assert len(await complaints(database)) == 5


async def test_what_a_missing_key_sealed_is_left_and_its_key_stays_listed(
    database: Database, context: Context
) -> None:
    lost = Vault([new_key()])
    await check_keys(database, lost)
    await ingest_together(database, replace(context, vault=lost), ticket())

    assert [count async for count in reseal(database, AFTER)] == []

    assert await counted(database) == {lost.fingerprints[0]: 3}
    assert await keys_in_use(database) == set(lost.fingerprints)
