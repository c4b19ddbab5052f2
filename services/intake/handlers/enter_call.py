"""The service phone: what a dispatcher writes down while the resident speaks, to Incoming."""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.intake.platforms.fields import (
    MAX_NUMBER,
    MAX_TEXT,
    MAX_TITLE,
    first_sentence,
    storable,
)
from services.intake.platforms.incoming import Incoming, Kind, Platform, Resident
from shared.clock import SHANGHAI
from shared.ids import new_id
from shared.problems import Text

_PHONE = re.compile(r"(?:\+?86)?1[3-9]\d{9}|0\d{2,3}-?\d{7,8}(?:-\d{1,6})?|\d{7,8}")
_SEPARATORS = re.compile(r"[\s\u2010-\u2015]+")
_CLOCKS_DIFFER = timedelta(minutes=5)
_LONGEST_AGO = timedelta(days=366)


class Call(BaseModel):
    """A complaint told on the telephone, over the counter or at an inspection."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    text: str
    title: str = ""
    name: str = ""
    phone: str = ""
    address_line: str = ""
    urgent: bool = False
    stated_at: AwareDatetime | None = None
    """When the resident spoke; None: now."""
    entry_id: str = ""
    """Chosen by the console for one form: sent twice, it is entered once."""


def errors_of(call: Call, now: datetime) -> Iterator[tuple[str, Text]]:
    """Each field that is wrong, with the sentence for the person who entered it."""
    if not call.text:
        yield "text", Text("请写下居民反映的内容。", "Write down what the resident says.")
    limits = {
        "text": MAX_TEXT,
        "title": MAX_TITLE,
        "name": MAX_NUMBER,
        "address_line": MAX_TITLE,
        "entry_id": MAX_NUMBER,
    }
    for field, limit in limits.items():
        if len(getattr(call, field)) > limit:
            yield field, Text(f"不能超过 {limit} 个字。", f"At most {limit} characters.")
    if call.phone and not _PHONE.fullmatch(_tidy(call.phone)):
        yield (
            "phone",
            Text(
                "电话应为 11 位手机号，或带区号的固定电话；不知道可不填。",
                "Give an 11-digit mobile number or a landline with area code, or leave it empty.",
            ),
        )
    if call.stated_at and call.stated_at > now + _CLOCKS_DIFFER:
        yield "stated_at", Text("反映时间不能晚于现在。", "The time lies in the future.")
    if call.stated_at and call.stated_at < now - _LONGEST_AGO:
        yield "stated_at", Text("反映时间超过一年。", "The time is more than a year ago.")


def incoming_of(call: Call, county: str, now: datetime) -> Incoming:
    """A call without errors, under a number of our own: date, then chance."""
    number = f"{now.astimezone(SHANGHAI):%Y%m%d}-{new_id('', now)[-10:]}"
    text = storable(call.text)
    return Incoming(
        platform=Platform.PHONE,
        external_id=number,
        delivery_id=f"entry/{storable(call.entry_id)}" if call.entry_id else number,
        kind=Kind.COMPLAINT,
        county=county,
        title=storable(call.title) or first_sentence(text),
        text=text,
        sent_at=min(call.stated_at or now, now),
        raw=json.dumps(call.model_dump(mode="json"), ensure_ascii=False).encode("utf-8", "replace"),
        printed_urgent=call.urgent,
        resident=Resident(
            name=storable(call.name) or None,
            phone=_tidy(call.phone) or None,
            address_line=storable(call.address_line) or None,
        ),
    )


def _tidy(phone: str) -> str:
    return _SEPARATORS.sub("", phone)
