"""Events as intake and reply tell them, with only what a test is about spelled out."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from shared.events.complaints import (
    ComplaintChased,
    ComplaintDecided,
    ComplaintEdited,
    ComplaintReceived,
    Decision,
)
from shared.events.replies import (
    CallBackChanged,
    DeadlinesSet,
    ReplyDelivered,
    ReplyDrafted,
    ReplyKind,
    SetDeadline,
    Stage,
)
from tests.conftest import NOW
from tests.integration.dispatch.county import COUNTY, HILL_A

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
DUE = NOW + 5 * DAY
numbers = count(1)


def decision(village_code: str | None = HILL_A, **changes: Any) -> Decision:
    return Decision(
        **{
            "is_ours": True,
            "category": "outage",
            "urgent": False,
            "village_code": village_code,
            "village": "某村",
            "town": "某镇",
            "category_confidence": 0.9,
            "place_confidence": 0.9,
            "needs_human": False,
            **changes,
        }
    )


NOT_OURS = decision(is_ours=False, category="not_ours")


def received(
    complaint_id: str,
    village_code: str | None = HILL_A,
    *,
    sent_at: datetime = NOW,
    county: str = COUNTY,
    **decided: Any,
) -> ComplaintReceived:
    return ComplaintReceived(
        complaint_id=complaint_id,
        county=county,
        platform="hotline_12345",
        external_id=f"LT-{complaint_id}",
        sent_at=sent_at,
        received_at=max(sent_at, NOW),
        time_limit=None,
        decision=decision(village_code, **decided),
    )


def decided(
    complaint_id: str, village_code: str | None = HILL_A, **changes: Any
) -> ComplaintDecided:
    return ComplaintDecided(
        complaint_id=complaint_id,
        county=COUNTY,
        decision=decision(village_code, **changes),
        decided_by="wang",
        decided_at=NOW + HOUR,
    )


def edited(complaint_id: str, village_code: str | None = HILL_A, **changes: Any) -> ComplaintEdited:
    return ComplaintEdited(
        complaint_id=complaint_id,
        county=COUNTY,
        edited_at=NOW + HOUR,
        time_limit="3个工作日",
        decision=decision(village_code, **changes),
    )


def chased(complaint_id: str, *, times: int) -> ComplaintChased:
    return ComplaintChased(
        complaint_id=complaint_id, county=COUNTY, chased_at=NOW + times * HOUR, times=times
    )


def deadlines_set(
    complaint_id: str,
    *,
    stage: Stage = "reply",
    due_at: datetime = DUE,
    unreadable: bool = False,
    step: int = 0,
    paused_since: datetime | None = None,
) -> DeadlinesSet:
    return DeadlinesSet(
        complaint_id=complaint_id,
        county=COUNTY,
        deadlines=(
            SetDeadline(
                stage=stage,
                due_at=due_at,
                warn_at=due_at - 4 * HOUR,
                provisional=False,
                source="printed",
                step=step,
                paused_since=paused_since,
                paused_for="parts" if paused_since else None,
            ),
        ),
        limit_unreadable=unreadable,
    )


def drafted(complaint_id: str, *, version: int = 1) -> ReplyDrafted:
    return ReplyDrafted(
        complaint_id=complaint_id,
        county=COUNTY,
        version=version,
        kind="answer",
        drafted_at=NOW + 4 * HOUR,
    )


def delivered(
    complaint_id: str, *, version: int = 1, solved: bool = True, kind: ReplyKind = "answer"
) -> ReplyDelivered:
    return ReplyDelivered(
        complaint_id=complaint_id,
        county=COUNTY,
        version=version,
        kind=kind,
        solved=solved,
        receipt=f"R-{complaint_id}",
        delivered_at=NOW + 5 * HOUR,
    )


def called_back(
    complaint_id: str,
    *,
    satisfied: bool | None,
    version: int = 1,
    source: str = "wechat",
    at: datetime = NOW,
    **changes: Any,
) -> CallBackChanged:
    """`satisfied` None: asked, and not answered yet."""
    answered = satisfied is not None
    return CallBackChanged.model_validate(
        {
            "complaint_id": complaint_id,
            "county": COUNTY,
            "version": version,
            "state": "answered" if answered else "to_ask",
            "asked_by": "phone",
            "changed_at": at,
            "satisfied": satisfied,
            "answered_at": at if answered else None,
            "source": source if answered else None,
            **changes,
        }
    )
