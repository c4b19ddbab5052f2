"""The city's 12345 hotline: orders on the wire to Incoming.

Every city differs; this reads the fields of one city's real order, `emrgencyLevel` spelled as it is
there.
"""

from collections.abc import Mapping
from datetime import datetime

from shared.platform_kit.request_signing import verify

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
)
from .incoming import Incoming, Kind, MalformedMessage, Platform, Resident
from .source import Unreadable

_KIND_OF_CHANGE = {"new": Kind.COMPLAINT, "edit": Kind.COMPLAINT, "chase": Kind.CHASE}
_URGENT_LEVELS = frozenset({"紧急", "特急"})


def parse_order(dto: object, raw: bytes, county: str) -> Incoming:
    """One change of one order. A chase counts from when it was made, an order from when it was
    sent. Raises MalformedMessage.
    """
    order = mapping(dto, "the order")
    change = required_text(order, "changeType")
    if change not in _KIND_OF_CHANGE:
        raise MalformedMessage("changeType is none of new, edit, chase")
    kind = _KIND_OF_CHANGE[change]
    subject = optional_text(order, "issueSubject")
    text = optional_text(order, "issueDesc") or subject
    if text is None:
        raise MalformedMessage("issueSubject and issueDesc are both missing")
    chased_later = kind is Kind.CHASE and optional_text(order, "changeTime") is not None
    return Incoming(
        platform=Platform.HOTLINE_12345,
        external_id=required_text(order, "issueNumber", MAX_NUMBER),
        delivery_id=required_text(order, "changeId", MAX_NUMBER),
        kind=kind,
        county=county,
        title=subject[:MAX_TITLE] if subject else first_sentence(text),
        text=text,
        sent_at=local_time(order, "changeTime" if chased_later else "issueTime"),
        raw=raw,
        time_limit=optional_text(order, "timeLimit", MAX_NUMBER),
        printed_urgent=optional_text(order, "emrgencyLevel") in _URGENT_LEVELS,
        resident=Resident(
            name=optional_text(order, "requestorName", MAX_NUMBER),
            phone=optional_text(order, "requestorTel", MAX_NUMBER),
            address_line=optional_text(order, "addrDesc")
            or optional_text(order, "requestorAddress"),
        ),
    )


def read_order(dto: object, county: str) -> Incoming | Unreadable:
    """One order of a page."""
    raw = encoded(dto)
    try:
        return parse_order(dto, raw, county)
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
    """One order the platform POSTs to us; `path_and_query` as it stands on the wire.

    Either outcome is to be stored and answered with HTTP 200 `{"code":0}`, else it comes again.
    Raises BadSignature or StaleTimestamp (shared.platform_kit.request_signing).
    """
    verify(headers, "POST", path_and_query, body, secret, now)
    dto: object = None
    try:
        dto = decoded(body)
        return parse_order(dto, body, county)
    except MalformedMessage as error:
        return Unreadable(body, str(error), number_of(dto, "issueNumber"))
