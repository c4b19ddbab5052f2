"""What follows from all that is known of a complaint: deadlines met, its acceptance told, a draft.

The two topics come in any order, so nothing here depends on which event came last: every use case
writes its facts and reconciles the complaints they touch.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from sqlalchemy import or_
from sqlmodel import col

from services.reply.context import Context
from services.reply.loading import (
    COMPLAINTS,
    DEADLINES,
    NO_HISTORY,
    REPLIES,
    LinkAndWorkOrder,
    beside_session,
    by_complaint,
    histories,
    later_rounds,
    links_of,
    rows,
)
from services.reply.models import Complaint, Deadline, Reply, ReplyState, deadlines_set
from services.reply.rules.deadlines import Stage, policy_for
from services.reply.rules.milestones import Answer, Facts, Linked, done_after, done_at
from services.reply.rules.rounds import FIRST_ROUND
from shared.bulk_insert import bulk_insert, bulk_update, new_rows
from shared.sql import any_of, table_of

from .call_back_deadlines import call_back_due
from .draft_replies import Drafted, draft_where_due
from .pauses import resume_done
from .release import release_by_rule

_COMPLAINTS = beside_session(COMPLAINTS, Complaint)
_DEADLINES_TO_JUDGE = beside_session(DEADLINES, Deadline).where(
    or_(
        col(Deadline.met_at).is_not(None),
        col(Deadline.stage) == any_of("done"),
        col(Deadline.stage) == Stage.CALL_BACK.value,
    )
)
"""Those that the facts say something about: done now, or taken for done before; and whether there
is a call-back."""


_Done = dict[tuple[str, int], Mapping[Stage, datetime]]
"""By complaint and round: when each stage was done."""


async def reconcile(context: Context, causes: Mapping[str, str | None]) -> None:
    """Bring complaints up to what is known of them. Doing it twice changes nothing.

    `causes`: their ids, each with the key of the event it follows from (None: its own). Unknown
    ones are passed over: when they are received, they are reconciled with what is known by then.
    """
    if not causes:
        return
    session = context.session
    await session.flush()
    complaints = await new_rows(session, Complaint, _COMPLAINTS, keys=list(causes))
    known = [complaint.id for complaint in complaints]
    if not known:
        return
    links = await links_of(session, known)
    replies = by_complaint(await rows(session, REPLIES, known))
    facts = {
        complaint.id: _facts(
            context, complaint, links.get(complaint.id, ()), replies.get(complaint.id, ())
        )
        for complaint in complaints
    }
    done: _Done = {(each, FIRST_ROUND): done_at(its) for each, its in facts.items()}
    for (complaint_id, number), later in (await later_rounds(session, complaints)).items():
        done[complaint_id, number] = done_after(facts[complaint_id], later.start)
    await resume_done(context, complaints, done)
    stages = {stage.value for each in done.values() for stage in each}
    deadlines = await new_rows(
        session, Deadline, _DEADLINES_TO_JUDGE, keys=known, done=list(stages)
    )
    judged = [deadline for deadline in deadlines if deadline.stage != Stage.CALL_BACK]
    await _judge(context, complaints, judged, done, causes)
    await _call_back(context, complaints, deadlines, facts, causes)
    drafts: list[Drafted] = []
    accepted: list[Complaint] = []
    for complaint in complaints:
        cause, linked = causes[complaint.id], links.get(complaint.id)
        if accepted_at := done[complaint.id, FIRST_ROUND].get(Stage.ACCEPT):
            profile = context.config.profile(complaint.platform)
            if complaint.accept(accepted_at, context.now, acknowledges=profile.acknowledges):
                accepted.append(complaint)
        work_order = linked[-1][1] if linked else None
        draft = draft_where_due(context, complaint, work_order, replies.get(complaint.id, ()))
        if draft is not None:
            context.tell(draft.reply.drafted, caused_by=cause)
            drafts.append(draft)
    await bulk_update(session, table_of(Complaint), accepted, Complaint.CHANGED_BY_ACCEPTANCE)
    await release_by_rule(context, drafts)
    await bulk_insert(session, table_of(Reply), [each.reply for each in drafts])


async def _call_back(
    context: Context,
    complaints: Sequence[Complaint],
    deadlines: Iterable[Deadline],
    facts: Mapping[str, Facts],
    causes: Mapping[str, str | None],
) -> None:
    """Set the call-back of what has just been answered for good."""
    answered = [each for each in complaints if any(one.solved for one in facts[each.id].answers)]
    if not answered:
        return
    known = {(each.complaint_id, each.round) for each in deadlines if each.stage == Stage.CALL_BACK}
    of_complaint = await histories(context.session, answered)
    new = []
    for complaint in answered:
        if (complaint.id, complaint.round) in known:
            continue
        history = of_complaint.get(complaint.id, NO_HISTORY)
        deadline = call_back_due(context, complaint, history, facts[complaint.id])
        if deadline is not None:
            new.append(deadline)
            context.tell(deadlines_set(complaint, [deadline]), caused_by=causes[complaint.id])
    await bulk_insert(context.session, table_of(Deadline), new)


async def _judge(
    context: Context,
    complaints: Iterable[Complaint],
    deadlines: Iterable[Deadline],
    done: _Done,
    causes: Mapping[str, str | None],
) -> None:
    """Hold each deadline to the time its stage was done, as far as is known by now. Where one turns
    out not to be done after all, all of its complaint are told anew."""
    judged: list[Deadline] = []
    reopened = set[str]()
    for deadline in deadlines:
        complaint_id = deadline.complaint_id
        at = done[complaint_id, deadline.round].get(Stage(deadline.stage))
        if at == deadline.met_at or (deadline.round > FIRST_ROUND and not deadline.is_met_by(at)):
            continue
        if at is None:
            reopened.add(complaint_id)
        context.tell(*deadline.judge(at, context.now), caused_by=causes[complaint_id])
        judged.append(deadline)
    await bulk_update(context.session, table_of(Deadline), judged, Deadline.CHANGED_BY_JUDGEMENT)
    if reopened:
        all_stages = by_complaint(await rows(context.session, DEADLINES, reopened))
        for complaint in complaints:
            if complaint.id in reopened:
                told = deadlines_set(complaint, all_stages[complaint.id])
                context.tell(told, caused_by=causes[complaint.id])


def _facts(
    context: Context,
    complaint: Complaint,
    links: Sequence[LinkAndWorkOrder],
    versions: Iterable[Reply],
) -> Facts:
    profile = context.config.profile(complaint.platform)
    return Facts(
        decided_at=complaint.decided_at,
        contacted_at=complaint.contacted_at,
        last_contacted_at=complaint.last_contacted_at,
        answers=tuple(
            Answer(
                reply.delivered_at,
                reply.solved,
                reply.returned,
                profile.reaches_resident,
                reply.version,
                interim=reply.interim,
                interim_meets_reply=reply.interim and _interim_meets_reply(context, complaint),
            )
            for reply in versions
            if reply.delivered_at is not None and reply.state == ReplyState.DELIVERED
        ),
        links=_linked(links) if links else (),
    )


def _interim_meets_reply(context: Context, complaint: Complaint) -> bool:
    policies = context.editions.of(complaint.county).policies
    return policy_for(complaint.ticket, policies).interim_meets_reply


def _linked(links: Sequence[LinkAndWorkOrder]) -> tuple[Linked, ...]:
    """Oldest first; each counts until the link to another work order."""
    links = [
        pair
        for before, pair in zip([None, *links], links, strict=False)
        if before is None or before[0].work_order_id != pair[0].work_order_id
    ]
    ends = [*(later.sequence for _, (later, _) in pairwise(links)), None]
    return tuple(
        Linked(
            since=link.since,
            until=until,
            arrived=work_order.arrived if work_order else None,
            repaired=work_order.repaired if work_order else None,
            last_arrived=work_order.last_arrived if work_order else None,
            last_repaired=work_order.last_repaired if work_order else None,
        )
        for (link, work_order), until in zip(links, ends, strict=True)
    )
