"""Use cases of key keeping: is every key here that the data need; reseal all with the first one.

A sealed value begins with the fingerprint of its key. `privacy_key` lists the keys in use, so that
a start with other keys is refused before anything is sealed with them.
"""

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, bindparam, func, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, delete

from services.intake.models import PrivacyKey, RawMessage, ResidentData, Words, sealed_in
from services.intake.models.base import IntakeTable
from shared.db import Database, Session
from shared.privacy.vault import FINGERPRINT_BYTES, SealedWithAnotherKey, Vault
from shared.sql import table_of


class KeysMissing(Exception):
    """Data are sealed with keys that the settings do not hold; the text names them."""


_LENGTH: ColumnElement[int] = literal_column(str(FINGERPRINT_BYTES))


@dataclass(frozen=True, slots=True)
class _SealedColumn:
    """Where sealed values stand; each is tied to its `owner`."""

    model: type[IntakeTable]
    key: str
    sealed: str
    owner: str

    @property
    def table(self) -> Table:
        return table_of(self.model)

    @property
    def value(self) -> ColumnElement[bytes]:
        return self.table.c[self.sealed]

    @property
    def fingerprint(self) -> ColumnElement[str]:
        begins = func.substring(self.value, literal_column("1"), _LENGTH)
        return func.encode(begins, literal_column("'hex'"))


_SEALED = (
    _SealedColumn(RawMessage, "id", "sealed_body", "id"),
    _SealedColumn(Words, "id", "sealed", "raw_message_id"),
    _SealedColumn(ResidentData, "complaint_id", "sealed", "complaint_id"),
)
_STEP = 500
"""Values resealed in one transaction."""


async def check_keys(database: Database, vault: Vault) -> None:
    """Raise KeysMissing where `vault` lacks a key that data here are sealed with; else note the one
    it seals with. To be called before intake seals anything."""
    async with database.work() as (session, _):
        in_use = await session.scalars(select(col(PrivacyKey.fingerprint)))
        if missing := sorted(set(in_use).difference(vault.fingerprints)):
            raise KeysMissing(
                "WATERDESK_PRIVACY_KEYS: 缺少数据所用的密钥，请恢复 data are sealed with keys that"
                f" are missing, restore them: {', '.join(missing)}"
            )
        first = {"fingerprint": vault.fingerprints[0], "first_used_at": database.clock.now()}
        await session.execute(insert(PrivacyKey).on_conflict_do_nothing(), first)


async def values_by_key(session: Session) -> Counter[str]:
    """How many values are sealed with each key, by its fingerprint. Reads every sealed value's
    first bytes: seconds for a million complaints."""
    values: Counter[str] = Counter()
    for column in _SEALED:
        found = await session.execute(
            select(column.fingerprint, func.count())
            .where(column.value != b"")
            .group_by(column.fingerprint)
        )
        values.update(dict(found.tuples().all()))
    return values


async def reseal(database: Database, vault: Vault) -> AsyncGenerator[int]:
    """Reseal with the first key all that older keys of `vault` sealed; yields how many values after
    each step. What is done stays done: a run that was interrupted is begun again.

    Keys without a value left are forgotten then: a start no longer asks for them.
    """
    for column in _SEALED:
        after: object = None
        while True:
            async with database.work() as (session, _):
                resealed, after = await _reseal_step(session, vault, column, after)
            if after is None:
                break
            yield resealed
    async with database.work() as (session, _):
        kept = [*await values_by_key(session), vault.fingerprints[0]]
        await session.exec(delete(PrivacyKey).where(col(PrivacyKey.fingerprint).not_in(kept)))


async def _reseal_step(
    session: Session, vault: Vault, column: _SealedColumn, after: object
) -> tuple[int, object]:
    """How many values were resealed, and the last key; None where there are none left. A value that
    does not open stays as it is."""
    key, owner = column.table.c[column.key], column.table.c[column.owner]
    old = select(key, owner, column.value).where(
        column.value != b"", column.fingerprint.in_(vault.fingerprints[1:])
    )
    if after is not None:
        old = old.where(key > after)
    found = await session.execute(old.order_by(key).limit(_STEP).with_for_update())
    resealed, last = [], None
    for row_key, owner_id, sealed in found:
        last = row_key
        with suppress(SealedWithAnotherKey):
            belongs_to = sealed_in(column.model, owner_id)
            again = vault.seal(vault.open(sealed, belongs_to=belongs_to), belongs_to=belongs_to)
            resealed.append({"row_key": row_key, "again": again})
    if resealed:
        await session.execute(
            update(column.table)
            .where(key == bindparam("row_key"))
            .values({column.sealed: bindparam("again")}),
            resealed,
        )
    return len(resealed), last
