"""Consistent rows for the three migrated databases, which tests then break."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ARRAY, JSON, MetaData, Table, TypeDecorator, insert, text

from services.dispatch.models import metadata as dispatch_tables
from services.intake.models import metadata as intake_tables
from services.reply.models import metadata as reply_tables
from shared.bus.tables import metadata as bus_tables
from shared.clock import ManualClock
from shared.db import Database
from tests.conftest import NOW
from waterdesk.audit.run import AuditResult, AuditSources, audit
from waterdesk.simulators.journal import Entry

HOUR = timedelta(hours=1)
KEY = "0123456789abcdef"
"""The fingerprint of the only key there is."""
_TABLES: Mapping[str, MetaData] = {
    "intake": intake_tables,
    "dispatch": dispatch_tables,
    "reply": reply_tables,
}
_BLANK: Mapping[type, Any] = {
    str: "",
    bool: False,
    int: 0,
    float: 0.0,
    bytes: b"",
    datetime: NOW,
}


@dataclass
class SampleData:
    databases: Mapping[str, Database]
    clock: ManualClock
    journal: Path

    async def add(self, service: str, table: str, /, **values: Any) -> None:
        """Insert one row, with blanks in required columns that are not given."""
        tables = _TABLES[service].tables | bus_tables.tables
        row = _blank_row(tables[table]) | values
        async with self.databases[service].engine.begin() as connection:
            await connection.execute(insert(tables[table]), [row])

    async def change(self, service: str, statement: str) -> None:
        async with self.databases[service].engine.begin() as connection:
            await connection.execute(text(statement))

    async def empty(self) -> None:
        for service, metadata in _TABLES.items():
            tables = ", ".join([*metadata.tables, *bus_tables.tables])
            await self.change(service, f"TRUNCATE {tables} RESTART IDENTITY CASCADE")

    async def fill(self) -> None:
        """c1 is linked, repaired and answered; c2 waits for a person; c3 is being returned."""
        await self.add("dispatch", "scheme", id="s")
        for complaint_id, state in (("c1", "linked"), ("c2", "waiting_for_person")):
            await self.complaint(complaint_id, state)
        await self.complaint("c3", "not_ours", is_ours=False, reply_state="open")
        await self.reply("c1", state="delivered", receipt="R-1", delivered_at=NOW, sent_at=NOW)
        await self.reply("c3", state="draft", kind="return")
        await self.change("reply", "UPDATE complaint SET state = 'answered' WHERE id = 'c1'")
        await self.add("reply", "sweep_heartbeat", id=1, last_swept_at=NOW)

    async def complaint(
        self, complaint_id: str, state: str, *, is_ours: bool = True, reply_state: str = "open"
    ) -> None:
        waits = state == "waiting_for_person"
        common = {
            "id": complaint_id,
            "platform": "hotline_12345",
            "external_id": f"n-{complaint_id}",
            "needs_human": waits,
            "is_ours": is_ours,
        }
        await self.add("intake", "complaint", **common)
        await self.add(
            "intake",
            "raw_message",
            id=f"r-{complaint_id}",
            delivery_id=complaint_id,
            result="received",
            complaint_id=complaint_id,
        )
        order = None
        if state == "linked":
            order = f"w-{complaint_id}"
            await self.work_order(order)
            await self.add(
                "reply", "link", complaint_id=complaint_id, work_order_id=order, linked_at=NOW
            )
        await self.add("dispatch", "complaint", **common, state=state, work_order_id=order)
        await self.add("reply", "complaint", **common, state=reply_state)
        for stage in ("accept", "reply"):
            await self.deadline(complaint_id, stage)

    async def work_order(self, order: str, **values: Any) -> None:
        repaired: dict[str, Any] = {"state": "repaired", "repaired_at": NOW}
        await self.add("dispatch", "work_order", id=order, scheme_id="s", **(repaired | values))

    async def deadline(self, complaint_id: str, stage: str, **values: Any) -> None:
        standing: dict[str, Any] = {
            "standing": "open",
            "due_at": NOW + HOUR,
            "next_at": NOW + HOUR / 2,
            "round": 1,
        }
        await self.add(
            "reply", "deadline", complaint_id=complaint_id, stage=stage, **(standing | values)
        )

    async def reply(self, complaint_id: str, version: int = 1, **values: Any) -> None:
        sent = {"platform": "hotline_12345", "request_id": f"q-{complaint_id}-{version}"}
        await self.add(
            "reply", "reply", complaint_id=complaint_id, version=version, **(sent | values)
        )

    def add_to_journal(self, *entries: tuple[str, str, Mapping[str, Any]]) -> None:
        """What a simulator would have written."""
        number = len(self.journal.read_bytes().splitlines()) if self.journal.exists() else 0
        with self.journal.open("a") as journal:
            for simulator, kind, data in entries:
                number += 1
                entry = Entry(number, NOW, simulator, kind, data)
                journal.write(json.dumps(entry.as_json(), ensure_ascii=False) + "\n")

    async def audit(self, between: Callable[[], Awaitable[None]] | None = None) -> AuditResult:
        """Run the audit; `between` is called between its passes."""

        async def pause() -> None:
            if between is not None:
                await between()

        engines = {name: database.engine for name, database in self.databases.items()}
        return await audit(AuditSources(engines, None, self.journal, [KEY]), self.clock, pause)


def _blank_row(table: Table) -> dict[str, Any]:
    return {
        column.name: _blank(column.type)
        for column in table.columns
        if not column.nullable and column.identity is None
    }


def _blank(column_type: Any) -> Any:
    if isinstance(column_type, TypeDecorator):
        return _blank(column_type.impl_instance)
    if isinstance(column_type, ARRAY | JSON):
        return []
    return _BLANK[column_type.python_type]
