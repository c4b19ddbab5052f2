"""Clocks are stopped while the office waits for something, and go on afterwards.

A person stops them with a reason. They go on when a person says so, at the time that was expected,
when the policy allows no more, when the resident that was waited for has been reached, or when
nothing is left to be done.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlmodel import col

from services.reply.commands import PauseDeadlines, ResumeDeadlines
from services.reply.context import Context
from services.reply.loading import (
    COMPLAINTS,
    DEADLINES,
    NO_HISTORY,
    History,
    by_complaint,
    histories,
    rows,
)
from services.reply.models import Complaint, Deadline, Pause, deadlines_set
from services.reply.rules.counting import PRINTED
from services.reply.rules.deadlines import Policy, Stage
from services.reply.rules.escalation import is_past
from services.reply.rules.objections import CommandRejected, Objection
from services.reply.rules.pauses import PauseEnd, PauseKind, latest_end, union
from shared.auth.tokens import Person
from shared.ids import new_id

from .deadline_recount import count_newest_round, policy_of

_BATCH = 200
_ENDING = (
    select(col(Pause.complaint_id))
    .where(col(Pause.ended_at).is_(None), col(Pause.ends_at) <= bindparam("now"))
    .order_by(col(Pause.ends_at))
    .limit(_BATCH)
)


async def pause_deadlines(context: Context, command: PauseDeadlines, person: Person) -> list[str]:
    """Stop what can be stopped of these complaints; returns their ids. Raises CommandRejected where
    nothing can: the first objection."""
    if command.until is not None and command.until <= context.now:
        raise CommandRejected(Objection.PAUSE_ENDS_BEFORE)
    paused: list[str] = []
    objections: list[Objection] = []
    for complaint, history, deadlines in await _of_county(context, command.complaint_ids, person):
        objection = _pause_one(context, complaint, history, deadlines, command, person)
        if objection is None:
            paused.append(complaint.id)
            context.tell(deadlines_set(complaint, deadlines))
        else:
            objections.append(objection)
    if not paused:
        raise CommandRejected(objections[0] if objections else Objection.UNKNOWN_COMPLAINT)
    return paused


def _pause_one(
    context: Context,
    complaint: Complaint,
    history: History,
    deadlines: Sequence[Deadline],
    command: PauseDeadlines,
    person: Person,
) -> Objection | None:
    rulebook, now = context.editions.of(complaint.county), context.now
    policy = policy_of(rulebook, complaint, history)
    pausable = [row for row in deadlines if _can_be_paused(policy, complaint, row, now)]
    if policy.pauses is None or not pausable:
        return Objection.NOTHING_TO_PAUSE
    if any(pause.kind == command.kind for pause in history.running):
        return Objection.PAUSED_ALREADY
    earlier = union(pause.until(now) for pause in history.pauses)
    calendar = rulebook.calendars.of(complaint.county)
    latest = latest_end(policy.pauses, earlier, now, calendar)
    if latest is None:
        return Objection.PAUSE_USED_UP
    is_expected = command.until is not None and command.until < latest
    complaint.pauses += 1
    context.session.add(
        Pause(
            id=new_id("p-", now),
            complaint_id=complaint.id,
            round=complaint.round,
            county=complaint.county,
            kind=command.kind.value,
            reason=command.reason.strip(),
            started_at=now,
            started_by=person.name,
            ends_at=command.until if is_expected and command.until else latest,
            is_expected=is_expected,
        )
    )
    for row in pausable:
        row.pause(command.kind, now)
    return None


def _can_be_paused(policy: Policy, complaint: Complaint, row: Deadline, now: datetime) -> bool:
    rules = policy.pauses
    return (
        rules is not None
        and row.round == complaint.round
        and row.stage in rules.stages
        and row.can_be_paused
        and (rules.printed or row.source != PRINTED)
        and not is_past(row.due_at, now)
    )


async def resume_deadlines(context: Context, command: ResumeDeadlines, person: Person) -> list[str]:
    """A person lets them go on; returns the ids. Raises CommandRejected where none is paused."""
    resumed = []
    for complaint, history, deadlines in await _of_county(context, command.complaint_ids, person):
        ending = [one for one in history.running if command.kind in (None, one.kind)]
        if ending:
            for one in ending:
                one.end(context.now, PauseEnd.RESUMED, person.name)
            _go_on(context, complaint, history, deadlines)
            resumed.append(complaint.id)
    if not resumed:
        raise CommandRejected(Objection.NOT_PAUSED)
    return resumed


async def end_pauses(context: Context) -> int:
    """End what was to end by now, as of then; returns how many complaints. A periodic task."""
    found = await context.session.execute(_ENDING, {"now": context.now})
    ids = set(found.scalars())
    for complaint, history, deadlines in await _loaded(context, ids):
        for pause in history.running:
            if pause.ends_at <= context.now:
                why = PauseEnd.EXPECTED if pause.is_expected else PauseEnd.LONGEST
                pause.end(pause.ends_at, why)
        _go_on(context, complaint, history, deadlines)
    return len(ids)


async def end_waiting_for_resident(context: Context, complaint: Complaint, at: datetime) -> None:
    """The resident has been reached."""
    if not complaint.pauses:
        return
    for _, history, deadlines in await _loaded(context, {complaint.id}):
        waiting = [pause for pause in history.running if pause.kind == PauseKind.RESIDENT]
        for pause in waiting:
            pause.end(at, PauseEnd.CONTACTED)
        if waiting:
            _go_on(context, complaint, history, deadlines)


async def resume_done(
    context: Context,
    complaints: Sequence[Complaint],
    done: Mapping[tuple[str, int], Mapping[Stage, datetime]],
) -> None:
    """What was done while its clock stood still is judged by the limit as it was at that moment."""
    paused = {complaint.id for complaint in complaints if complaint.pauses}
    if not paused:
        return
    for complaint, history, deadlines in await _loaded(context, paused):
        done_at = done.get((complaint.id, complaint.round), {})
        still = [row for row in deadlines if row.paused_since is not None]
        ended = [row for row in still if Stage(row.stage) in done_at]
        if not ended:
            continue
        if len(ended) == len(still):
            last = max(done_at[Stage(row.stage)] for row in ended)
            for pause in history.running:
                pause.end(last, PauseEnd.DONE)
        for row in ended:
            row.resume()
        _count_again(context, complaint, history, deadlines, done_at)
        context.tell(deadlines_set(complaint, deadlines))
    await context.session.flush()


def _go_on(
    context: Context, complaint: Complaint, history: History, deadlines: Sequence[Deadline]
) -> None:
    """What no pause stops any more is due later by as long as it stood still."""
    running = history.running
    for row in deadlines:
        if row.paused_since is not None and not running:
            row.resume()
        elif row.paused_since is not None:
            row.paused_for = running[-1].kind
    _count_again(context, complaint, history, deadlines, {})
    context.tell(deadlines_set(complaint, deadlines))


def _count_again(
    context: Context,
    complaint: Complaint,
    history: History,
    deadlines: Sequence[Deadline],
    done_at: Mapping[Stage, datetime],
) -> None:
    rulebook = context.editions.of(complaint.county)
    rows_of_round = {Stage(row.stage): row for row in deadlines if row.round == complaint.round}
    known = {stage: row.met_at or done_at.get(stage) for stage, row in rows_of_round.items()}
    for counted in count_newest_round(rulebook, complaint, history, known, context.now):
        row = rows_of_round.get(counted.stage)
        if row is not None and row.extensions_granted == 0:
            climb = rulebook.climb(complaint.county, counted.ladder)
            _, events = row.count_again(counted, climb, context.now)
            context.tell(*events)


_Loaded = tuple[Complaint, History, Sequence[Deadline]]


async def _of_county(context: Context, ids: Sequence[str], person: Person) -> list[_Loaded]:
    loaded = await _loaded(context, set(ids))
    return [each for each in loaded if each[0].county == person.county]


async def _loaded(context: Context, ids: set[str]) -> list[_Loaded]:
    """Locked: the complaint before what belongs to it."""
    if not ids:
        return []
    complaints = await rows(context.session, COMPLAINTS, sorted(ids))
    deadlines = by_complaint(await rows(context.session, DEADLINES, sorted(ids)))
    known = await histories(context.session, complaints)
    return [
        (each, known.get(each.id, NO_HISTORY), deadlines.get(each.id, ())) for each in complaints
    ]
