"""How a batch is written: many rows a statement, and all that anyone said sealed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel.ext.asyncio.session import AsyncSession

from services.intake.handlers.recognising import Arrival
from services.intake.models import Outcome, raw_messages, residents, words
from services.intake.platforms.incoming import Platform, Resident
from services.intake.platforms.source import Unreadable
from shared.bulk_insert import bulk_insert
from shared.privacy.vault import Vault
from shared.sql import row_written

Row = dict[str, Any]

_INSERT_OR_LOCK = text(
    "INSERT INTO complaint"
    " SELECT * FROM json_populate_recordset(NULL::complaint, CAST(:rows AS json))"
    " ORDER BY external_id"
    " ON CONFLICT (platform, county, external_id)"
    " DO UPDATE SET external_id = excluded.external_id"
    " RETURNING external_id, id"
)
_RESIDENT_WRITTEN = row_written(residents, "complaint_id")
_WITH_NEW_WORDS = frozenset({Outcome.RECEIVED, Outcome.EDITED, Outcome.CHASED, Outcome.OUTDATED})
_AS_IT_STANDS_NOW = frozenset({Outcome.RECEIVED, Outcome.EDITED})


async def insert_or_lock(session: AsyncSession, rows: Iterable[Row]) -> dict[str, str]:
    """By external id, the id of its complaint: that of its row where it is new, else the known one.
    All are locked by us then.

    One statement in the order of numbers, so that two replicas never wait for each other.
    """
    as_json = json.dumps(list(rows), default=_as_postgres_reads_it)
    found = await session.execute(_INSERT_OR_LOCK, {"rows": as_json})
    return {row.external_id: row.id for row in found}


def _as_postgres_reads_it(value: datetime | bytes) -> str:
    return value.isoformat() if isinstance(value, datetime) else rf"\x{value.hex()}"


def complaint_row(complaint_id: str, arrival: Arrival, now: datetime) -> Row:
    """The complaint as its first delivery tells it."""
    incoming, reading = arrival.incoming, arrival.reading
    return {
        "id": complaint_id,
        "county": incoming.county,
        "platform": incoming.platform.value,
        "external_id": incoming.external_id,
        "sent_at": incoming.sent_at,
        "received_at": now,
        "changed_at": incoming.said_at,
        "time_limit": incoming.time_limit,
        "content_hash": arrival.content_hash,
        "person_key": arrival.person_key,
        "chases": 0,
        "reasons": list(reading.reasons),
        **reading.decision.model_dump(),
    }


@dataclass(slots=True)
class Record:
    """Everything one batch writes beside the complaints themselves."""

    platform: Platform
    county: str
    now: datetime
    vault: Vault
    _raw: list[Row] = field(default_factory=list)
    _words: list[Row] = field(default_factory=list)
    _residents: dict[str, Row] = field(default_factory=dict)

    def add(self, arrival: Arrival, complaint_id: str, outcome: Outcome) -> None:
        incoming = arrival.incoming
        self._raw.append(
            self._raw_row(arrival.raw_id, incoming.delivery_id, incoming.raw, outcome)
            | {"external_id": incoming.external_id, "complaint_id": complaint_id, "why": None}
        )
        if outcome in _WITH_NEW_WORDS:
            self._words.append(
                {
                    "complaint_id": complaint_id,
                    "raw_message_id": arrival.raw_id,
                    "outcome": outcome.value,
                    "said_at": incoming.said_at,
                    "sealed": self._seal(
                        {"title": incoming.title, "text": incoming.text}, words_of(arrival.raw_id)
                    ),
                }
            )
        if outcome in _AS_IT_STANDS_NOW and (known := _what_is_known(incoming.resident)):
            self._residents[complaint_id] = {
                "complaint_id": complaint_id,
                "sealed": self._seal(known, resident_of(complaint_id)),
            }

    async def write(self, session: AsyncSession) -> None:
        await bulk_insert(session, raw_messages, self._raw)
        await bulk_insert(session, words, self._words)
        if self._residents:
            await session.execute(_RESIDENT_WRITTEN, list(self._residents.values()))

    async def write_unreadable(
        self, session: AsyncSession, unreadable: Sequence[tuple[str, Unreadable]]
    ) -> None:
        """Each with the id its row shall have. What another replica has just stored, it keeps."""
        if not unreadable:
            return
        await session.execute(
            upsert(raw_messages).on_conflict_do_nothing(),
            [
                self._raw_row(raw_id, message.delivery_id, message.raw, Outcome.UNREADABLE)
                | {"external_id": message.external_id, "complaint_id": None, "why": message.why}
                for raw_id, message in sorted(unreadable, key=lambda pair: pair[1].delivery_id)
            ],
        )

    def _raw_row(self, raw_id: str, delivery_id: str, raw: bytes, outcome: Outcome) -> Row:
        return {
            "id": raw_id,
            "platform": self.platform.value,
            "county": self.county,
            "delivery_id": delivery_id,
            "received_at": self.now,
            "outcome": outcome.value,
            "sealed_body": self.vault.seal(raw, belongs_to=body_of(raw_id)),
        }

    def _seal(self, said: Mapping[str, str], belongs_to: str) -> bytes:
        plain = json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")
        return self.vault.seal(plain, belongs_to=belongs_to)


def body_of(raw_id: str) -> str:
    """What a sealed raw body is tied to (Vault's `belongs_to`)."""
    return f"raw_message/{raw_id}"


def words_of(raw_id: str) -> str:
    return f"words/{raw_id}"


def resident_of(complaint_id: str) -> str:
    return f"resident/{complaint_id}"


def _what_is_known(resident: Resident) -> dict[str, str]:
    parts = {
        "name": resident.name,
        "phone": resident.phone,
        "address_line": resident.address_line,
        "handle": resident.handle,
    }
    return {part: said for part, said in parts.items() if said}
