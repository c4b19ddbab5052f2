"""A county's own templates: tried on facts, and saved as the next version."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import col, select

from services.reply.commands import PreviewTemplate, SaveTemplate
from services.reply.context import Context
from services.reply.loading import links_of
from services.reply.models import Complaint, ComplaintState, TemplateVersion, WorkOrder
from services.reply.rules.calendar import SHANGHAI
from services.reply.rules.drafting import (
    ROOM_FOR_RESPONSIBLE,
    Answering,
    DraftFacts,
    Signature,
    draft_reply,
)
from services.reply.rules.objections import Objection, reject_if
from services.reply.rules.reply_checks import (
    Check,
    Checked,
    Finding,
    findings_in,
    findings_in_template,
)
from services.reply.rules.template import Template, template_of
from shared.auth.tokens import Person

from .draft_replies import facts_as

_REFUSED_FOR: Final = {
    Check.EMPTY: Objection.EMPTY,
    Check.TOO_LONG: Objection.TOO_LONG,
    Check.NUMBER: Objection.TEMPLATE_HAS_NUMBER,
}


@dataclass(frozen=True, slots=True)
class Preview:
    text: str
    findings: tuple[Finding, ...]
    complaint_id: str | None
    """Whose facts it is filled with; None: made-up ones."""


def sample_facts(answering: Answering, at: datetime) -> DraftFacts:
    """Made up, with every fact known that this kind may know."""
    facts = DraftFacts(
        answering,
        "outage",
        place="樊家村",
        scheme="樊家村供水站",
        crew="东片维修队",
        found="主管道接头脱开",
        done="更换接头并试压",
        note="户内阀门未开，打开后正常",
        reason="反映的是城区供热管网",
        responsible=ROOM_FOR_RESPONSIBLE,
        arrived_at=at - timedelta(hours=3),
        repaired_at=at - timedelta(hours=1),
        contacted_at=at - timedelta(hours=2),
        expected_at=at + timedelta(hours=3),
    )
    if answering is Answering.SOLVED:
        return replace(facts, expected_at=None)
    return replace(facts, repaired_at=None)


async def preview_template(
    context: Context, platform: str, answering: Answering, command: PreviewTemplate, person: Person
) -> Preview:
    """The words filled with made-up facts, or with those of the newest open complaint of the
    platform. Raises TemplateInvalid."""
    template = template_of(command.text.strip())
    complaint = await _newest_open(context, person.county, platform) if command.real else None
    if complaint is None:
        facts = sample_facts(answering, context.now)
    else:
        facts = facts_as(
            answering, complaint, await _work_order_of(context, complaint), context.now
        )
    text = draft_reply(facts, template, _signature(context))
    return Preview(
        text,
        _findings(context, platform, template, answering),
        complaint.id if complaint else None,
    )


async def save_template(
    context: Context, platform: str, answering: Answering, command: SaveTemplate, person: Person
) -> int:
    """The next version of the county's own. Returns its number.

    Raises TemplateInvalid for a name there is not, and CommandRejected where somebody else has
    saved one since, or a check finds something serious.
    """
    template = template_of(command.text.strip())
    newest = await newest_version(context, person.county, platform, answering)
    number = newest.version if newest else 0
    reject_if(Objection.STALE if number != command.version else None)
    found = _findings(context, platform, template, answering)
    reject_if(next((_REFUSED_FOR[each.check] for each in found if each.serious), None))
    context.session.add(
        TemplateVersion(
            county=person.county,
            platform=platform,
            answering=answering.value,
            version=number + 1,
            text=template.text.strip(),
            changed_by=person.name,
            changed_at=context.now,
            note=command.note,
        )
    )
    return number + 1


async def newest_version(
    context: Context, county: str, platform: str, answering: Answering
) -> TemplateVersion | None:
    found = await context.session.exec(
        select(TemplateVersion)
        .where(
            col(TemplateVersion.county) == county,
            col(TemplateVersion.platform) == platform,
            col(TemplateVersion.answering) == answering.value,
        )
        .order_by(col(TemplateVersion.version).desc())
        .limit(1)
    )
    return found.first()


def _findings(
    context: Context, platform: str, template: Template, answering: Answering
) -> tuple[Finding, ...]:
    """Of its own words, and of its length where every fact is known."""
    filled = draft_reply(sample_facts(answering, context.now), template, _signature(context))
    longest = context.config.profile(platform).longest_reply
    phone = context.config.office.service_phone
    too_long = [
        each
        for each in findings_in(Checked(filled, longest, phone))
        if each.check is Check.TOO_LONG
    ]
    return (*findings_in_template(template.text, longest, phone), *too_long)


def _signature(context: Context) -> Signature:
    office, today = context.config.office, context.now.astimezone(SHANGHAI).date()
    return Signature(office.name, office.service_phone, today)


async def _newest_open(context: Context, county: str, platform: str) -> Complaint | None:
    found = await context.session.exec(
        select(Complaint)
        .where(
            col(Complaint.county) == county,
            col(Complaint.platform) == platform,
            col(Complaint.state) == ComplaintState.OPEN.value,
        )
        .order_by(col(Complaint.received_at).desc())
        .limit(1)
    )
    return found.first()


async def _work_order_of(context: Context, complaint: Complaint) -> WorkOrder | None:
    links = (await links_of(context.session, [complaint.id])).get(complaint.id, ())
    return links[-1][1] if links else None
