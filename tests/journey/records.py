"""The contents of the three databases and of the simulators' journal.

Read without the product's own audit (waterdesk/audit), as an independent check of it.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from services.reply.rules.call_backs import QUESTION
from waterdesk.simulators.submissions import Platform

_QUERIES: Mapping[str, tuple[str, str]] = {
    "intake_complaints": (
        "intake",
        "SELECT id, platform, external_id, chases, village_code FROM complaint",
    ),
    "raw_messages": (
        "intake",
        "SELECT platform, delivery_id, result, external_id, complaint_id FROM raw_message",
    ),
    "dispatch_complaints": (
        "dispatch",
        "SELECT id, state, work_order_id, chases FROM complaint",
    ),
    "reply_complaints": ("reply", "SELECT id, state, chases FROM complaint"),
    "replies": (
        "reply",
        "SELECT complaint_id, version, platform, state, request_id, text, receipt, kind,"
        " sent_at IS NOT NULL AS was_sent FROM reply",
    ),
    "call_backs": ("reply", "SELECT complaint_id, version, state, satisfied FROM call_back"),
    "reworks": ("dispatch", "SELECT complaint_id, version, outcome, work_order_id FROM rework"),
    "work_orders": ("dispatch", "SELECT id, rework_of FROM work_order"),
}
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Records:
    intake_complaints: Rows
    raw_messages: Rows
    dispatch_complaints: Rows
    reply_complaints: Rows
    replies: Rows
    call_backs: Rows
    reworks: Rows
    work_orders: Rows
    rows: Mapping[str, int]
    """Row counts by service and table: `intake.complaint`, ..."""
    journal: Rows
    """The entries of the simulators' journal."""

    def journal_data(self, simulator: str, *kinds: str) -> Rows:
        return [
            entry["data"]
            for entry in self.journal
            if entry["simulator"] == simulator and entry["kind"] in kinds
        ]

    def replies_at_platforms(self) -> Counter[str]:
        """How often the platforms stored each reply, by request id; on WeChat, which has none, by
        person and beginning of the text: a person who asks again may get the same text again."""
        return Counter(
            [
                data["receipt"]["requestId"]
                for data in self.journal_data("hotline", "replied", "returned")
            ]
            + [data["requestId"] for data in self.journal_data("board", "answered")]
            + [
                _person_and_text(data["openid"], data["content"])
                for data in self.journal_data("wechat", "customer_message")
                if data["content"] != QUESTION
            ]
            + [
                _person_and_text(data["openid"], data["body"]["data"]["thing1"]["value"])
                for data in self.journal_data("wechat", "template_message")
                if data["body"]["data"]["thing1"]["value"] != QUESTION
            ]
        )

    def replies_in(self, *states: str) -> Counter[str]:
        """Replies in one of `states`, counted by the keys of `replies_at_platforms`."""
        return self._by_key([row for row in self.replies if row["state"] in states])

    def interim_replies_in_doubt(self) -> Counter[str]:
        """Those that may have arrived on WeChat, which nobody can ask, when the answer that they
        announced took their place."""
        return self._by_key(
            [
                row
                for row in self.replies
                if row["state"] == "superseded" and row["kind"] == "interim" and row["was_sent"]
            ]
        )

    def _by_key(self, replies: Rows) -> Counter[str]:
        person = {
            data["messageId"]: data["openid"] for data in self.journal_data("wechat", "user_wrote")
        }
        writer: dict[str, str] = {
            row["id"]: person[row["external_id"]]
            for row in self.intake_complaints
            if row["platform"] == Platform.WECHAT
        }
        return Counter(
            _person_and_text(writer[row["complaint_id"]], row["text"])
            if row["platform"] == Platform.WECHAT
            else row["request_id"]
            for row in replies
        )


def _person_and_text(person: str, words: str) -> str:
    """The text cut to the length of a template message."""
    return f"{person}: {' '.join(words.split())[:19]}"


def read_journal(path: Path) -> Rows:
    """The file may be in use: an incomplete last line is left out."""
    whole = path.read_bytes().rpartition(b"\n")[0]
    return [json.loads(line) for line in whole.split(b"\n") if line]


async def read_records(server: str, journal: Rows) -> Records:
    """`server`: URL of the PostgreSQL with `{}` for the service's name."""
    read: dict[str, Rows] = {}
    rows: dict[str, int] = {}
    for service in ("intake", "dispatch", "reply"):
        connection = await asyncpg.connect(server.format(service))
        try:
            for name, (of, query) in _QUERIES.items():
                if of == service:
                    read[name] = [dict(row) for row in await connection.fetch(query)]
            for (table,) in await connection.fetch(_TABLES):
                counted = await connection.fetchval(f'SELECT count(*) FROM "{table}"')
                rows[f"{service}.{table}"] = counted
        finally:
            await connection.close()
    return Records(**read, rows=rows, journal=journal)
