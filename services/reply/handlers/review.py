"""A person reads the draft, changes it, approves it; and decides what machines cannot."""

from collections.abc import Sequence

from services.reply.commands import ApproveReply, NoteNotReached, NoteTold, ResolveStuck, WriteDraft
from services.reply.context import Context
from services.reply.loading import REPLIES, complaint_of_county, links_of, rows
from services.reply.models import Complaint, Reply, ReplyState
from services.reply.rules.drafting import ROOM_FOR_RESPONSIBLE, Answering, is_return
from services.reply.rules.objections import CommandRejected, Objection, reject_if
from services.reply.rules.reply_checks import findings_in, is_serious
from services.reply.rules.reviewing import (
    Approval,
    objection_to_approval,
    objection_to_confirming_arrival,
    objection_to_noting_by_hand,
    objection_to_rewriting,
    objection_to_sending_again,
)
from shared.auth.tokens import Person
from shared.bulk_insert import bulk_insert
from shared.sql import table_of

from .deliveries import deliver
from .draft_replies import proposed_text


async def write_draft(
    context: Context, complaint_id: str, command: WriteDraft, person: Person
) -> int:
    """Put a new version in the place of the newest one its writer has read. Returns its number.

    For any complaint, at any time: before anything is drafted, and after a reply was delivered.

    Words that a person has not seen cannot be approved, so every change is a version of its own.
    Raises CommandRejected.
    """
    complaint, replies = await _of(context, complaint_id, person)
    newest = replies[0] if replies else None
    number = newest.version if newest else 0
    words = _filled_in(command).strip()
    reject_if(
        objection_to_rewriting(
            newest.as_version(number) if newest else None,
            words,
            newest_read=command.version,
            newest_number=number,
            longest=context.config.profile(complaint.platform).longest_reply,
        )
    )
    if newest is not None:
        newest.supersede()
    links = (await links_of(context.session, [complaint.id])).get(complaint.id, ())
    work_order = links[-1][1] if links else None
    returned = is_return(is_ours=complaint.is_ours, needs_human=complaint.needs_human)
    draft = Reply.draft(
        complaint,
        number + 1,
        words,
        context.now,
        solved=command.solved and not command.interim,
        kind="return" if returned else "interim" if command.interim else "answer",
        is_true=command.is_true,
        responsible=command.responsible.strip(),
        written_by=person.name,
        repair_sequence=work_order.repaired_sequence if work_order else None,
    )
    context.tell(draft.drafted)
    await bulk_insert(context.session, table_of(Reply), [draft])
    return draft.version


async def propose(context: Context, complaint_id: str, answering: Answering, person: Person) -> str:
    """The words a person may begin with. Raises CommandRejected."""
    complaint = await complaint_of_county(context.session, complaint_id, person.county)
    links = (await links_of(context.session, [complaint.id])).get(complaint.id, ())
    return proposed_text(context, complaint, links[-1][1] if links else None, answering)


def _filled_in(command: WriteDraft) -> str:
    """Our draft of a return leaves room for who is responsible."""
    responsible = command.responsible.strip()
    return command.text.replace(ROOM_FOR_RESPONSIBLE, responsible or ROOM_FOR_RESPONSIBLE)


async def approve(
    context: Context, complaint_id: str, command: ApproveReply, person: Person
) -> None:
    """Let a version be sent. Approving it again changes nothing. Raises CommandRejected."""
    complaint, replies = await _of(context, complaint_id, person)
    reply = _version(replies, command.version)
    if reply.state == ReplyState.APPROVED:
        return
    approval = Approval(
        by=person.name,
        longest=context.config.profile(complaint.platform).longest_reply,
        second_person=context.config.second_person_approves,
        serious=is_serious(findings_in(context.config.checked(reply.platform, reply.text))),
        confirmed=command.confirmed,
    )
    reject_if(objection_to_approval(reply.as_version(replies[0].version), approval))
    by_hand = reply.platform not in context.config.channels
    context.tell(reply.approve(person.name, context.now, by_hand=by_hand))


async def resolve_stuck(
    context: Context, complaint_id: str, command: ResolveStuck, person: Person
) -> None:
    """A person has looked on the platform: it arrived, or it is to be sent again.

    Raises CommandRejected.
    """
    complaint, replies = await _of(context, complaint_id, person)
    reply = _version(replies, command.version)
    if command.outcome == "send_again":
        has_channel = reply.platform in context.config.channels
        reject_if(objection_to_sending_again(ReplyState(reply.state), has_channel=has_channel))
        context.tell(reply.send_again(person.name, context.now))
        return
    reject_if(objection_to_confirming_arrival(ReplyState(reply.state)))
    await _delivered_by(context, complaint, reply, command.receipt, person)


async def note_told(context: Context, complaint_id: str, command: NoteTold, person: Person) -> None:
    """The call sheet's tick: a person has phoned an approved reply, or posted it where we have no
    channel. Raises CommandRejected.
    """
    complaint, replies = await _of(context, complaint_id, person)
    reply = _version(replies, command.version)
    reject_if(objection_to_noting_by_hand(ReplyState(reply.state), by_hand=reply.by_hand))
    await _delivered_by(context, complaint, reply, command.receipt, person)


async def note_not_reached(
    context: Context, complaint_id: str, command: NoteNotReached, person: Person
) -> None:
    """Nobody answered the call: it stays on the call sheet, to be tried later.

    Raises CommandRejected.
    """
    _, replies = await _of(context, complaint_id, person)
    reply = _version(replies, command.version)
    is_open = reply.state == ReplyState.APPROVED
    reject_if(objection_to_noting_by_hand(ReplyState(reply.state), by_hand=reply.by_hand))
    if is_open:
        context.tell(reply.not_reached(context.now + command.again_in))


async def _delivered_by(
    context: Context, complaint: Complaint, reply: Reply, receipt: str | None, person: Person
) -> None:
    if reply.state == ReplyState.DELIVERED:
        return
    reply.resolve(person.name)
    number = receipt or f"confirmed-by:{person.name}"
    await deliver(context, complaint, reply, number, context.now)


def _version(replies: Sequence[Reply], version: int) -> Reply:
    for reply in replies:
        if reply.version == version:
            return reply
    raise CommandRejected(Objection.UNKNOWN_VERSION)


async def _of(
    context: Context, complaint_id: str, person: Person
) -> tuple[Complaint, Sequence[Reply]]:
    """The complaint and all versions, the newest first."""
    complaint = await complaint_of_county(context.session, complaint_id, person.county)
    return complaint, await rows(context.session, REPLIES, [complaint_id])
