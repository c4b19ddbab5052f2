"""How a batch is written: many rows a statement, and everything personal sealed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic_core import to_json
from sqlalchemy import LargeBinary, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel.ext.asyncio.session import AsyncSession

from services.intake.handlers.deduplication import NewDelivery
from services.intake.models import Complaint, DeliveryResult, RawMessage, ResidentData, Words
from services.intake.platforms.incoming import Platform, Resident, Unreadable
from shared.bulk_insert import bulk_insert, new_row
from shared.privacy.vault import Vault
from shared.sql import row_written, table_of

_raw_messages, _words = table_of(RawMessage), table_of(Words)
_residents = table_of(ResidentData)

_RESIDENT_WRITTEN = row_written(_residents, "complaint_id")
_WITH_NEW_WORDS = frozenset(
    {
        DeliveryResult.RECEIVED,
        DeliveryResult.EDITED,
        DeliveryResult.CHASED,
        DeliveryResult.OUTDATED,
    }
)
APPLIED = frozenset({DeliveryResult.RECEIVED, DeliveryResult.EDITED})
"""The words of the last of these are how the complaint stands now."""


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


async def insert_or_lock(session: AsyncSession, rows: Iterable[Complaint]) -> dict[str, str]:
    """By external id, the id of its complaint: that of its row where it is new, else the known one.
    All are locked by this transaction then.

    One statement in the order of numbers, so that two replicas never wait for each other.
    """
    as_json = to_json([_as_postgres_reads_it(row) for row in rows]).decode()
    found = await session.execute(_INSERT_OR_LOCK, {"rows": as_json})
    return {row.external_id: row.id for row in found}


def _as_postgres_reads_it(row: Complaint) -> dict[str, Any]:
    values = {name: vars(row)[name] for name in _COLUMNS}
    for name in _BYTES:
        if values[name] is not None:
            values[name] = rf"\x{values[name].hex()}"
    return values


@dataclass(slots=True)
class Records:
    """Everything one batch writes beside the complaints themselves."""

    platform: Platform
    county: str
    now: datetime
    vault: Vault
    _raw: list[RawMessage] = field(default_factory=list)
    _words: list[Words] = field(default_factory=list)
    _residents: dict[str, bytes] = field(default_factory=dict)
    """Sealed, by the complaint's id."""

    def add(
        self,
        delivery: NewDelivery,
        complaint_id: str,
        result: DeliveryResult,
        *,
        is_erased: bool = False,
    ) -> None:
        """`is_erased`: of an erased complaint only the delivery's number is kept."""
        incoming = delivery.incoming
        has_words = result in _WITH_NEW_WORDS and not is_erased
        self._raw.append(
            self._raw_row(
                delivery.raw_id,
                incoming.delivery_id,
                result,
                external_id=incoming.external_id,
                body=incoming.raw if has_words else None,
                complaint_id=complaint_id,
            )
        )
        if not has_words:
            return
        words = {"title": incoming.title, "text": incoming.text}
        self._words.append(
            new_row(
                Words,
                complaint_id=complaint_id,
                raw_message_id=delivery.raw_id,
                result=result.value,
                stated_at=incoming.stated_at,
                sealed=self._seal(words, words_of(delivery.raw_id)),
            )
        )
        if result in APPLIED and (known := _known_of(incoming.resident)):
            self._residents[complaint_id] = self._seal(known, resident_of(complaint_id))

    async def write(self, session: AsyncSession) -> None:
        await bulk_insert(session, _raw_messages, self._raw)
        await bulk_insert(session, _words, self._words)
        if self._residents:
            rows = [
                {"complaint_id": complaint_id, "sealed": sealed}
                for complaint_id, sealed in self._residents.items()
            ]
            await session.execute(_RESIDENT_WRITTEN, rows)

    async def write_unreadable(
        self, session: AsyncSession, unreadable: Sequence[tuple[str, Unreadable]]
    ) -> None:
        """Each with the id for its row. One that another replica has just stored is left out."""
        if not unreadable:
            return
        rows = [
            self._raw_row(
                raw_id,
                message.delivery_id,
                DeliveryResult.UNREADABLE,
                external_id=message.external_id,
                body=message.raw,
                why=message.why,
            )
            for raw_id, message in sorted(unreadable, key=lambda pair: pair[1].delivery_id)
        ]
        await session.execute(
            upsert(_raw_messages).on_conflict_do_nothing(),
            [{each.name: vars(row)[each.name] for each in _raw_messages.c} for row in rows],
        )

    def _raw_row(
        self,
        raw_id: str,
        delivery_id: str,
        result: DeliveryResult,
        *,
        external_id: str | None,
        body: bytes | None,
        complaint_id: str | None = None,
        why: str | None = None,
    ) -> RawMessage:
        return new_row(
            RawMessage,
            id=raw_id,
            platform=self.platform.value,
            county=self.county,
            delivery_id=delivery_id,
            external_id=external_id,
            received_at=self.now,
            result=result.value,
            why=why,
            sealed_body=b"" if body is None else self.vault.seal(body, belongs_to=body_of(raw_id)),
            complaint_id=complaint_id,
        )

    def _seal(self, personal: Mapping[str, str], belongs_to: str) -> bytes:
        plain = json.dumps(personal, ensure_ascii=False).encode("utf-8", "replace")
        return self.vault.seal(plain, belongs_to=belongs_to)


def body_of(raw_id: str) -> str:
    """What a sealed raw body is tied to (Vault's `belongs_to`)."""
    return f"raw_message/{raw_id}"


def words_of(raw_id: str) -> str:
    return f"words/{raw_id}"


def resident_of(complaint_id: str) -> str:
    return f"resident/{complaint_id}"


def _known_of(resident: Resident) -> dict[str, str]:
    parts = {
        "name": resident.name,
        "phone": resident.phone,
        "address_line": resident.address_line,
        "handle": resident.handle,
    }
    return {name: part for name, part in parts.items() if part}
