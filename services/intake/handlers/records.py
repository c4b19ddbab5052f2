"""What a batch finds stored and what it writes: many rows a statement, personal data sealed."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from pydantic_core import to_json
from sqlalchemy import LargeBinary, bindparam, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel.ext.asyncio.session import AsyncSession

from services.intake.models import (
    Complaint,
    DeliveryResult,
    Ingested,
    NewDelivery,
    RawMessage,
    ResidentData,
    Words,
    sealed_in,
)
from services.intake.models.base import IntakeTable
from services.intake.platforms.incoming import Incoming, Platform, Resident, Unreadable
from shared.bulk_insert import bulk_insert, new_row
from shared.ids import new_id
from shared.privacy.vault import Vault
from shared.sql import any_of, row_written, table_of

_raw_messages, _words = table_of(RawMessage), table_of(Words)
_RESIDENT_WRITTEN = row_written(table_of(ResidentData))
_KNOWN = select(_raw_messages.c.delivery_id, _raw_messages.c.complaint_id).where(
    _raw_messages.c.platform == bindparam("its_platform"),
    _raw_messages.c.county == bindparam("its_county"),
    _raw_messages.c.delivery_id == any_of("delivery_ids"),
)
APPLIED = frozenset({DeliveryResult.RECEIVED, DeliveryResult.EDITED})
"""The words of the last of these are how the complaint stands now."""
_PARTS_OF_RESIDENT = [each.name for each in fields(Resident)]

_COLUMNS = table_of(Complaint).c.keys()
_BYTES = [each.name for each in table_of(Complaint).c if isinstance(each.type, LargeBinary)]
_NAMES = ", ".join(f'"{name}"' for name in _COLUMNS)
_INSERT_OR_LOCK = text(
    f"INSERT INTO complaint ({_NAMES}) SELECT {_NAMES}"  # noqa: S608 - our own columns
    " FROM json_populate_recordset(NULL::complaint, CAST(:rows AS json))"
    " ORDER BY external_id"
    " ON CONFLICT (platform, county, external_id)"
    " DO UPDATE SET external_id = excluded.external_id"
    " RETURNING external_id, id"
)


@dataclass(slots=True)
class Records:
    """What each delivery of one batch meant, and everything the batch writes."""

    session: AsyncSession
    platform: Platform
    county: str
    now: datetime
    vault: Vault
    ingested: dict[str, Ingested] = field(default_factory=dict)
    """By delivery id."""
    _raw: list[RawMessage] = field(default_factory=list)
    _words: list[Words] = field(default_factory=list)
    _residents: dict[str, bytes] = field(default_factory=dict)
    """Sealed, by the complaint's id."""

    async def find_known(self, delivery_ids: Collection[str]) -> None:
        """Those of `delivery_ids` that are stored are duplicates."""
        known = {
            "its_platform": self.platform,
            "its_county": self.county,
            "delivery_ids": list(delivery_ids),
        }
        for delivery_id, complaint_id in await self.session.execute(_KNOWN, known):
            self.ingested[delivery_id] = Ingested(DeliveryResult.DUPLICATE, complaint_id)

    async def insert_or_lock(self, rows: Iterable[Complaint]) -> dict[str, str]:
        """By external id, the id of its complaint: that of its row where it is new, else the known
        one. All are locked by this transaction then.

        One statement in the order of numbers, so that two replicas never wait for each other.
        """
        as_json = to_json([_as_postgres_reads_it(row) for row in rows]).decode()
        found = await self.session.execute(_INSERT_OR_LOCK, {"rows": as_json})
        return {row.external_id: row.id for row in found}

    def add(self, delivery: NewDelivery, complaint: Complaint, result: DeliveryResult) -> None:
        """Of an erased complaint, and of what brings no words, only the delivery's number is
        kept."""
        incoming, raw_id = delivery.incoming, delivery.raw_id
        repeats = result is DeliveryResult.EVALUATED and self.platform is not Platform.WECHAT
        has_words = not (
            repeats or result is DeliveryResult.DUPLICATE or complaint.erased_at is not None
        )
        body = self._seal(RawMessage, raw_id, incoming.raw) if has_words else b""
        self._raw.append(self._note(raw_id, incoming, result, body, complaint.id))
        if not has_words:
            return
        words = {"title": incoming.title, "text": incoming.text}
        self._words.append(
            new_row(
                Words,
                complaint_id=complaint.id,
                raw_message_id=raw_id,
                result=result.value,
                stated_at=incoming.stated_at,
                sealed=self._seal(Words, raw_id, _as_json(words)),
            )
        )
        resident = {name: getattr(incoming.resident, name) for name in _PARTS_OF_RESIDENT}
        known = {name: part for name, part in resident.items() if part}
        if known and result in APPLIED:
            sealed = self._seal(ResidentData, complaint.id, _as_json(known))
            self._residents[complaint.id] = sealed

    async def write(self) -> None:
        await bulk_insert(self.session, _raw_messages, self._raw)
        await bulk_insert(self.session, _words, self._words)
        if self._residents:
            rows = [
                {"complaint_id": complaint_id, "sealed": sealed}
                for complaint_id, sealed in self._residents.items()
            ]
            await self.session.execute(_RESIDENT_WRITTEN, rows)

    async def write_unreadable(self, unreadable: Sequence[Unreadable]) -> None:
        """One that another replica has just stored is left out."""
        rows = []
        for message in sorted(unreadable, key=lambda message: message.delivery_id):
            raw_id = new_id("r", self.now)
            body = self._seal(RawMessage, raw_id, message.raw)
            row = self._note(raw_id, message, DeliveryResult.UNREADABLE, body)
            rows.append({each.name: vars(row)[each.name] for each in _raw_messages.c})
        if rows:
            await self.session.execute(upsert(_raw_messages).on_conflict_do_nothing(), rows)

    def _note(
        self,
        raw_id: str,
        delivery: Incoming | Unreadable,
        result: DeliveryResult,
        sealed_body: bytes,
        complaint_id: str | None = None,
    ) -> RawMessage:
        """What a delivery meant: for the answer, and as its row."""
        self.ingested[delivery.delivery_id] = Ingested(result, complaint_id)
        return new_row(
            RawMessage,
            id=raw_id,
            platform=self.platform.value,
            county=self.county,
            delivery_id=delivery.delivery_id,
            external_id=delivery.external_id,
            received_at=self.now,
            result=result.value,
            why=delivery.why if isinstance(delivery, Unreadable) else None,
            sealed_body=sealed_body,
            complaint_id=complaint_id,
        )

    def _seal(self, table: type[IntakeTable], owner: str, plain: bytes) -> bytes:
        return self.vault.seal(plain, belongs_to=sealed_in(table, owner))


def _as_postgres_reads_it(row: Complaint) -> dict[str, Any]:
    values = {name: vars(row)[name] for name in _COLUMNS}
    for name in _BYTES:
        if values[name] is not None:
            values[name] = rf"\x{values[name].hex()}"
    return values


def _as_json(personal: Mapping[str, str]) -> bytes:
    return json.dumps(personal, ensure_ascii=False).encode("utf-8", "replace")
