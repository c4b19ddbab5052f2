"""The city's 12345 hotline: tickets on the wire to Incoming.

Every city differs; this reads the fields of one city's real ticket, `emrgencyLevel` spelled as it
is there.
"""

from collections.abc import Mapping
from datetime import datetime

import httpx
import structlog

from shared.clock import Clock
from shared.http import PlatformUnavailable, RetryPolicy, open_client, read_coded
from shared.platform_kit.request_signing import SignedRequests, verify

from .fields import (
    MAX_NUMBER,
    MAX_TITLE,
    decoded,
    encoded,
    first_sentence,
    local_time,
    mapping,
    number_of,
    optional_text,
    required_text,
    storable,
)
from .incoming import Incoming, Kind, MalformedMessage, Page, Platform, Resident, Unreadable

log = structlog.get_logger()

_KIND_OF_CHANGE = {
    "new": Kind.COMPLAINT,
    "edit": Kind.COMPLAINT,
    "chase": Kind.CHASE,
    "supervise": Kind.CHASE,
    "evaluate": Kind.EVALUATION,
    "rework": Kind.EVALUATION,
}
_SATISFIED = {"1": True, "2": False}
"""`evaluationStatus`; anything else: not evaluated."""
_URGENT_LEVELS = frozenset({"紧急", "特急"})


def parse_ticket(dto: object, raw: bytes, county: str) -> Incoming:
    """One change of one ticket. Raises MalformedMessage."""
    ticket = mapping(dto, "the ticket")
    change = required_text(ticket, "changeType")
    if change not in _KIND_OF_CHANGE:
        raise MalformedMessage("changeType is none of " + ", ".join(_KIND_OF_CHANGE))
    kind = _KIND_OF_CHANGE[change]
    satisfied = _SATISFIED.get(optional_text(ticket, "evaluationStatus", MAX_NUMBER) or "")
    if change == "rework":
        satisfied = False
    if kind is Kind.EVALUATION and satisfied is None:
        raise MalformedMessage("evaluationStatus is none of 1, 2")
    subject = optional_text(ticket, "issueSubject")
    text = optional_text(ticket, "issueDesc") or subject
    if text is None:
        raise MalformedMessage("issueSubject and issueDesc are both missing")
    return Incoming(
        platform=Platform.HOTLINE_12345,
        external_id=required_text(ticket, "issueNumber", MAX_NUMBER),
        delivery_id=required_text(ticket, "changeId", MAX_NUMBER),
        kind=kind,
        county=county,
        title=subject[:MAX_TITLE] if subject else first_sentence(text),
        text=text,
        sent_at=local_time(ticket, "issueTime"),
        changed_at=local_time(ticket, "changeTime")
        if optional_text(ticket, "changeTime")
        else None,
        raw=raw,
        satisfied=None if kind is Kind.CHASE else satisfied,
        supervised=change == "supervise",
        time_limit=optional_text(ticket, "timeLimit", MAX_NUMBER),
        limit_changes=_limit_changes(ticket.get("hasModLimit")),
        printed_urgent=optional_text(ticket, "emrgencyLevel") in _URGENT_LEVELS,
        resident=Resident(
            name=optional_text(ticket, "requestorName", MAX_NUMBER),
            phone=optional_text(ticket, "requestorTel", MAX_NUMBER),
            address_line=optional_text(ticket, "addrDesc")
            or optional_text(ticket, "requestorAddress"),
        ),
    )


def _limit_changes(value: object) -> str:
    """ "" for an unchanged limit ("0", false, nothing); platforms print a word, a number or a truth
    value."""
    text = str(int(value)) if isinstance(value, int) and abs(value) < 10 else value
    if not isinstance(text, str) or text.strip() == "0":
        return ""
    return storable(text).strip()[:MAX_NUMBER]


def read_ticket(dto: object, county: str) -> Incoming | Unreadable:
    """One ticket of a page."""
    raw = encoded(dto)
    try:
        return parse_ticket(dto, raw, county)
    except MalformedMessage as error:
        return Unreadable(raw, str(error), number_of(dto, "issueNumber"))


def read_push(
    headers: Mapping[str, str],
    path_and_query: str,
    body: bytes,
    *,
    secret: str,
    county: str,
    now: datetime,
) -> Incoming | Unreadable:
    """One ticket the platform POSTs to us; `path_and_query` as it stands on the wire.

    Either outcome is to be stored and answered with HTTP 200 `{"code":0}`, else it comes again.
    Raises BadSignature or StaleTimestamp (shared.platform_kit.request_signing).
    """
    verify(headers, "POST", path_and_query, body, secret, now)
    dto: object = None
    try:
        dto = decoded(body)
        return parse_ticket(dto, body, county)
    except MalformedMessage as error:
        return Unreadable(body, str(error), number_of(dto, "issueNumber"))


class HotlineFeed:
    """The city's feed of changes, pulled with one county's account. A PulledSource; close it after
    use."""

    def __init__(
        self,
        base_url: str,
        app_id: str,
        secret: str,
        clock: Clock,
        *,
        county: str,
        page_size: int = 100,
        retry_policy: RetryPolicy | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._county = county
        self._page_size = page_size
        self._retry_policy = retry_policy or RetryPolicy()
        self._client = open_client(
            base_url, auth=SignedRequests(app_id, secret, clock.now), transport=transport
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def fetch(self, cursor: str | None) -> Page:
        """The changes after `cursor`, in the platform's order. Raises PlatformUnavailable."""
        params = {"cursor": cursor or "", "limit": str(self._page_size)}
        answer = await read_coded(
            self._client,
            lambda: self._client.build_request("GET", "/api/orders", params=params),
            self._retry_policy,
            success=0,
        )
        tickets, next_cursor = answer.get("orders"), answer.get("nextCursor") or cursor
        if not isinstance(tickets, list) or not isinstance(next_cursor, str | None):
            raise PlatformUnavailable("the page has no tickets or no cursor")
        has_more = answer.get("hasMore") is True
        if has_more and next_cursor == cursor:
            log.error("cursor_does_not_move", platform=Platform.HOTLINE_12345)
            has_more = False  # otherwise this would never end
        return Page(
            incoming=[read_ticket(dto, self._county) for dto in tickets],
            next_cursor=next_cursor,
            has_more=has_more,
        )
