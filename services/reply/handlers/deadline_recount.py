"""Count deadlines again: the ticket changed, or a policy or the calendar of a year came out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.reply.context import Context
from services.reply.loading import DEADLINES, NO_HISTORY, History, by_complaint, histories, rows
from services.reply.models import Complaint, Deadline, RulebookEffect, deadlines_set
from services.reply.models.deadline import DeadlineEvent
from services.reply.rulebook import Editions, Rulebook
from services.reply.rules.counting import (
    CountedDeadline,
    Stopped,
    count_deadlines,
    count_rework,
    in_round,
    is_limit_unreadable,
)
from services.reply.rules.deadlines import Policy, Stage, policy_for, policy_for_rework
from services.reply.rules.escalation import is_past
from services.reply.rules.pauses import union
from services.reply.rules.recount import Effect, Moved, effect_of
from services.reply.rules.rounds import FIRST_ROUND
from shared.bulk_insert import bulk_insert
from shared.events.replies import MovedDeadline, RulebookChange
from shared.sql import table_of

_BATCH = 200
# Each pair of county and edition by one step in the index, however many complaints it has.
_COUNTED_BY = text("""
WITH RECURSIVE found AS (
    (SELECT county, counted_by FROM complaint WHERE state = 'open'
     ORDER BY county, counted_by LIMIT 1)
    UNION ALL
    SELECT later.county, later.counted_by FROM found, LATERAL (
        SELECT county, counted_by FROM complaint
        WHERE state = 'open' AND (county, counted_by) > (found.county, found.counted_by)
        ORDER BY county, counted_by LIMIT 1
    ) AS later
)
SELECT county, counted_by FROM found
""")


class CountedBy(NamedTuple):
    county: str
    edition: str


async def recount_outdated(context: Context) -> int:
    """Count again some open complaints that were counted by another edition of the rulebook.

    Returns how many; 0: all are counted by this one.
    """
    await context.config.rulebooks.refresh(context.session, now=True)
    editions = context.config.rulebooks.current
    for counted_by in await outdated(context.session, editions):
        complaints = await _locked_some(context, counted_by)
        if complaints:
            rulebook = editions.of(counted_by.county)
            effect = await _recount_by(context, rulebook, complaints)
            await _note_effect(context, counted_by.county, rulebook, effect)
            return len(complaints)
    return 0


async def outdated(session: AsyncSession, editions: Editions) -> Sequence[CountedBy]:
    """Which counties have open complaints that were counted by another edition."""
    found = await session.execute(_COUNTED_BY)
    pairs = [CountedBy(*row) for row in found]
    return [each for each in pairs if each.edition != editions.of(each.county).edition]


async def _locked_some(context: Context, counted_by: CountedBy) -> Sequence[Complaint]:
    found = await context.session.execute(
        select(Complaint)
        .where(
            text("state = 'open'"),  # as the partial index has it
            col(Complaint.county) == counted_by.county,
            col(Complaint.counted_by) == counted_by.edition,
        )
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    )
    return sorted(found.scalars(), key=lambda complaint: complaint.id)


async def recount(
    context: Context, complaints: Sequence[Complaint], *, limited_anew: Collection[str] = ()
) -> None:
    """Count the deadlines of these (locked) complaints again, and tell where they changed: those of
    the newest round; an earlier one keeps its limits.

    What is done already is judged by the new limit; a recorded miss stays one; time a platform has
    granted stays, unless it printed a new limit afterwards (`limited_anew`).
    """
    for rulebook, group in _by_rulebook(context.editions, complaints):
        await _recount_by(context, rulebook, group, limited_anew=limited_anew, is_change=False)


def _by_rulebook(
    editions: Editions, complaints: Sequence[Complaint]
) -> Sequence[tuple[Rulebook, Sequence[Complaint]]]:
    grouped: dict[str, tuple[Rulebook, list[Complaint]]] = {}
    for complaint in complaints:
        rulebook = editions.of(complaint.county)
        grouped.setdefault(rulebook.edition, (rulebook, []))[1].append(complaint)
    return list(grouped.values())


async def _recount_by(
    context: Context,
    rulebook: Rulebook,
    complaints: Sequence[Complaint],
    *,
    limited_anew: Collection[str] = (),
    is_change: bool = True,
) -> Effect:
    """`is_change`: the rulebook has changed rather than the complaint, and that is told."""
    found = await recount_rows(
        context.session, rulebook, complaints, context.now, limited_anew=limited_anew
    )
    for complaint, recounted in zip(complaints, found, strict=True):
        context.tell(*recounted.events)
        if recounted.changed:
            because = _change_of(rulebook, complaint, recounted) if is_change else None
            context.tell(deadlines_set(complaint, recounted.deadlines, because))
    new = [deadline for recounted in found for deadline in recounted.added]
    await bulk_insert(context.session, table_of(Deadline), new)
    return effect_of([recounted.moved for recounted in found])


async def recount_rows(
    session: AsyncSession,
    rulebook: Rulebook,
    complaints: Sequence[Complaint],
    now: datetime,
    *,
    limited_anew: Collection[str] = (),
    deadlines: Select[tuple[Deadline]] = DEADLINES,
) -> Sequence["Recounted"]:
    """Change these complaints and their deadlines as the rulebook says, and write nothing: a
    preview throws the rows away, and shows what a recount will do. `deadlines`: how they are read.
    """
    present = by_complaint(await rows(session, deadlines, [one.id for one in complaints]))
    known = await histories(session, complaints)
    return [
        _recount_one(
            rulebook,
            complaint,
            present.get(complaint.id, ()),
            known.get(complaint.id, NO_HISTORY),
            now,
            may_shorten=complaint.id in limited_anew,
        )
        for complaint in complaints
    ]


def _change_of(
    rulebook: Rulebook, complaint: Complaint, recounted: "Recounted"
) -> RulebookChange | None:
    newest = rulebook.newest
    return newest and RulebookChange(
        kind=newest.kind.value,
        number=newest.number,
        note=newest.note,
        moved=tuple(
            MovedDeadline(
                stage=each.stage.value,
                round=complaint.round,
                old_due_at=each.before,
                new_due_at=each.after,
            )
            for each in recounted.moved
            if each.has_moved
        ),
    )


@dataclass(frozen=True, slots=True)
class Recounted:
    """One complaint, counted again."""

    deadlines: Sequence[Deadline]
    """All that it has now."""
    added: Sequence[Deadline]
    """Those among them that are new."""
    changed: bool
    """Whether others have to be told."""
    events: Sequence[DeadlineEvent]
    moved: Sequence[Moved]


def _recount_one(
    rulebook: Rulebook,
    complaint: Complaint,
    present: Sequence[Deadline],
    history: History,
    now: datetime,
    *,
    may_shorten: bool = False,
) -> Recounted:
    by_stage: Mapping[str, Deadline] = {
        row.stage: row for row in present if row.round == complaint.round
    }
    done_at = {Stage(row.stage): row.met_at for row in by_stage.values()}
    counted = count_newest_round(rulebook, complaint, history, done_at, now)
    is_first = complaint.round == FIRST_ROUND
    changed = complaint.count(
        rulebook.edition,
        limit_unreadable=is_limit_unreadable(counted) if is_first else complaint.limit_unreadable,
    )
    added: list[Deadline] = []
    events: list[DeadlineEvent] = []
    moves: list[Moved] = []
    for one in counted:
        deadline = by_stage.get(one.stage.value)
        if deadline is None:
            added.append(Deadline.set(complaint, one))
        elif deadline.extensions_granted == 0 or may_shorten:
            before, was_provisional = deadline.due_at, deadline.provisional
            was_recorded = deadline.missed_recorded_at is not None
            climb = rulebook.climb(complaint.county, one.ladder)
            has_changed, followed = deadline.count_again(one, climb, now)
            changed |= has_changed
            events += followed
            if has_changed:
                moves.append(
                    Moved(
                        Stage(deadline.stage),
                        before,
                        deadline.due_at,
                        is_missed=deadline.met_at is None
                        and not was_recorded
                        and is_past(deadline.due_at, now),
                        becomes_firm=was_provisional and not deadline.provisional,
                    )
                )
    return Recounted([*present, *added], added, changed or bool(added), events, moves)


def count_newest_round(
    rulebook: Rulebook,
    complaint: Complaint,
    history: History,
    done_at: Mapping[Stage, datetime | None],
    now: datetime,
) -> tuple[CountedDeadline, ...]:
    """`done_at`: when each stage was done, after which no pause counts for it. A pause that runs
    counts until now."""
    ticket, calendar = complaint.ticket, rulebook.calendars.of(complaint.county)
    stopped: Stopped = {}
    if history.pauses and (rules := policy_of(rulebook, complaint, history).pauses):
        stopped = {
            stage: union(one.until(done_at.get(stage) or now) for one in history.pauses)
            for stage in rules.stages
        }
    later = history.later
    if later is None:
        return count_deadlines(ticket, rulebook.policies, calendar, stopped)
    return count_rework(ticket, later.round, later.started_at, rulebook.policies, calendar, stopped)


def policy_of(rulebook: Rulebook, complaint: Complaint, history: History) -> Policy:
    """What its newest round is counted by."""
    if history.later is None:
        return policy_for(complaint.ticket, rulebook.policies)
    anew = in_round(complaint.ticket, history.later.started_at)
    return policy_for_rework(anew, rulebook.policies)


async def _note_effect(context: Context, county: str, rulebook: Rulebook, effect: Effect) -> None:
    """Add what this batch did to the version's row."""
    newest = rulebook.newest
    if newest is None:
        return
    table = table_of(RulebookEffect)
    row = insert(table).values(
        county=county, kind=newest.kind.value, number=newest.number, **effect._asdict()
    )
    sums = {
        name: table.c[name] + row.excluded[name]
        for name in ("complaints", "complaints_moved", "moved", "missed", "firm")
    }
    greatest = {
        name: text(f"greatest(rulebook_effect.{name}, excluded.{name})")
        for name in ("earliest_by", "latest_by")
    }
    await context.session.execute(
        row.on_conflict_do_update(
            index_elements=["county", "kind", "number"], set_={**sums, **greatest}
        )
    )
