"""The read model of deadlines and answers: any work_order, any repetition, the same picture."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select

from services.dispatch.models import DeadlineMove, DeadlineView, ExtensionView, ReplyView
from shared.events.event import Event
from shared.events.replies import (
    DeadlineMet,
    DeadlineMissed,
    DeadlineWarned,
    ExtensionChanged,
    MovedDeadline,
    ReplyApproved,
    ReplyStuck,
    ResidentTold,
    RulebookChange,
)
from shared.vocabulary import Level
from tests.conftest import NOW
from tests.integration.dispatch.county import COUNTY
from tests.integration.dispatch.events import (
    DAY,
    DUE,
    HOUR,
    deadlines_set,
    delivered,
    drafted,
    received,
)
from tests.integration.dispatch.harness import Dispatch

_ABOUT: dict[str, Any] = {"complaint_id": "c1", "county": COUNTY}


def warned(due_at: datetime = DUE) -> DeadlineWarned:
    about = {**_ABOUT, "stage": "reply", "due_at": due_at, "warned_at": due_at - 4 * HOUR}
    return DeadlineWarned(**about, step=75, level=Level.DISPATCHER)


def missed() -> DeadlineMissed:
    return DeadlineMissed(**_ABOUT, stage="reply", due_at=DUE, recorded_at=DUE + HOUR)


def met(*, late: bool) -> DeadlineMet:
    at = DUE + DAY if late else DUE - DAY
    return DeadlineMet(**_ABOUT, stage="reply", due_at=DUE, met_at=at, late=late)


async def picture(
    dispatch: Dispatch, table: type[DeadlineView] | type[ReplyView]
) -> list[dict[str, Any]]:
    async with dispatch.database.reading() as session:
        rows = (await session.execute(select(table))).scalars().all()
        return sorted((row.model_dump() for row in rows), key=str)


async def test_deadlines_may_come_before_their_complaint(dispatch: Dispatch) -> None:
    await dispatch.receives(deadlines_set("c1", unreadable=True))
    await dispatch.receives(received("c1"))
    (deadline,) = await picture(dispatch, DeadlineView)
    assert (deadline["complaint_id"], deadline["state"], deadline["due_at"]) == ("c1", "open", DUE)
    assert deadline["limit_unreadable"]


@pytest.mark.parametrize(
    ("said", "state", "late"),
    [
        ([deadlines_set("c1"), warned()], "warned", False),
        ([deadlines_set("c1"), warned(), met(late=False)], "met", False),
        ([deadlines_set("c1"), warned(), missed(), met(late=True)], "missed", True),
        ([deadlines_set("c1"), warned(), missed(), met(late=False)], "met", False),
        ([deadlines_set("c1"), warned(), deadlines_set("c1", due_at=DUE + DAY)], "open", False),
        (
            [deadlines_set("c1"), warned(), deadlines_set("c1", due_at=DUE, step=75)],
            "warned",
            False,
        ),
    ],
)
async def test_a_deadline_looks_the_same_in_whatever_order_its_news_come(
    dispatch: Dispatch, said: Sequence[Event], state: str, late: bool
) -> None:
    told = list(enumerate(said, start=1))
    for number, order in enumerate(permutations(told)):
        for sequence, event in [*order, order[0]]:
            one = event.model_copy(update={"complaint_id": f"c{number}"})
            await dispatch.receives(one, sequences=[sequence])
    due_at = DUE + DAY if state == "open" else DUE
    assert {
        (row["state"], row["due_at"], row["source"], row["late"])
        for row in await picture(dispatch, DeadlineView)
    } == {(state, due_at, "printed", late)}


def approved(version: int = 1) -> ReplyApproved:
    return ReplyApproved(**_ABOUT, version=version, approved_by="chen", approved_at=NOW + HOUR)


def stuck() -> ReplyStuck:
    return ReplyStuck(**_ABOUT, version=1, why="unconfirmed", stuck_at=NOW + 2 * HOUR)


def resident_told() -> ResidentTold:
    return ResidentTold(**_ABOUT, version=1, by="phone", told_at=NOW + 6 * HOUR)


@pytest.mark.parametrize(
    ("said", "state", "version"),
    [
        ([drafted("c1"), approved(), stuck()], "stuck", 1),
        ([drafted("c1"), approved(), stuck(), delivered("c1")], "delivered", 1),
        ([drafted("c1"), delivered("c1"), resident_told()], "delivered", 1),
        ([drafted("c1"), approved(), drafted("c1", version=2)], "draft", 2),
    ],
)
async def test_a_reply_looks_the_same_in_whatever_order_its_news_come(
    dispatch: Dispatch, said: Sequence[Event], state: str, version: int
) -> None:
    told = list(enumerate(said, start=1))
    for number, order in enumerate(permutations(told)):
        for sequence, event in [*order, order[0]]:
            one = event.model_copy(update={"complaint_id": f"c{number}"})
            await dispatch.receives(one, sequences=[sequence])
    rows = await picture(dispatch, ReplyView)
    assert {(row["state"], row["version"]) for row in rows} == {(state, version)}
    without_name = [
        {name: value for name, value in row.items() if name not in ("complaint_id", "receipt")}
        for row in rows
    ]
    assert all(row == without_name[0] for row in without_name)


async def test_a_request_for_time_looks_the_same_in_whatever_order_its_news_come(
    dispatch: Dispatch,
) -> None:
    def news(request_id: str, state: str, resident: str = "none") -> ExtensionChanged:
        about = {**_ABOUT, "stage": "reply", "until": DUE + DAY, "asked_by": "zhao"}
        about |= {"request_id": request_id, "asked_at": NOW}
        return ExtensionChanged.model_validate(about | {"state": state, "resident": resident})

    told = [("to_send", "none"), ("asked", "none"), ("granted", "by_hand"), ("granted", "told")]
    for number, order in enumerate(permutations(enumerate(told, start=1))):
        for sequence, (state, resident) in [*order, order[0]]:
            await dispatch.receives(news(f"x{number}", state, resident), sequences=[sequence])
    async with dispatch.database.reading() as session:
        rows = (await session.execute(select(ExtensionView))).scalars().all()
    assert {(row.state, row.resident, row.sequence) for row in rows} == {("granted", "told", 4)}


async def test_that_a_clock_stood_still_is_remembered_when_it_goes_on(dispatch: Dispatch) -> None:
    goes_on = deadlines_set("c1")
    paused = goes_on.deadlines[0].model_copy(update={"paused_since": DUE, "paused_for": "parts"})
    stands = goes_on.model_copy(update={"deadlines": (paused,)})
    for events, numbers in (([stands, goes_on], [1, 2]), ([goes_on, stands], [4, 3])):
        await dispatch.receives(*events, sequences=numbers)
        (row,) = await picture(dispatch, DeadlineView)
        assert (row["paused_since"], row["was_paused"]) == (None, True)


async def test_each_round_of_a_stage_has_its_own_deadline(dispatch: Dispatch) -> None:
    again = DeadlineMissed(**_ABOUT, stage="reply", round=2, due_at=DUE + DAY, recorded_at=DUE)
    await dispatch.receives(deadlines_set("c1"), met(late=False), again)
    rounds = {each["round"]: each["state"] for each in await picture(dispatch, DeadlineView)}
    assert rounds == {1: "met", 2: "missed"}


async def test_a_batch_of_many_complaints_deadlines(dispatch: Dispatch) -> None:
    await dispatch.receives(*[deadlines_set(f"c{n}") for n in range(200)])
    await dispatch.receives(*[deadlines_set(f"c{n}", stage="accept") for n in range(200)])
    assert len(await picture(dispatch, DeadlineView)) == 400


async def test_a_warning_before_its_deadline_is_filled_in_by_it(
    dispatch: Dispatch,
) -> None:
    await dispatch.receives(warned(), sequences=[2])
    (row,) = await picture(dispatch, DeadlineView)
    assert (row["state"], row["warn_at"], row["source"]) == ("warned", None, "")
    await dispatch.receives(deadlines_set("c1"), sequences=[1])
    (row,) = await picture(dispatch, DeadlineView)
    assert (row["state"], row["warn_at"]) == ("warned", DUE - timedelta(hours=4))


async def test_a_delivered_reply_is_not_shown_as_approved_for_a_clock_that_is_ahead(
    dispatch: Dispatch,
) -> None:
    """The replica that approved is three seconds ahead of the one that delivered."""
    later = dispatch.clock.now() + timedelta(seconds=3)
    for event, time, sequence in (
        (drafted("c1"), later, 1),
        (approved(), later, 2),
        (delivered("c1"), dispatch.clock.now(), 3),
    ):
        await dispatch.receives(event, sequences=[sequence], time=time)
    (row,) = await picture(dispatch, ReplyView)
    assert row["state"] == "delivered"


async def test_what_a_new_calendar_has_moved_is_kept_with_its_reason(dispatch: Dispatch) -> None:
    moved = MovedDeadline(stage="reply", old_due_at=DUE - DAY, new_due_at=DUE)
    change = RulebookChange(kind="calendar", number=2, note="2027年放假通知", moved=(moved,))
    told = deadlines_set("c1").model_copy(update={"because": change})
    await dispatch.receives(received("c1"), told, deadlines_set("c1"))
    async with dispatch.database.reading() as session:
        (move,) = (await session.execute(select(DeadlineMove))).scalars().all()
    assert (move.old_due_at, move.new_due_at, move.note) == (DUE - DAY, DUE, "2027年放假通知")
