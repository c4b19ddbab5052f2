"""Somebody spoke to the resident."""

from datetime import timedelta

from services.reply.commands import RecordContact
from services.reply.context import Context
from services.reply.loading import complaint_of_county
from services.reply.rules.objections import CommandRejected, Objection
from shared.auth.tokens import Person

from .pauses import end_waiting_for_resident
from .reconcile import reconcile

_CLOCKS_DIFFER_BY = timedelta(minutes=5)


async def record_contact(
    context: Context, complaint_id: str, command: RecordContact, person: Person
) -> None:
    """Meets the deadline of a first contact; the earliest counts. Raises CommandRejected."""
    complaint = await complaint_of_county(context.session, complaint_id, person.county)
    at = command.contacted_at or context.now
    if at > context.now + _CLOCKS_DIFFER_BY:
        raise CommandRejected(Objection.IN_THE_FUTURE)
    if at < complaint.ticket.starts_at:
        raise CommandRejected(Objection.BEFORE_RECEIPT)
    complaint.contact(at)
    await end_waiting_for_resident(context, complaint, context.now)
    await reconcile(context, {complaint_id: None})
