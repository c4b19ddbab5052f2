"""What reply says about deadlines: the console's read model of them.

Any order and any repetition ends alike: of each fact the newest news counts, by the time it was
told. Nothing here needs the complaint itself to be known yet.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Table, bindparam, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from services.dispatch.models import DeadlineView
from shared.bulk_insert import bulk_insert
from shared.bus.outbox import Outbox
from shared.events.event import Envelope
from shared.events.replies import (
    DeadlineMet,
    DeadlineMissed,
    DeadlinesSet,
    DeadlineWarned,
    SetDeadline,
)
from shared.sql import any_of

from .locks import Row

_deadlines: Table = DeadlineView.__table__  # type: ignore[attr-defined]
_KEY = ("complaint_id", "stage")
_KNOWN = select(_deadlines).where(_deadlines.c.complaint_id == any_of("complaint_ids"))
_CHANGED = (
    update(_deadlines)
    .where(*(_deadlines.c[name] == bindparam(f"its_{name}") for name in _KEY))
    .values(
        {
            column.name: bindparam(f"new_{column.name}")
            for column in _deadlines.c
            if column.name not in _KEY
        }
    )
)
_OneStage = DeadlineWarned | DeadlineMissed | DeadlineMet
DeadlineNews = DeadlinesSet | _OneStage
_Rows = dict[tuple[str, str], Row]


async def on_deadlines_changed(
    session: AsyncSession,
    _outbox: Outbox,
    events: Sequence[Envelope[DeadlineNews]],
    now: datetime,  # noqa: ARG001 - what every handler is given
) -> None:
    """Armed (again, where a deadline changes), warned of, missed or kept."""
    known = await _known(session, [event.data.complaint_id for event in events])
    told: _Rows = {}
    for event in events:
        news = event.data
        if isinstance(news, DeadlinesSet):
            for deadline in news.deadlines:
                row = _row(known, told, news, deadline.stage, deadline.due_at)
                if row["set_as_of"] is None or event.time >= row["set_as_of"]:
                    _arm(row, deadline, news, event.time)
        else:
            row = _row(known, told, news, news.stage, news.due_at)
            if row["state_as_of"] is None or event.time >= row["state_as_of"]:
                _tell(row, news)
                row["state_as_of"] = event.time
    await _write(session, told, known)


def _tell(row: Row, news: _OneStage) -> None:
    match news:
        case DeadlineWarned():
            moved_since = row["set_as_of"] is not None and row["due_at"] != news.due_at
            if row["state"] == "open" and not moved_since:
                row["state"] = "warned"
        case DeadlineMissed():
            row["state"] = "missed"
        case DeadlineMet():  # kept late stays missed, with the time it was kept
            row["state"] = "missed" if news.late else "met"
            row["met_at"], row["late"] = news.met_at, news.late


def _arm(row: Row, deadline: SetDeadline, news: DeadlinesSet, as_of: datetime) -> None:
    told_since = row["state_as_of"] is not None and row["state_as_of"] > as_of
    if row["state"] == "warned" and deadline.due_at > row["due_at"] and not told_since:
        row["state"] = "open"
    row.update(
        due_at=deadline.due_at,
        warn_at=deadline.warn_at,
        provisional=deadline.provisional,
        source=deadline.source,
        limit_unreadable=news.limit_unreadable,
        set_as_of=as_of,
    )


def _row(known: _Rows, told: _Rows, news: DeadlineNews, stage: str, due_at: datetime) -> Row:
    """The row this news is about, now one of those `told` of: a known one, or a new one."""
    key = (news.complaint_id, stage)
    if key not in told:
        told[key] = known.get(key) or _new_row(news, stage, due_at)
    return told[key]


def _new_row(news: DeadlineNews, stage: str, due_at: datetime) -> Row:
    """Every column: Core fills in no defaults."""
    return {
        "complaint_id": news.complaint_id,
        "stage": stage,
        "county": news.county,
        "due_at": due_at,
        "warn_at": None,
        "provisional": False,
        "source": "",
        "limit_unreadable": False,
        "state": "open",
        "met_at": None,
        "late": False,
        "set_as_of": None,
        "state_as_of": None,
    }


async def _known(session: AsyncSession, complaint_ids: Sequence[str]) -> _Rows:
    found = await session.execute(_KNOWN, {"complaint_ids": list(set(complaint_ids))})
    return {(row["complaint_id"], row["stage"]): dict(row) for row in found.mappings()}


async def _write(session: AsyncSession, told: _Rows, known: _Rows) -> None:
    in_order = sorted(told)
    await bulk_insert(session, _deadlines, [told[key] for key in in_order if key not in known])
    if changed := [told[key] for key in in_order if key in known]:
        await session.execute(
            _CHANGED,
            [
                {f"{'its' if name in _KEY else 'new'}_{name}": value for name, value in row.items()}
                for row in changed
            ],
        )
