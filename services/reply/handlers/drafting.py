"""One draft for each complaint whose facts ask for an answer, kept true until a person writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.reply.models import Complaint, Reply, ReplyState, WorkOrder
from services.reply.rules.calendar import SHANGHAI
from services.reply.rules.drafting import HandledFacts, ReturnedFacts, Signature, draft_reply
from shared.bus.outbox import Outbox
from shared.events.replies import ReplyDrafted
from shared.ids import new_id

TO_FILL_IN = "（请填写责任单位）"
"""Stands in a return's draft where a person must say who is responsible."""
_NOT_OURS = "该问题不属于农村饮水工程的供水职责范围"
_MAY_BE_REPLACED = (ReplyState.DRAFT, ReplyState.APPROVED)


@dataclass(frozen=True, slots=True)
class Office:
    """Who answers."""

    name: str
    service_phone: str | None = None


def draft_where_due(
    outbox: Outbox,
    complaint: Complaint,
    work_order: WorkOrder | None,
    versions: Sequence[Reply],
    now: datetime,
    office: Office,
) -> dict[str, Any] | None:
    """The row of the draft that is missing; ours is replaced where the facts have changed since.

    What a person has written stays as it is, unless the complaint turned out to be ours after all,
    or not to be: then the answer itself is another. Nothing is touched once it may have left.
    """
    facts = _facts(complaint, work_order)
    live = next((reply for reply in versions if reply.state != ReplyState.SUPERSEDED), None)
    if live is not None:
        if live.state not in _MAY_BE_REPLACED or _still_true(live, complaint, facts, office):
            return None
        live.state = ReplyState.SUPERSEDED.value
        live.next_attempt_at = None
    if facts is None:
        return None
    return draft_row(
        outbox,
        complaint,
        version=max((reply.version for reply in versions), default=0) + 1,
        text=draft_reply(facts, _signature(office, now)),
        solved=_solved(facts),
        returned=isinstance(facts, ReturnedFacts),
        now=now,
    )


def draft_row(
    outbox: Outbox,
    complaint: Complaint,
    *,
    version: int,
    text: str,
    solved: bool,
    returned: bool,
    now: datetime,
    written_by: str | None = None,
    responsible: str = "",
) -> dict[str, Any]:
    """A new version as the table keeps it, and told. Every column: Core fills in no defaults."""
    outbox.add(
        ReplyDrafted(
            complaint_id=complaint.id,
            county=complaint.county,
            version=version,
            returned=returned,
            drafted_at=now,
        )
    )
    return {
        "complaint_id": complaint.id,
        "version": version,
        "county": complaint.county,
        "platform": complaint.platform,
        "request_id": new_id("", now),
        "state": ReplyState.DRAFT.value,
        "text": text,
        "solved": solved,
        "returned": returned,
        "responsible": responsible,
        "drafted_at": now,
        "written_by": written_by,
        "approved_by": None,
        "approved_at": None,
        "attempts": 0,
        "sent_at": None,
        "next_attempt_at": None,
        "receipt": None,
        "delivered_at": None,
        "why_stuck": None,
        "stuck_at": None,
        "settled_by": None,
        "told_at": None,
        "told_by": None,
    }


def _facts(
    complaint: Complaint, work_order: WorkOrder | None
) -> HandledFacts | ReturnedFacts | None:
    """What there is to answer, or None where there is nothing yet."""
    if not complaint.is_ours:
        if complaint.needs_human:
            return None
        return ReturnedFacts(
            platform=complaint.platform,
            category=complaint.category,
            place=complaint.village or "",
            reason=_NOT_OURS,
            responsible=TO_FILL_IN,
        )
    if work_order is None or work_order.repaired_at is None:
        return None
    return HandledFacts(
        platform=complaint.platform,
        category=complaint.category,
        place=complaint.village or work_order.scheme_name,
        crew=work_order.crew_name,
        found=work_order.found,
        done=work_order.done,
        repaired_at=work_order.repaired_at,
        contacted_at=complaint.contacted_at,
        solved=True,
    )


def _still_true(
    live: Reply,
    complaint: Complaint,
    facts: HandledFacts | ReturnedFacts | None,
    office: Office,
) -> bool:
    decided = complaint.is_ours or not complaint.needs_human
    if decided and live.returned == complaint.is_ours:
        return False
    if live.written_by is not None or live.state != ReplyState.DRAFT:
        return True
    if facts is None:
        return False
    # As it would have been written on its own day: only the facts count.
    return live.text == draft_reply(facts, _signature(office, live.drafted_at))


def _solved(facts: HandledFacts | ReturnedFacts) -> bool:
    return isinstance(facts, HandledFacts) and facts.solved


def _signature(office: Office, at: datetime) -> Signature:
    return Signature(office.name, office.service_phone, at.astimezone(SHANGHAI).date())
