"""Was it solved? Open the question after a delivery, and write down what the resident says."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from services.reply.commands import NoteCallBack
from services.reply.context import Context
from services.reply.loading import (
    CALL_BACKS,
    COMPLAINTS,
    REPLIES,
    by_complaint,
    complaint_of_county,
    rows,
)
from services.reply.models import CallBack, Complaint, Reply
from services.reply.rules.call_backs import (
    AskedBy,
    CallBackState,
    WhyClosed,
    objection_to_outcome,
    version_meant,
)
from services.reply.rules.objections import CommandRejected, Objection, reject_if
from services.reply.rules.rounds import RoundCause
from shared.auth.tokens import Person
from shared.bus.transient_errors import NotYetKnown
from shared.events.complaints import ComplaintEvaluated
from shared.events.event import Envelope

from .call_back_deadlines import meet_call_back
from .rounds import start_round


class UnknownComplaint(NotYetKnown):
    """The complaint has not been received here yet: its event waits until it has."""


async def open_call_back(context: Context, complaint: Complaint, reply: Reply) -> None:
    """An answer was delivered: where it says "solved", ask the resident. What was still to be asked
    about an earlier one is not asked any more."""
    known = await rows(context.session, CALL_BACKS, [complaint.id])
    for earlier in known:
        if earlier.version < reply.version and earlier.waits:
            context.tell(earlier.close(WhyClosed.FOLLOWED, context.now))
    is_known = any(each.version == reply.version for each in known)
    if is_known or reply.returned or not reply.solved:
        return
    asked_by = context.config.profile(complaint.platform).asked_by
    if asked_by is AskedBy.WECHAT and complaint.platform not in context.config.channels:
        asked_by = AskedBy.PHONE
    _open(context, complaint, reply.version, asked_by)


def _open(context: Context, complaint: Complaint, version: int, asked_by: AskedBy) -> CallBack:
    policy = context.config.call_backs
    opened = CallBack.open(complaint, version, asked_by, policy, context.now)
    context.tell(opened.changed(context.now))
    context.session.add(opened)
    return opened


async def on_complaints_evaluated(
    context: Context, events: Sequence[Envelope[ComplaintEvaluated]]
) -> Collection[str]:
    """The resident told the platform, or us on WeChat, whether it is solved."""
    ids = {event.data.complaint_id for event in events}
    complaints = {one.id: one for one in await rows(context.session, COMPLAINTS, ids)}
    if unknown := ids - complaints.keys():
        raise UnknownComplaint(min(unknown))
    replies = by_complaint(await rows(context.session, REPLIES, ids))
    known: dict[str, list[CallBack]] = defaultdict(list)
    for each in await rows(context.session, CALL_BACKS, ids):
        known[each.complaint_id].append(each)
    for event in events:
        data = event.data
        complaint = complaints[data.complaint_id]
        versions = replies.get(complaint.id, ())
        version = version_meant(_delivered(versions), data.evaluated_at)
        found = next((each for each in known[complaint.id] if each.version == version), None)
        if found is None:
            found = _open(context, complaint, version, AskedBy.PLATFORM)
            known[complaint.id].append(found)
        told = found.answer(data.satisfied, data.evaluated_at, data.source, context.now)
        if told is not None:
            context.tell(told)
            await meet_call_back(context, complaint, data.evaluated_at)
            await _contest(context, complaint, versions, found)
    return ids


def _delivered(versions: Iterable[Reply]) -> list[tuple[int, datetime]]:
    return [
        (each.version, each.delivered_at)
        for each in versions
        if each.delivered_at and not each.interim
    ]


async def _contest(
    context: Context, complaint: Complaint, versions: Iterable[Reply], answered: CallBack
) -> None:
    """The answer turned out not to be true: the next round starts, once for each answer, and
    another answer follows the repair."""
    if answered.satisfied is not False or answered.answered_at is None:
        return
    for reply in versions:
        if reply.version == answered.version and not reply.returned:
            cause = f"call-back-{reply.version}"
            why = RoundCause.NOT_SATISFIED
            await start_round(context, complaint, why, cause, answered.answered_at)
            reply.contested = True


async def note_call_back(
    context: Context, complaint_id: str, command: NoteCallBack, person: Person
) -> None:
    """What came of a call. The same again changes nothing. Raises CommandRejected."""
    complaint = await complaint_of_county(context.session, complaint_id, person.county)
    known = await rows(context.session, CALL_BACKS, [complaint_id])
    call_back = next((each for each in known if each.version == command.version), None)
    if call_back is None:
        raise CommandRejected(Objection.UNKNOWN_CALL_BACK)
    if command.outcome == "satisfied" or command.outcome == "not_solved":
        satisfied = command.outcome == "satisfied"
        if call_back.state == CallBackState.ANSWERED and call_back.satisfied is satisfied:
            return
    else:
        satisfied = None
    words = command.note.strip()
    state = CallBackState(call_back.state)
    reject_if(objection_to_outcome(state, solved=satisfied, words=words))
    now, by = context.now, person.name
    await meet_call_back(context, complaint, now)
    if satisfied is not None:
        told = call_back.answer(satisfied, now, "phone", now, by=by, note=words)
        if told is not None:
            context.tell(told)
            replies = await rows(context.session, REPLIES, [complaint_id])
            await _contest(context, complaint, replies, call_back)
    elif command.outcome == "not_reached":
        context.tell(call_back.not_reached(by, now, context.config.call_backs))
    else:
        context.tell(call_back.close(WhyClosed.DECLINED, now, by))
