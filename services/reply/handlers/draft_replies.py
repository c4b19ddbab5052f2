"""One draft for each complaint whose facts ask for one, kept up to date until a person writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.reply.context import Context, Office
from services.reply.models import Complaint, Reply, ReplyState, WorkOrder
from services.reply.rules.calendar import SHANGHAI
from services.reply.rules.drafting import (
    NOT_OURS,
    ROOM_FOR_RESPONSIBLE,
    Answering,
    DraftFacts,
    Signature,
    asks_for_another_answer,
    draft_reply,
    is_another_matter,
    is_return,
    said_by,
    still_true,
)
from shared.events.replies import ReplyKind

_KINDS: Mapping[Answering, ReplyKind] = {
    Answering.RETURN: "return",
    Answering.INTERIM: "interim",
}
_MAY_BE_REPLACED = (ReplyState.DRAFT, ReplyState.APPROVED)


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft of ours that is not inserted yet, and what it was made of."""

    reply: Reply
    facts: DraftFacts
    complaint: Complaint
    work_order: WorkOrder | None


def draft_where_due(
    context: Context, complaint: Complaint, work_order: WorkOrder | None, versions: Sequence[Reply]
) -> Drafted | None:
    """The draft that is missing; ours is replaced where the facts have changed since.

    What a person has written stays as it is, unless the complaint turned out to be ours after all,
    or not to be. Nothing is touched once it may have been sent; an answer that it is not solved
    yet, or that the resident contests, is followed by another after the repair. An interim reply
    gives way to every other, and none waits for it. `versions`: the newest first.
    """
    facts = _facts(complaint, work_order)
    live = next((reply for reply in versions if reply.state != ReplyState.SUPERSEDED), None)
    if live is not None and live.interim and not _is_news(live, facts, work_order):
        if live.state != ReplyState.DRAFT or not complaint.is_ours:
            return None
        facts = _facts_so_far(complaint, work_order, context.now)
    if live is not None and _is_followed_by_another(live, facts, work_order):
        live.supersede()
    elif live is not None:
        if live.state not in _MAY_BE_REPLACED or _stays(context, live, complaint, facts):
            return None
        if facts is None:
            context.tell(live.withdraw(context.now))
            return None
        live.supersede()
    return _draft(context, complaint, work_order, versions, facts) if facts else None


def draft_interim(
    context: Context, complaint: Complaint, work_order: WorkOrder | None, versions: Sequence[Reply]
) -> Drafted:
    """What is known so far; another answer follows (handlers/interim_replies.py says when)."""
    facts = _facts_so_far(complaint, work_order, context.now)
    return _draft(context, complaint, work_order, versions, facts)


def _draft(
    context: Context,
    complaint: Complaint,
    work_order: WorkOrder | None,
    versions: Sequence[Reply],
    facts: DraftFacts,
) -> Drafted:
    reply = Reply.draft(
        complaint,
        max((reply.version for reply in versions), default=0) + 1,
        _text(context, complaint, facts, context.now),
        context.now,
        solved=facts.answering is Answering.SOLVED,
        kind=_KINDS.get(facts.answering, "answer"),
        is_true=facts.answering is not Answering.NOTHING_FOUND,
        said=said_by(facts),
        repair_sequence=work_order.repaired_sequence if work_order else None,
    )
    return Drafted(reply, facts, complaint, work_order)


def _is_followed_by_another(
    live: Reply, facts: DraftFacts | None, work_order: WorkOrder | None
) -> bool:
    if live.interim:
        return _is_news(live, facts, work_order)
    if live.returned:  # and it came back: it is ours after all
        is_ours = facts is not None and facts.answering is not Answering.RETURN
        return live.state == ReplyState.DELIVERED and is_ours
    return live.state == ReplyState.DELIVERED and asks_for_another_answer(
        facts,
        solved=live.solved and not live.contested,
        repair=work_order.repaired_sequence if work_order else None,
        repair_known=live.repair_sequence,
    )


def _is_news(live: Reply, facts: DraftFacts | None, work_order: WorkOrder | None) -> bool:
    """Whether there is more to say than what an interim reply knew: a repair before it, where the
    fault is worked on again, is none."""
    if facts is None or facts.answering is Answering.INTERIM:
        return False
    return facts.answering is not Answering.SOLVED or asks_for_another_answer(
        facts,
        solved=False,
        repair=work_order.repaired_sequence if work_order else None,
        repair_known=live.repair_sequence,
    )


def _stays(context: Context, live: Reply, complaint: Complaint, facts: DraftFacts | None) -> bool:
    if is_another_matter(
        returned=live.returned, is_ours=complaint.is_ours, needs_human=complaint.needs_human
    ):
        return False
    # Dated as it was written: only the facts count.
    text = None if facts is None else _text(context, complaint, facts, live.drafted_at)
    return still_true(live.text, text, by_person=live.is_by_person)


def _facts(complaint: Complaint, work_order: WorkOrder | None) -> DraftFacts | None:
    """What there is to answer, or None where there is nothing yet."""
    if is_return(is_ours=complaint.is_ours, needs_human=complaint.needs_human):
        return _facts_of_return(complaint)
    if not complaint.is_ours or work_order is None:
        return None
    if work_order.nothing_found:
        return _facts_of(Answering.NOTHING_FOUND, complaint, work_order)
    if work_order.repaired_at is None:
        return None
    return _facts_of(Answering.SOLVED, complaint, work_order)


def proposed_text(
    context: Context, complaint: Complaint, work_order: WorkOrder | None, answering: Answering
) -> str:
    """What a draft of this kind would say now."""
    facts = facts_as(answering, complaint, work_order, context.now)
    return _text(context, complaint, facts, context.now)


def facts_as(
    answering: Answering, complaint: Complaint, work_order: WorkOrder | None, at: datetime
) -> DraftFacts:
    """What a draft of this kind would be told of the complaint now."""
    if answering is Answering.RETURN:
        return _facts_of_return(complaint)
    if work_order is None or answering is Answering.INTERIM:
        return replace(_facts_so_far(complaint, work_order, at), answering=answering)
    return _facts_of(answering, complaint, work_order)


def _facts_of_return(complaint: Complaint) -> DraftFacts:
    return DraftFacts(
        Answering.RETURN,
        complaint.category,
        complaint.village or "",
        reason=NOT_OURS,
        responsible=ROOM_FOR_RESPONSIBLE,
    )


def _facts_so_far(complaint: Complaint, work_order: WorkOrder | None, at: datetime) -> DraftFacts:
    """As of `at`. What was done before the last repair belongs to the answer that followed it."""
    if work_order is None:
        return DraftFacts(
            Answering.INTERIM,
            complaint.category,
            complaint.village or "",
            contacted_at=complaint.contacted_at,
        )
    so_far = _facts_of(Answering.INTERIM, complaint, work_order)
    before = work_order.repaired_sequence or 0
    came_since = (work_order.last_arrived_sequence or 0) > before
    said_since = (work_order.expected_sequence or 0) > before
    expected_at = work_order.expected_at if said_since else None
    return replace(
        so_far,
        found=(work_order.found_so_far or "") if said_since else "",
        done="",
        note="",
        arrived_at=work_order.last_arrived_at if came_since else None,
        repaired_at=None,
        expected_at=expected_at if expected_at and expected_at > at else None,
    )


def _facts_of(answering: Answering, complaint: Complaint, work_order: WorkOrder) -> DraftFacts:
    return DraftFacts(
        answering,
        complaint.category,
        place=complaint.village or work_order.scheme_name or "",
        scheme=work_order.scheme_name or "",
        crew=work_order.crew_name or "",
        found=work_order.found or "",
        done=work_order.done or "",
        note=work_order.nothing_found or "",
        arrived_at=work_order.arrived_at,
        repaired_at=work_order.repaired_at,
        contacted_at=complaint.contacted_at,
    )


def _text(context: Context, complaint: Complaint, facts: DraftFacts, at: datetime) -> str:
    config = context.config
    template = config.templates.template(complaint.county, complaint.platform, facts.answering)
    return draft_reply(facts, template, _signature(config.office, at))


def _signature(office: Office, at: datetime) -> Signature:
    return Signature(office.name, office.service_phone, at.astimezone(SHANGHAI).date())
