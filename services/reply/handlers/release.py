"""Rules by which replies go out by themselves: written, switched, applied.

Without a rule nothing here costs a statement. What a process remembers of the rules only says where
to look: before a draft is approved by a rule, the rule's row is locked and read, so that nothing is
approved by one once switching it off has committed.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from services.reply.commands import SwitchRule, WriteRule
from services.reply.context import Context
from services.reply.models import Link, ReleaseRule, Reply, ReplyState
from services.reply.release_rules import rules_by_county
from services.reply.rules.drafting import Answering
from services.reply.rules.objections import CommandRejected, Objection, reject_if
from services.reply.rules.release import Candidate, rule_that_releases
from services.reply.rules.release import ReleaseRule as Rule
from services.reply.rules.reply_checks import findings_in
from shared.auth.tokens import Person

from .draft_replies import Drafted


async def release_by_rule(context: Context, drafts: Sequence[Drafted]) -> None:
    """Approve those of these drafts that a rule in force releases."""
    known = context.config.release_rules.enabled
    concerned = [
        each
        for each in drafts
        if any(
            (rule.platform, rule.answering) == (each.reply.platform, each.facts.answering)
            for rule in known.get(each.complaint.county, ())
        )
    ]
    if not concerned:
        return
    counties = {each.complaint.county for each in concerned}
    rules = await _in_force(context.session, counties)
    complaints = await _complaints_of(context.session, concerned)
    for each in concerned:
        candidate = Candidate(
            platform=each.reply.platform,
            facts=each.facts,
            complaints=complaints.get(each.work_order.id, 0) if each.work_order else 0,
            findings=findings_in(context.config.checked(each.reply.platform, each.reply.text)),
            urgent=each.complaint.urgent,
            chased=each.complaint.chases > 0,
            supervised=each.complaint.first_supervised_at is not None,
        )
        rule = rule_that_releases(rules.get(each.complaint.county, ()), candidate)
        if rule is not None:
            by_hand = each.reply.platform not in context.config.channels
            approved = each.reply.approve(rule.approver, context.now, by_hand=by_hand)
            context.tell(approved)


async def _in_force(session: AsyncSession, counties: set[str]) -> Mapping[str, Sequence[Rule]]:
    """Shared locks: switching one off waits for us, or we see that it is off."""
    found = await session.execute(
        select(ReleaseRule)
        .where(col(ReleaseRule.county).in_(counties), col(ReleaseRule.enabled))
        .order_by(col(ReleaseRule.county), col(ReleaseRule.name))
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    )
    return rules_by_county(found.scalars())


async def _complaints_of(session: AsyncSession, drafts: Sequence[Drafted]) -> Mapping[str, int]:
    """How many were ever linked to the work order: too many rather than too few."""
    ids = {each.work_order.id for each in drafts if each.work_order is not None}
    found = await session.execute(
        select(col(Link.work_order_id), func.count(func.distinct(col(Link.complaint_id))))
        .where(col(Link.work_order_id).in_(ids))
        .group_by(col(Link.work_order_id))
    )
    return dict(found.tuples().all())


async def write_rule(context: Context, name: str, command: WriteRule, person: Person) -> None:
    """A new rule, or a new version of one. It is off until it is switched on."""
    rule = Rule(
        name,
        command.platform,
        Answering(command.answering),
        command.category,
        command.most_complaints,
    )
    known = await _locked(context, person.county, name)
    if known is not None:
        known.rewrite(rule, person.name, context.now)
        await _hold(context, known)
        return
    context.session.add(
        ReleaseRule(
            county=person.county,
            name=name,
            platform=rule.platform,
            answering=rule.answering.value,
            category=rule.category,
            most_complaints=rule.most_complaints,
            written_by=person.name,
            written_at=context.now,
        )
    )


async def switch_rule(context: Context, name: str, command: SwitchRule, person: Person) -> None:
    """On: from now on, for drafts made from now on. Off: at once; what it has approved and what has
    not left yet is a draft again. Raises CommandRejected."""
    rule = await _locked(context, person.county, name)
    if rule is None:
        raise CommandRejected(Objection.UNKNOWN_RULE)
    if rule.enabled == command.on:
        return
    alone = context.config.second_person_approves and rule.written_by == person.name
    reject_if(Objection.OWN_RULE if command.on and alone else None)
    rule.switch(person.name, context.now, on=command.on)
    await _hold(context, rule)


async def _locked(context: Context, county: str, name: str) -> ReleaseRule | None:
    found = await context.session.execute(
        select(ReleaseRule)
        .where(col(ReleaseRule.county) == county, col(ReleaseRule.name) == name)
        .with_for_update()
    )
    return found.scalars().first()


async def _hold(context: Context, rule: ReleaseRule) -> None:
    if rule.enabled:
        return
    found = await context.session.execute(
        select(Reply)
        .where(
            col(Reply.county) == rule.county,
            col(Reply.state) == ReplyState.APPROVED.value,
            col(Reply.approved_by) == rule.rule.approver,
        )
        .order_by(col(Reply.complaint_id))
        .with_for_update()
    )
    for reply in found.scalars():
        context.tell(reply.hold())
