"""Rework (重办): a resident says that it is not solved, and the same fault is repaired again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from services.dispatch.models import Complaint, Outcome, Rework, Scheme, WorkOrder
from services.dispatch.models.opening import open_rework
from services.dispatch.rules.fault_matching import LinkReason, find_fault, stands_alone
from services.dispatch.rules.rework import (
    Decision,
    FaultFacts,
    OtherRework,
    ReworkOutcome,
    decide,
)
from services.dispatch.rules.work_order import State
from shared.auth.tokens import Person
from shared.bulk_insert import bulk_insert
from shared.ids import new_id
from shared.sql import table_of

from .closing import is_answered
from .context import Context
from .fault_matching import OWN_SOURCE, open_faults, supplies_of
from .locks import lock, lock_schemes, lock_villages
from .on_complaints import UnknownComplaint

_work_orders = table_of(WorkOrder)
_DONE = (State.REPAIRED, State.CLOSED)


@dataclass(frozen=True, slots=True)
class NotSolved:
    """What a resident says about one answer."""

    complaint_id: str
    version: int
    answered_at: datetime
    source: str


class UnknownRework(LookupError):
    """No such "not solved" in this person's county."""


@dataclass(frozen=True, slots=True)
class _Fault:
    """A complaint, its work order, and the others for the same fault; locked."""

    complaint: Complaint
    former: WorkOrder | None
    reworks: Sequence[WorkOrder]
    """The oldest first."""
    same: WorkOrder | None
    """Another open one that the rules find to be the same fault."""

    @property
    def other(self) -> WorkOrder | None:
        """Where the complaint may be linked instead of a new one."""
        newest = self.reworks[-1] if self.reworks else None
        return newest if newest is not self.former and newest is not None else self.same

    @property
    def facts(self) -> FaultFacts:
        if self.former is None:
            return FaultFacts(has_work_order=False)
        root = self.former.rework_of or self.former.id
        in_place = sum(each.reworks for each in self.reworks)
        if root == self.former.id:
            in_place += self.former.reworks
        other = self.other
        return FaultFacts(
            has_work_order=True,
            under_way=self.former.state not in _DONE,
            reworks=len(self.reworks) + in_place,
            other=OtherRework(other.id, other.state not in _DONE, other.repaired_at)
            if other
            else None,
        )


async def rework(context: Context, said: NotSolved) -> None:
    """Once for each answer, whoever says it and however often. Raises UnknownComplaint."""
    if await context.session.get(Rework, (said.complaint_id, said.version)) is not None:
        return
    fault = await _lock_fault(context, said.complaint_id, said.answered_at)
    allowed = context.policy.reworks_by_rule
    decision = decide(fault.facts, said.answered_at, said.source, allowed)
    work_order_id = await _carry_out(context, fault, decision, said.answered_at)
    context.session.add(
        Rework(
            complaint_id=said.complaint_id,
            version=said.version,
            county=fault.complaint.county,
            answered_at=said.answered_at,
            outcome=decision.outcome.value,
            why=decision.why.value if decision.why else None,
            former_work_order_id=fault.former.id if fault.former else None,
            work_order_id=work_order_id,
            decided_at=context.now,
        )
    )
    await context.session.flush()


async def decide_rework(
    context: Context, person: Person, complaint_id: str, version: int, reason: str, *, again: bool
) -> Rework:
    """A person decides what the rules must not: repair once more, or nothing is left to repair.
    Deciding it again changes nothing. Raises UnknownRework."""
    found = await context.session.get(Rework, (complaint_id, version))
    if found is None or found.county != person.county:
        raise UnknownRework
    fault = await _lock_fault(context, complaint_id, found.answered_at)
    await context.session.refresh(found)
    if found.outcome != ReworkOutcome.FOR_PERSON:
        return found
    outcome, work_order_id = ReworkOutcome.DECLINED, None
    if again and fault.former is not None:
        outcome = ReworkOutcome.OPENED
        if fault.facts.under_way:
            outcome = ReworkOutcome.UNDER_WAY
        elif fault.facts.other is not None and fault.facts.other.under_way:
            outcome = ReworkOutcome.JOINED
        work_order_id = await _carry_out(
            context, fault, Decision(outcome), found.answered_at, person.name
        )
    found.decide(outcome, person.name, reason, context.now, work_order_id)
    return found


async def _lock_fault(context: Context, complaint_id: str, answered_at: datetime) -> _Fault:
    session = context.session
    known = await session.get(Complaint, complaint_id)
    if known is None:
        raise UnknownComplaint(complaint_id)
    former = await session.get(WorkOrder, known.work_order_id) if known.work_order_id else None
    if former is None:
        complaint = (await lock(session, Complaint, [complaint_id]))[complaint_id]
        return _Fault(complaint, None, (), None)
    await lock_schemes(session, [former.scheme_id])
    await lock_villages(session, [known.village_code])
    root = former.rework_of or former.id
    children = await session.execute(
        select(col(WorkOrder.id)).where(col(WorkOrder.rework_of) == root)
    )
    same_id = await _same_fault(context, known, former, answered_at)
    ids = {former.id, *children.scalars(), *filter(None, [same_id])}
    locked = await lock(session, WorkOrder, ids)
    complaint = (await lock(session, Complaint, [complaint_id]))[complaint_id]
    reworks = [each for each in locked.values() if each.rework_of == root]
    return _Fault(
        complaint,
        locked[former.id],
        sorted(reworks, key=lambda each: (each.opened_at, each.id)),
        locked[same_id] if same_id else None,
    )


async def _same_fault(
    context: Context, complaint: Complaint, former: WorkOrder, answered_at: datetime
) -> str | None:
    """Another open work order, not repaired yet, that the complaint would be linked to today."""
    supply = (await supplies_of(context.session, [complaint.village_code])).get(
        complaint.village_code
    )
    if supply is None or supply.scheme_id != former.scheme_id:
        return None
    signs = complaint.signs._replace(sent_at=answered_at)
    if stands_alone(signs):
        return None
    faults = (await open_faults(context.session, [supply.scheme_id]))[supply.scheme_id]
    others = [
        each for each in faults if each.repaired_at is None and each.work_order_id != former.id
    ]
    own_source = not OWN_SOURCE.isdisjoint(supply.components)
    found = find_fault(signs, others, context.policy.window, own_source=own_source)
    return found[0].work_order_id if found else None


async def _carry_out(
    context: Context,
    fault: _Fault,
    decision: Decision,
    answered_at: datetime,
    who: str | None = None,
) -> str | None:
    """Returns the work order that the complaint is linked to from now on; None: to none."""
    former, complaint = fault.former, fault.complaint
    if former is None:
        return None
    if decision.outcome is ReworkOutcome.OPENED:
        work_order_id = new_id("w", context.now)
        scheme_name = await _scheme_name(context, former)
        complaint.link_to(work_order_id, LinkReason.REWORK, context.now)
        opened, changes = open_rework(
            work_order_id, complaint, former, scheme_name, answered_at, context.now, who
        )
        await bulk_insert(context.session, _work_orders, [opened])
        context.record([former.unlink([complaint], context.now), *changes], complaint.id)
    elif decision.outcome is ReworkOutcome.JOINED and fault.other is not None:
        work_order_id = fault.other.id
        complaint.link_to(work_order_id, LinkReason.REWORK, context.now)
        changes = [former.unlink([complaint], context.now)]
        context.record([*changes, *fault.other.link([complaint], context.now, who)], complaint.id)
    else:
        return former.id
    await context.session.flush()
    if former.state == State.REPAIRED and await is_answered(context.session, former.id):
        context.record([former.close(Outcome.REPAIRED, context.now)], complaint.id)
    return work_order_id


async def _scheme_name(context: Context, work_order: WorkOrder) -> str:
    scheme = await context.session.get(Scheme, work_order.scheme_id)
    return scheme.name if scheme else ""
