"""A city's 12345 hotline: offers tickets by feed and push, and accepts replies.

It stores the same reply twice, as some real platforms do: tests notice a second sending.
"""

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx

from shared.clock import SHANGHAI, Clock
from shared.platform_kit.request_signing import SignedRequests

from .failure_modes import FailureMode, FailureQueue, Rejected, page_of
from .hotline_extensions import DENIED, GRANTED, ExtensionRequests
from .journal import Entry, Journal
from .push_queue import PushQueue
from .settings import SimulatorSettings

NAME = "hotline"
WEBHOOK = "/platforms/12345/webhook"

_BLANK_TICKET = {
    "issueNumber": "",
    "issueTime": "",
    "issueSource": "12345热线",
    "issueType": "投诉",
    "issueSubject": "",
    "issueDesc": "",
    "requestorName": "",
    "requestorTel": "",
    "requestorAddress": "",
    "timeLimit": "",
    "hasModLimit": "0",
    "emrgencyLevel": "一般",
    "isMultiExector": "0",
    "evaluationStatus": "",
    "x": "",
    "y": "",
    "addrDesc": "",
}


class Hotline:
    """State and operations of the hotline. `client` reaches our webhook; None: no pushes."""

    def __init__(
        self,
        settings: SimulatorSettings,
        journal: Journal,
        clock: Clock,
        client: httpx.AsyncClient | None,
    ) -> None:
        self.failures = FailureQueue(clock)
        self._journal = journal
        self._clock = clock
        self._client = client
        self._auth = SignedRequests(settings.hotline_app_id, settings.hotline_secret, clock.now)
        self.pushes = PushQueue(
            self.failures, clock, settings.hotline_retry_after, self._push, self._push_ended
        )
        self._pushing = client is not None and settings.hotline_push
        self._tickets: dict[str, dict[str, str]] = {}
        self._changes: list[dict[str, str]] = []
        self._change_by_id: dict[str, dict[str, str]] = {}
        self._receipts: dict[str, list[dict[str, str]]] = {}
        self._closed: set[str] = set()
        self._extensions = ExtensionRequests()
        self._decides_after = settings.hotline_decides_after
        for entry in journal.entries(NAME):
            self._apply(entry)

    # What the city does

    def add_ticket(
        self,
        fields: Mapping[str, str],
        change_id: str | None = None,
        at: datetime | None = None,
    ) -> str:
        """Send a new ticket; returns its number. The same number again does nothing.

        `at` is when the resident called (now); `change_id` names the delivery.
        """
        at = at or self._clock.now()
        number = fields.get("issueNumber") or f"{at.astimezone(SHANGHAI):%Y%m%d}{self._next():06d}"
        if number not in self._tickets:
            ticket = _BLANK_TICKET | {"issueTime": shanghai_text(at)} | dict(fields)
            self._change("new", ticket | {"issueNumber": number}, change_id, at)
        return number

    def edit_ticket(
        self,
        number: str,
        fields: Mapping[str, str],
        change_id: str | None = None,
        at: datetime | None = None,
    ) -> None:
        """Change a ticket that was sent. Raises LookupError for an unknown number."""
        self._change("edit", self._tickets[number] | dict(fields), change_id, at)

    def chase_ticket(
        self,
        number: str,
        words: str,
        change_id: str | None = None,
        at: datetime | None = None,
    ) -> None:
        """催办, with the chase's own words for issueDesc in this one delivery.

        An unknown number is chased too: its ticket is older than the simulator.
        """
        time = shanghai_text(at or self._clock.now())
        ticket = self._tickets.get(
            number, _BLANK_TICKET | {"issueNumber": number, "issueTime": time}
        )
        self._change("chase", ticket | {"issueDesc": words}, change_id, at)

    def evaluate_ticket(
        self,
        number: str,
        *,
        satisfied: bool,
        change_id: str | None = None,
        at: datetime | None = None,
    ) -> None:
        """The resident was asked, and says whether it is solved. Raises LookupError."""
        ticket = self._tickets[number] | {"evaluationStatus": "1" if satisfied else "2"}
        self._change("evaluate", ticket, change_id, at)

    def rework_ticket(
        self, number: str, change_id: str | None = None, at: datetime | None = None
    ) -> None:
        """重办: the ticket comes back, not solved. Raises LookupError."""
        ticket = self._tickets[number] | {"evaluationStatus": "2"}
        self._change("rework", ticket, change_id, at)

    def close_ticket(self, number: str) -> None:
        """已结案: no reply is accepted any more. Raises LookupError for an unknown number."""
        if number not in self._tickets:
            raise KeyError(number)
        self._record("closed", {"issueNumber": number})

    def decide_extension(self, number: str, *, granted: bool, until: str | None = None) -> None:
        """Answer the oldest open request for more time on a ticket: the ticket changes, with
        `until` (None: the limit asked for) as its new limit where it is granted.

        Raises LookupError where none is open.
        """
        asked = self._extensions.pending(number)
        if asked is None:
            raise LookupError(number)
        limit = (until or asked.until) if granted else self._tickets[number]["timeLimit"]
        fields = {"timeLimit": limit, "hasModLimit": GRANTED if granted else DENIED}
        self.edit_ticket(number, fields, f"decision-{asked.request_id}")
        self._record(
            "extension_decided",
            {"requestId": asked.request_id, "granted": granted, "timeLimit": limit},
        )

    def decide_due(self) -> None:
        """Grant what has waited long enough, where the settings say so."""
        if self._decides_after is not None:
            for asked in self._extensions.waiting_since(self._clock.now() - self._decides_after):
                self.decide_extension(asked.number, granted=True)

    # What the county calls

    def page(self, cursor: str, limit: int) -> dict[str, Any]:
        """Changes behind the cursor, in order. Raises Rejected for a cursor that is not ours."""
        start = _position(cursor)
        if start > len(self._changes):
            raise bad_field("cursor")
        if start < len(self._changes) and self.failures.take(FailureMode.LATE, "tickets"):
            return {"code": 0, "orders": [], "nextCursor": _cursor(start), "hasMore": False}
        changes = self._changes[start : start + limit]
        end = start + len(changes)
        return {
            "code": 0,
            "orders": page_of(self.failures, "tickets", list(changes)),
            "nextCursor": _cursor(end),
            "hasMore": end < len(self._changes),
        }

    def accept(self, number: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """签收. Raises Rejected."""
        self._must_be_open(number)
        self._record("accepted", {"issueNumber": number, **body})
        return {"code": 0}

    def add_reply(self, number: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Store a reply, whether or not it was sent before. Raises Rejected."""
        return self._store("reply", number, body)

    def add_return(self, number: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """退回: the ticket is not ours. Raises Rejected."""
        return self._store("return", number, body)

    def ask_extension(self, number: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """延期: asked once more where it is sent twice. Raises Rejected."""
        self._must_be_open(number)
        self._record("extension_asked", {"issueNumber": number, "body": dict(body)})
        return {"code": 0}

    def extensions(self, number: str) -> dict[str, Any]:
        """What was asked for this ticket, and what became of it. Raises Rejected."""
        self._must_be_known(number)
        return {"code": 0, "requests": self._extensions.listed(number, shanghai_text)}

    def replies(self, number: str) -> dict[str, Any]:
        """What was accepted for this ticket. Raises Rejected."""
        self._must_be_known(number)
        return {"code": 0, "replies": self._receipts.get(number, [])}

    # State

    def _store(self, kind: str, number: str, body: Mapping[str, Any]) -> dict[str, Any]:
        self._must_be_open(number)
        receipt = {
            "kind": kind,
            "requestId": body["requestId"],
            "receiptNumber": f"{number}-{len(self._receipts.get(number, ())) + 1}",
            "receivedAt": shanghai_text(self._clock.now()),
        }
        self._record(
            "returned" if kind == "return" else "replied",
            {"issueNumber": number, "receipt": receipt, "body": dict(body)},
        )
        return {
            "code": 0,
            "receiptNumber": receipt["receiptNumber"],
            "receivedAt": receipt["receivedAt"],
        }

    def _must_be_known(self, number: str) -> None:
        if number not in self._tickets:
            raise Rejected({"code": 40401, "message": "工单不存在"}, 404)

    def _must_be_open(self, number: str) -> None:
        self._must_be_known(number)
        if number in self._closed:
            raise Rejected({"code": 40901, "message": "工单已结案"}, 409)

    def _next(self) -> int:
        return len(self._changes) + 1

    def _change(
        self, kind: str, ticket: dict[str, str], change_id: str | None, at: datetime | None
    ) -> None:
        if unknown := ticket.keys() - _BLANK_TICKET.keys():
            raise ValueError(f"a ticket has no {', '.join(sorted(unknown))}")
        change_id = change_id or f"C{self._next():08d}"
        if change_id in self._change_by_id:
            return
        time = shanghai_text(at or self._clock.now())
        change = ticket | {"changeType": kind, "changeId": change_id, "changeTime": time}
        self._record("changed", change)

    def _record(self, kind: str, data: Mapping[str, Any]) -> None:
        self._apply(self._journal.append(NAME, kind, data))

    def _apply(self, entry: Entry) -> None:
        data = entry.data
        match entry.kind:
            case "changed":
                change = dict(data)
                ticket = {name: change[name] for name in _BLANK_TICKET}
                if change["changeType"] != "chase":
                    self._tickets[ticket["issueNumber"]] = ticket
                else:
                    self._tickets.setdefault(ticket["issueNumber"], ticket)
                self._changes.append(change)
                self._change_by_id[change["changeId"]] = change
                if self._pushing:
                    self.pushes.add(change["changeId"])
            case "replied" | "returned":
                self._receipts.setdefault(data["issueNumber"], []).append(data["receipt"])
            case "extension_asked":
                self._extensions.note_asked(data, entry.at)
            case "extension_decided":
                self._extensions.note_decided(data)
            case "closed":
                self._closed.add(data["issueNumber"])
            case "push_ended":
                self.pushes.remove(data["changeId"])

    async def _push(self, change_id: str) -> bool:
        assert self._client is not None
        try:
            response = await self._client.post(
                WEBHOOK,
                content=json.dumps(self._change_by_id[change_id], ensure_ascii=False).encode(),
                headers={"content-type": "application/json"},
                auth=self._auth,
            )
            return response.status_code == 200 and response.json().get("code") == 0
        except (httpx.HTTPError, ValueError, AttributeError):
            return False

    def _push_ended(self, change_id: str, accepted: bool) -> None:
        self._record("push_ended", {"changeId": change_id, "accepted": accepted})


def shanghai_text(instant: datetime) -> str:
    """Times as the hotline prints them: "2026-11-23 09:15:00", Shanghai."""
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def bad_field(name: str) -> Rejected:
    return Rejected({"code": 40001, "message": f"字段 {name} 有误"}, 400)


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"changes:{position}".encode()).decode()


def _position(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        name, _, position = base64.urlsafe_b64decode(cursor).decode().partition(":")
    except ValueError as error:
        raise bad_field("cursor") from error
    if name != "changes" or not (position.isascii() and position.isdigit()):
        raise bad_field("cursor")
    return int(position)
