"""What a message about an alert says: number, place, stage, time and count; nothing of a resident.

Messages are read by people of the county, so they are Chinese.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from shared.clock import SHANGHAI

_STAGES: Final[Mapping[str, str]] = {
    "accept": "签收",
    "first_contact": "首次联系",
    "on_site": "到场",
    "resolve": "办结",
    "reply": "回复",
    "call_back": "回访",
}


class Words(NamedTuple):
    title: str
    body: str


def title_of(stage: str, share: int, *, is_miss: bool, urgent: bool) -> str:
    """At most 26 characters: longer ones are cut by WeCom."""
    what = _STAGES.get(stage, stage)
    come = f"{what}已超期" if is_miss else f"{what}时限已用{share}%"
    return f"【紧急】{come}" if urgent else come


def body_of(
    number: str | None, place: str, complaints: int, due_at: datetime, *, is_miss: bool
) -> str:
    """At most 100 characters. `place`: town and village; empty where nobody knows."""
    due = f"{due_at.astimezone(SHANGHAI):%m月%d日%H:%M}"
    parts = [number, place, f"{complaints}件诉求", f"应于{due}前" if is_miss else f"{due}到期"]
    return "，".join(filter(None, parts))[:100]
