"""What stands in the three databases and in the platforms' journal, read as it lies there.

Nothing of the product's own accounting (waterdesk/audit) is used: this is a second opinion.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from waterdesk.simulators.said import SpokenTo

_QUERIES: Mapping[str, tuple[str, str]] = {
    "taken": (
        "intake",
        "SELECT id, platform, external_id, chases, village_code FROM complaint",
    ),
    "deliveries": (
        "intake",
        "SELECT platform, delivery_id, outcome, external_id, complaint_id FROM raw_message",
    ),
    "dispatched": (
        "dispatch",
        "SELECT id, state, work_order_id, chases FROM complaint",
    ),
    "deadlined": ("reply", "SELECT id, state, chases FROM complaint"),
    "replies": (
        "reply",
        "SELECT complaint_id, version, platform, state, request_id, text, receipt FROM reply",
    ),
}
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Books:
    taken: Rows
    deliveries: Rows
    dispatched: Rows
    deadlined: Rows
    replies: Rows
    rows: Mapping[str, int]
    """How many rows each table of each service has: `intake.complaint`, ..."""
    journal: Rows
    """What the platforms wrote down."""

    def at_platforms(self, simulator: str, *kinds: str) -> Rows:
        return [
            entry["data"]
            for entry in self.journal
            if entry["simulator"] == simulator and entry["kind"] in kinds
        ]

    def given(self) -> Counter[str]:
        """How often the platforms have been given each reply, by its request id; on WeChat, which
        is given none, by the person and how the words begin: who asks again days later may be
        answered again in the same ones."""
        return Counter(
            [
                data["receipt"]["requestId"]
                for data in self.at_platforms("hotline", "replied", "returned")
            ]
            + [data["requestId"] for data in self.at_platforms("board", "answered")]
            + [
                _begins(data["openid"], data["content"])
                for data in self.at_platforms("wechat", "customer_message")
            ]
            + [
                _begins(data["openid"], data["body"]["data"]["thing1"]["value"])
                for data in self.at_platforms("wechat", "template_message")
            ]
        )

    def replies_in(self, *states: str) -> Counter[str]:
        """Our own replies that are in one of `states`, under the names that `given` has."""
        person = {
            data["messageId"]: data["openid"] for data in self.at_platforms("wechat", "user_spoke")
        }
        spoke: dict[str, str] = {
            row["id"]: person[row["external_id"]]
            for row in self.taken
            if row["platform"] == SpokenTo.WECHAT
        }
        return Counter(
            _begins(spoke[row["complaint_id"]], row["text"])
            if row["platform"] == SpokenTo.WECHAT
            else row["request_id"]
            for row in self.replies
            if row["state"] in states
        )


def _begins(person: str, words: str) -> str:
    """A template message has room for no more of the words than this."""
    return f"{person}: {' '.join(words.split())[:19]}"


def read_journal(path: Path) -> Rows:
    """Also while somebody writes it: a last line that is half there was not answered yet."""
    whole = path.read_bytes().rpartition(b"\n")[0]
    return [json.loads(line) for line in whole.split(b"\n") if line]


async def read_books(server: str, journal: Rows) -> Books:
    """`server`: URL of the PostgreSQL, `{}` where a service's name stands."""
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
    return Books(**read, rows=rows, journal=journal)
