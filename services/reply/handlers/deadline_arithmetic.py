"""Reads what a complaint's deadlines are counted by, and says it in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from services.reply.loading import History
from services.reply.models import (
    Complaint,
    Deadline,
    ExtensionRequest,
    LaterRound,
    Pause,
    Reply,
    ReplyState,
)
from services.reply.rulebook import Rulebook
from services.reply.rules.arithmetic import (
    Counted,
    Words,
    across,
    extension_in_words,
    holidays_between,
    in_words,
    pause_in_words,
    shortening_in_words,
)
from services.reply.rules.counting import PRINTED, CountedDeadline, count_call_back
from services.reply.rules.deadlines import Stage
from services.reply.rules.escalation import Standing, is_past
from services.reply.rules.extensions import ExtensionState
from services.reply.rules.pauses import union
from services.reply.rules.rounds import FIRST_ROUND
from services.reply.rules.time_limits import Duration, Unit

from .deadline_recount import count_newest_round, policy_of

_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class Move:
    """Something that moved a deadline."""

    kind: str
    """pause, extension, chase or supervise."""
    at: datetime
    by: str | None
    """Who did it; None: a platform, a resident, or the machine."""
    why: str
    """The reason that was given."""
    words: Words


@dataclass(frozen=True, slots=True)
class Explained:
    deadline: Deadline
    round_why: str | None
    """A RoundCause; None: it is the first round."""
    words: Words
    holidays: Sequence[Words]
    moves: Sequence[Move]
    can_be_paused: bool


async def explain_deadlines(
    session: AsyncSession, rulebook: Rulebook, complaint: Complaint, now: datetime
) -> Sequence[Explained]:
    """Every deadline of the complaint, in the order of rounds and stages."""
    facts = await _read(session, complaint)
    by_round = {number: facts.history(number) for number in range(1, complaint.round + 1)}
    counted = {
        (number, one.stage): one
        for number, history in by_round.items()
        for one in _count(rulebook, complaint, facts, number, history, now)
    }
    order = list(Stage)
    rows = sorted(facts.deadlines, key=lambda row: (row.round, order.index(Stage(row.stage))))
    return [
        _explain(
            rulebook,
            complaint,
            facts,
            by_round[row.round],
            row,
            counted.get((row.round, Stage(row.stage))),
            now,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class _Facts:
    deadlines: Sequence[Deadline]
    rounds: Sequence[LaterRound]
    pauses: Sequence[Pause]
    extensions: Sequence[ExtensionRequest]
    solved: Sequence[Reply]
    """The delivered answers that say so, the oldest first."""

    def history(self, number: int) -> History:
        later = next((one for one in self.rounds if one.round == number), None)
        return History(later, [one for one in self.pauses if one.round == number])

    def answered_in(self, number: int) -> datetime | None:
        """When the first answer of that round was delivered that says "solved"."""
        later = self.history(number).later
        after = later.after_version if later else 0
        answers = (one for one in self.solved if one.version > after and not one.returned)
        return next((one.delivered_at for one in answers), None)


async def _read(session: AsyncSession, complaint: Complaint) -> _Facts:
    def of_complaint(query: Any, table: Any) -> Any:
        return query.where(col(table.complaint_id) == complaint.id)

    async def found(query: Select[tuple[_Row]]) -> Sequence[_Row]:
        return (await session.execute(query)).scalars().all()

    solved = of_complaint(select(Reply), Reply).where(
        col(Reply.state) == ReplyState.DELIVERED.value, col(Reply.solved)
    )
    extensions = of_complaint(select(ExtensionRequest), ExtensionRequest).where(
        col(ExtensionRequest.state) == ExtensionState.GRANTED.value
    )
    later = complaint.round > FIRST_ROUND
    return _Facts(
        deadlines=await found(of_complaint(select(Deadline), Deadline)),
        rounds=await found(of_complaint(select(LaterRound), LaterRound)) if later else (),
        pauses=await found(of_complaint(select(Pause), Pause).order_by(col(Pause.started_at)))
        if complaint.pauses
        else (),
        extensions=await found(extensions.order_by(col(ExtensionRequest.asked_at))),
        solved=await found(solved.order_by(col(Reply.version))),
    )


def _count(
    rulebook: Rulebook,
    complaint: Complaint,
    facts: _Facts,
    number: int,
    history: History,
    now: datetime,
) -> Sequence[CountedDeadline]:
    done_at = {Stage(row.stage): row.met_at for row in facts.deadlines if row.round == number}
    counted = count_newest_round(rulebook, complaint, history, done_at, now)
    answered_at = facts.answered_in(number)
    if answered_at is None:
        return counted
    policy = policy_of(rulebook, complaint, history)
    calendar = rulebook.calendars.of(complaint.county)
    call_back = count_call_back(policy, number, answered_at, calendar)
    return counted if call_back is None else (*counted, call_back)


def _explain(
    rulebook: Rulebook,
    complaint: Complaint,
    facts: _Facts,
    history: History,
    row: Deadline,
    counted: CountedDeadline | None,
    now: datetime,
) -> Explained:
    calendar = rulebook.calendars.of(complaint.county)
    policy = policy_of(rulebook, complaint, history)
    rules = policy.pauses
    is_extended = row.extensions_granted > 0
    is_printed = row.source == PRINTED
    pausable = rules is not None and row.stage in rules.stages and not is_extended
    pausable = pausable and (not is_printed or (rules is not None and rules.printed))
    until = row.met_at or now
    pauses = [one for one in history.pauses if pausable and one.started_at <= until]
    limit = None if counted is None or is_extended else counted.limit
    words = in_words(
        Counted(
            limit=limit,
            counts_from=counted.counts_from if counted else None,
            due_at=counted.due_at if counted and row.paused_since else row.due_at,
            stopped=union(one.until(until) for one in pauses),
            met_at=row.met_at,
            is_missed=row.standing == Standing.MISSED,
            is_paused=row.paused_since is not None,
        ),
        now,
        calendar,
    )
    moves = [
        Move(
            kind="pause",
            at=one.started_at,
            by=one.started_by,
            why=one.reason,
            words=pause_in_words(
                one.kind, one.until(until), limit, now, calendar, runs=one.ended_at is None
            ),
        )
        for one in pauses
        if limit is not None
    ]
    moves += [
        Move(
            kind="extension",
            at=one.answered_at or one.asked_at,
            by=one.asked_by,
            why=one.reason,
            words=extension_in_words(one.granted_until, now),
        )
        for one in facts.extensions
        if (one.stage, one.round) == (row.stage, row.round) and one.granted_until
    ]
    if limit is not None and counted and counted.shortened_by and counted.counts_from:
        occasion, at = counted.shortened_by.value, counted.counts_from
        moves.append(Move(occasion, at, None, "", shortening_in_words(occasion, at, limit, now)))
    is_working = isinstance(limit, Duration) and limit.unit in (
        Unit.WORKING_DAY,
        Unit.WORKING_MINUTE,
    )
    holidays: Sequence[Words] = ()
    if is_working and counted and counted.counts_from:
        holidays = across(holidays_between(counted.counts_from, row.due_at, calendar))
    return Explained(
        deadline=row,
        round_why=history.later.why if history.later else None,
        words=words,
        holidays=holidays,
        moves=sorted(moves, key=lambda move: move.at),
        can_be_paused=pausable
        and row.round == complaint.round
        and row.can_be_paused
        and row.paused_since is None
        and not is_past(row.due_at, now),
    )
