"""A person reads the draft, changes it, approves it; and decides what machines cannot."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from services.reply.channels.channel import Receipt
from services.reply.models import Complaint, Reply, ReplyState
from services.reply.rules.delivery import WhyStuck
from shared.bus.outbox import Outbox
from shared.events.replies import ReplyApproved

from .answers import delivered, locked_complaint, locked_replies
from .drafting import TO_FILL_IN, Office, draft_row
from .refusals import ReplyRefused, Why

_replies = Reply.__table__  # type: ignore[attr-defined]

LONGEST = 2000
LONGEST_ON = {"wechat": 600}
"""Characters. WeChat takes 2,048 bytes of text, and a Chinese character has three."""


def longest_on(platform: str) -> int:
    return LONGEST_ON.get(platform, LONGEST)


async def write_draft(
    session: AsyncSession,
    outbox: Outbox,
    complaint_id: str,
    county: str,
    *,
    text: str,
    solved: bool,
    responsible: str,
    version: int,
    by: str,
    now: datetime,
) -> int:
    """Put a new version in the place of `version`, the newest its writer has read (0: none yet).

    Returns the new version. Words that a person has not seen cannot be approved, so every change
    is a version of its own. Raises ReplyRefused.
    """
    complaint, replies = await _of(session, complaint_id, county)
    newest = replies[0] if replies else None
    if version != (newest.version if newest else 0):
        raise ReplyRefused(Why.STALE)
    if newest is not None:
        _must_be_replaceable(newest)
    words = text.strip()
    if not words:
        raise ReplyRefused(Why.EMPTY)
    if len(words) > longest_on(complaint.platform):
        raise ReplyRefused(Why.TOO_LONG)
    if newest is not None and newest.state != ReplyState.DELIVERED:
        newest.state = ReplyState.SUPERSEDED.value
        newest.next_attempt_at = None
    draft = draft_row(
        outbox,
        complaint,
        version=version + 1,
        text=words,
        solved=solved,
        returned=not complaint.is_ours,
        now=now,
        written_by=by,
        responsible=responsible.strip(),
    )
    await session.execute(insert(_replies), [draft])
    return version + 1


async def approve(
    session: AsyncSession,
    outbox: Outbox,
    complaint_id: str,
    county: str,
    version: int,
    *,
    by: str,
    now: datetime,
    second_person: bool,
) -> None:
    """Let a version leave. Approving it again changes nothing.

    `second_person`: who wrote it may not approve it. Raises ReplyRefused.
    """
    complaint, replies = await _of(session, complaint_id, county)
    reply = _version(replies, version)
    if reply.state == ReplyState.APPROVED:
        return
    if reply.state != ReplyState.DRAFT:
        raise ReplyRefused(Why.STALE if version < replies[0].version else Why.NOT_A_DRAFT)
    if TO_FILL_IN in reply.text or (
        reply.returned and complaint.platform == "hotline_12345" and not reply.responsible
    ):
        raise ReplyRefused(Why.RESPONSIBLE_MISSING)
    if len(reply.text) > longest_on(complaint.platform):
        raise ReplyRefused(Why.TOO_LONG)
    if second_person and reply.written_by == by:
        raise ReplyRefused(Why.OWN_WORDS)
    reply.state = ReplyState.APPROVED.value
    reply.approved_by = by
    reply.approved_at = reply.next_attempt_at = now
    outbox.add(
        ReplyApproved(
            complaint_id=complaint.id,
            county=complaint.county,
            version=version,
            approved_by=by,
            approved_at=now,
        )
    )


async def confirm_arrival(
    session: AsyncSession,
    outbox: Outbox,
    complaint_id: str,
    county: str,
    version: int,
    *,
    receipt: str | None,
    by: str,
    now: datetime,
    office: Office,
) -> None:
    """A person has seen on the platform that a stuck reply arrived after all.

    `receipt`: the platform's number, where it gave one. Raises ReplyRefused.
    """
    complaint, replies = await _of(session, complaint_id, county)
    reply = _version(replies, version)
    if reply.state not in (ReplyState.STUCK, ReplyState.DELIVERED):
        raise ReplyRefused(Why.NOT_STUCK)
    await _delivered_by(by, session, outbox, complaint, reply, receipt, now, office)


async def confirm_told(
    session: AsyncSession,
    outbox: Outbox,
    complaint_id: str,
    county: str,
    version: int,
    *,
    receipt: str | None,
    by: str,
    now: datetime,
    office: Office,
    channels: Collection[str],
) -> None:
    """The call sheet's tick: a person has phoned an approved reply, or posted it on a platform to
    which we have no way out (`channels`: where we have one). Raises ReplyRefused.
    """
    complaint, replies = await _of(session, complaint_id, county)
    reply = _version(replies, version)
    if reply.platform in channels or reply.state not in (
        ReplyState.APPROVED,
        ReplyState.DELIVERED,
    ):
        raise ReplyRefused(Why.NOT_BY_HAND)
    await _delivered_by(by, session, outbox, complaint, reply, receipt, now, office)


async def send_again(
    session: AsyncSession,
    complaint_id: str,
    county: str,
    version: int,
    *,
    by: str,
    now: datetime,
    channels: Collection[str],
) -> None:
    """A person has seen that a stuck reply did not arrive. Raises ReplyRefused."""
    _, replies = await _of(session, complaint_id, county)
    reply = _version(replies, version)
    if reply.state != ReplyState.STUCK:
        raise ReplyRefused(Why.NOT_STUCK)
    if reply.platform not in channels:
        raise ReplyRefused(Why.NO_CHANNEL)
    reply.state = ReplyState.APPROVED.value
    reply.next_attempt_at = now
    reply.why_stuck = None
    reply.settled_by = by


async def _delivered_by(
    person: str,
    session: AsyncSession,
    outbox: Outbox,
    complaint: Complaint,
    reply: Reply,
    receipt: str | None,
    now: datetime,
    office: Office,
) -> None:
    if reply.state == ReplyState.DELIVERED:
        return
    reply.settled_by = person
    proof = Receipt(number=receipt or f"confirmed-by:{person}", received_at=now)
    await delivered(session, outbox, complaint, reply, proof, now, office=office)


def _must_be_replaceable(newest: Reply) -> None:
    if newest.state in (ReplyState.SENDING, ReplyState.AWAITING_RECEIPT):
        raise ReplyRefused(Why.ON_ITS_WAY)
    if newest.state == ReplyState.STUCK and newest.why_stuck == WhyStuck.UNCONFIRMED:
        raise ReplyRefused(Why.MUST_BE_CONFIRMED)


def _version(replies: list[Reply], version: int) -> Reply:
    for reply in replies:
        if reply.version == version:
            return reply
    raise ReplyRefused(Why.UNKNOWN_VERSION)


async def _of(
    session: AsyncSession, complaint_id: str, county: str
) -> tuple[Complaint, list[Reply]]:
    """Another county's complaint is as unknown as one that does not exist."""
    complaint = await locked_complaint(session, complaint_id)
    if complaint is None or complaint.county != county:
        raise ReplyRefused(Why.UNKNOWN_COMPLAINT)
    return complaint, list(await locked_replies(session, complaint_id))
