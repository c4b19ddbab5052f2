"""What crews and the office do with a work work_order."""

import asyncio

import pytest
from sqlalchemy import select
from sqlmodel import col

from services.dispatch.commands import (
    Accept,
    Arrive,
    Assign,
    Close,
    Command,
    Expect,
    Merge,
    Release,
    Reopen,
    Repair,
)
from services.dispatch.handlers.work_order_guards import (
    StaleVersion,
    StepRefused,
    UnknownCrew,
    UnknownWorkOrder,
)
from services.dispatch.models import WorkOrderStep
from services.dispatch.rules.assignment import AssignmentRefusal
from services.dispatch.rules.fault_matching import MergeRefusal
from services.dispatch.rules.work_order import StepRefusal
from shared.auth.tokens import Person
from shared.events.work_orders import (
    ComplaintsLinked,
    CrewArrived,
    CrewAssigned,
    RepairExpected,
    WorkOrderAccepted,
    WorkOrderClosed,
    WorkOrderRepaired,
)
from shared.vocabulary import Component
from tests.integration.dispatch.county import (
    DESK,
    DISPATCHER,
    EAST,
    EAST_CREW,
    ELSEWHERE,
    HILL_A,
    HILL_B,
    PLAIN_A,
    WEST,
    WEST_CREW,
    small_county,
)
from tests.integration.dispatch.events import HOUR, deadlines_set, delivered, drafted, received
from tests.integration.dispatch.harness import Dispatch


async def one_work_order(dispatch: Dispatch) -> str:
    await dispatch.receives(received("c1"))
    return (await dispatch.work_order()).id


async def test_the_whole_way(dispatch: Dispatch) -> None:
    work_order_id = await one_work_order(dispatch)
    dispatch.clock.advance(HOUR)
    await dispatch.repairs(work_order_id, EAST_CREW)
    work_order = await dispatch.work_order()
    assert (work_order.state, work_order.component, work_order.found) == (
        "repaired",
        "pump",
        "电机烧毁",
    )
    assert work_order.repaired_at == dispatch.clock.now()
    assert [type(event) for event in dispatch.told[-3:]] == [
        WorkOrderAccepted,
        CrewArrived,
        WorkOrderRepaired,
    ]
    assert await dispatch.timeline(work_order_id) == [
        "opened", "linked", "assigned", "accepted", "arrived", "repaired",
    ]  # fmt: skip


async def test_it_closes_when_everybody_has_been_answered(dispatch: Dispatch) -> None:
    await dispatch.receives(received("c1"), received("c2"))
    work_order = await dispatch.work_order()
    await dispatch.repairs(work_order.id)
    await dispatch.receives(drafted("c1"), delivered("c1"), drafted("c2"))
    assert (await dispatch.work_order()).state == "repaired"
    await dispatch.receives(delivered("c2"))
    work_order = await dispatch.work_order()
    assert (work_order.state, work_order.outcome) == ("closed", "repaired")
    (closed,) = dispatch.told_of(WorkOrderClosed)
    assert closed.outcome == "repaired"


async def test_a_newer_draft_is_waited_for(dispatch: Dispatch) -> None:
    work_order_id = await one_work_order(dispatch)
    await dispatch.receives(delivered("c1"))
    await dispatch.receives(drafted("c1", version=2))
    await dispatch.repairs(work_order_id)
    assert (await dispatch.work_order()).state == "repaired"
    await dispatch.receives(delivered("c1", version=2))
    assert (await dispatch.work_order()).state == "closed"


async def test_a_double_click_changes_nothing(dispatch: Dispatch) -> None:
    work_order_id = await one_work_order(dispatch)
    first = await dispatch.takes(Accept(version=2), work_order_id, EAST_CREW)
    again = await dispatch.takes(Accept(version=2), work_order_id, EAST_CREW)
    assert first.version == again.version
    assert len(dispatch.told_of(WorkOrderAccepted)) == 1
    assert (await dispatch.timeline(work_order_id)).count("accepted") == 1


async def test_two_clicks_at_once_are_one_step(dispatch: Dispatch) -> None:
    work_order_id = await one_work_order(dispatch)
    await asyncio.gather(
        *[dispatch.takes(Accept(version=2), work_order_id, EAST_CREW) for _ in range(4)]
    )
    assert len(dispatch.told_of(WorkOrderAccepted)) == 1


async def test_who_looked_before_the_last_change_is_told_so(dispatch: Dispatch) -> None:
    work_order_id = await one_work_order(dispatch)
    with pytest.raises(StaleVersion):
        await dispatch.takes(Accept(version=1), work_order_id, EAST_CREW)


async def test_linking_does_not_make_what_a_crew_sees_stale(dispatch: Dispatch) -> None:
    work_order_id = await one_work_order(dispatch)
    await dispatch.receives(received("c2", urgent=True))
    work_order = await dispatch.takes(Accept(version=2), work_order_id, EAST_CREW)
    assert work_order.state == "accepted"


@pytest.mark.parametrize(
    ("command", "person", "why"),
    [
        (Accept(), WEST_CREW, StepRefusal.NOT_YOUR_CREWS),
        (Arrive(), EAST_CREW, StepRefusal.NOT_ACCEPTED_YET),
        (Close(note="不需要"), EAST_CREW, StepRefusal.ONLY_THE_OFFICE),
        (Reopen(note="又停了"), DISPATCHER, StepRefusal.STILL_OPEN),
    ],
)
async def test_refusals(
    dispatch: Dispatch, command: Command, person: Person, why: StepRefusal
) -> None:
    work_order_id = await one_work_order(dispatch)
    with pytest.raises(StepRefused) as refused:
        await dispatch.takes(command, work_order_id, person)
    assert refused.value.why is why


async def test_the_crew_says_when_it_will_be_repaired_and_the_last_word_counts(
    dispatch: Dispatch,
) -> None:
    work_order_id = await one_work_order(dispatch)
    until = dispatch.clock.now() + 3 * HOUR
    for command in (
        Expect(expected_at=until, so_far="主管破裂"),
        Expect(expected_at=until, so_far="主管破裂"),
        Expect(expected_at=until + HOUR, so_far="主管破裂"),
    ):
        work_order = await dispatch.takes(command, work_order_id, EAST_CREW)
    assert (work_order.state, work_order.expected_at) == ("assigned", until + HOUR)
    told = dispatch.told_of(RepairExpected)
    assert [each.expected_at for each in told] == [until, until + HOUR]
    assert told[0].found == "主管破裂"
    assert (await dispatch.timeline(work_order_id))[-2:] == ["expected", "expected"]
    past = Expect(expected_at=dispatch.clock.now())
    with pytest.raises(StepRefused) as refused:
        await dispatch.takes(past, work_order_id, EAST_CREW)
    assert refused.value.why is StepRefusal.EXPECTED_BEFORE_NOW


async def test_an_interim_reply_answers_nobody(dispatch: Dispatch) -> None:
    work_order_id = await one_work_order(dispatch)
    await dispatch.receives(delivered("c1", solved=False, kind="interim"))
    with pytest.raises(StepRefused) as refused:
        await dispatch.takes(Close(note="现场已供水"), work_order_id)
    assert refused.value.why is StepRefusal.UNANSWERED
    await dispatch.repairs(work_order_id)
    assert (await dispatch.work_order()).state == "repaired"


async def test_another_countys_order_is_unknown(dispatch: Dispatch) -> None:
    work_order_id = await one_work_order(dispatch)
    with pytest.raises(UnknownWorkOrder):
        await dispatch.takes(Accept(), work_order_id, ELSEWHERE)


async def test_a_dispatcher_gives_it_to_another_crew(dispatch: Dispatch) -> None:
    work_order_id = await one_work_order(dispatch)
    await dispatch.takes(Accept(), work_order_id, EAST_CREW)
    work_order = await dispatch.gives(work_order_id, WEST)
    assert (work_order.state, work_order.crew_id, work_order.accepted_at) == (
        "assigned",
        WEST,
        None,
    )
    last = dispatch.told_of(CrewAssigned)[-1]
    assert (last.crew_name, last.reason) == ("西队", "chosen_by_person")
    with pytest.raises(StepRefused):
        await dispatch.takes(Arrive(), work_order_id, EAST_CREW)
    await dispatch.gives(work_order_id, WEST)
    assert len(dispatch.told_of(CrewAssigned)) == 2


async def test_by_hand_too_no_crew_gets_too_much(dispatch: Dispatch) -> None:
    await dispatch.loads(small_county(capacity=1))
    await dispatch.receives(received("c1"), received("c2", PLAIN_A))
    work_order = await dispatch.work_order_of("c1")
    with pytest.raises(StepRefused) as refused:
        await dispatch.gives(work_order.id, WEST if work_order.crew_id == EAST else EAST)
    assert refused.value.why is AssignmentRefusal.FULL
    with pytest.raises(StepRefused) as refused:
        await dispatch.gives(work_order.id, DESK)
    assert refused.value.why is AssignmentRefusal.OF_ANOTHER_KIND
    with pytest.raises(UnknownCrew):
        await dispatch.gives(work_order.id, "610124-nobody")


async def test_what_a_crew_gives_back_goes_to_the_next(dispatch: Dispatch) -> None:
    work_order_id = await one_work_order(dispatch)
    work_order = await dispatch.takes(Release(note="车坏了"), work_order_id, EAST_CREW)
    assert (work_order.state, work_order.crew_id) == ("assigned", WEST)
    again = await dispatch.takes(Release(note="车坏了"), work_order_id, EAST_CREW)
    assert again.version == work_order.version
    work_order = await dispatch.takes(Release(note="也去不了"), work_order_id, WEST_CREW)
    assert (work_order.state, work_order.assign_reason) == (
        "waiting_for_crew",
        "all_crews_gave_it_back",
    )


async def test_a_repair_frees_the_crew_for_what_waits(dispatch: Dispatch) -> None:
    await dispatch.loads(small_county(capacity=1))
    await dispatch.receives(received("c1"), received("c2", PLAIN_A))
    dispatch.clock.advance(HOUR)
    await dispatch.receives(received("c3", HILL_A, category="water_quality", urgent=True))
    waiting = await dispatch.work_order_of("c3")
    assert waiting.state == "waiting_for_crew"
    first = await dispatch.work_order_of("c1")
    await dispatch.repairs(first.id)
    work_order = await dispatch.work_order_of("c3")
    assert (work_order.state, work_order.crew_id) == ("assigned", first.crew_id)


DESPITE = "回复已拟稿，待审核"


@pytest.mark.parametrize("owed", ["a reply", "a deadline"])
async def test_what_is_unanswered_is_not_closed_without_a_reason_that_stays(
    dispatch: Dispatch, owed: str
) -> None:
    work_order_id = await one_work_order(dispatch)
    if owed == "a deadline":
        await dispatch.receives(delivered("c1"), deadlines_set("c1", stage="first_contact"))
    with pytest.raises(StepRefused) as refused:
        await dispatch.takes(Close(note="现场已供水"), work_order_id)
    assert refused.value.why is StepRefusal.UNANSWERED
    closed = await dispatch.takes(Close(note="现场已供水", despite=DESPITE), work_order_id)
    assert closed.state == "closed"
    async with dispatch.database.reading() as session:
        steps = await session.execute(
            select(WorkOrderStep).where(col(WorkOrderStep.what) == "closed")
        )
        assert [step.details["despite"] for step in steps.scalars()] == [DESPITE]


async def test_what_is_answered_is_closed_without_another_reason(dispatch: Dispatch) -> None:
    work_order_id = await one_work_order(dispatch)
    await dispatch.receives(delivered("c1"))
    assert (await dispatch.takes(Close(note="现场已供水"), work_order_id)).state == "closed"


async def test_closed_by_hand_where_nothing_was_found(dispatch: Dispatch) -> None:
    work_order_id = await one_work_order(dispatch)
    close = Close(note="现场已供水", despite=DESPITE)
    work_order = await dispatch.takes(close, work_order_id)
    assert (work_order.state, work_order.outcome) == ("closed", "nothing_found")
    assert [each.note for each in dispatch.told_of(WorkOrderClosed)] == ["现场已供水"]
    again = await dispatch.takes(close, work_order_id)
    assert again.version == work_order.version


async def test_rework_goes_to_the_crew_that_knows_it(dispatch: Dispatch) -> None:
    work_order_id = await one_work_order(dispatch)
    await dispatch.gives(work_order_id, WEST)
    await dispatch.repairs(work_order_id)
    work_order = await dispatch.takes(Reopen(note="又停了"), work_order_id)
    assert (work_order.state, work_order.crew_id, work_order.reworks) == ("assigned", WEST, 1)
    assert work_order.assign_reason == "knows_this_fault,on_shift"
    await dispatch.repairs(work_order_id)
    await dispatch.receives(delivered("c1"))
    assert (await dispatch.work_order()).state == "closed"


async def test_rework_after_the_answer_closes_with_the_second_repair(dispatch: Dispatch) -> None:
    work_order_id = await one_work_order(dispatch)
    await dispatch.repairs(work_order_id)
    await dispatch.receives(delivered("c1"))
    await dispatch.takes(Reopen(note="又停了"), work_order_id)
    assert (await dispatch.work_order()).state == "assigned"
    await dispatch.repairs(work_order_id)
    assert (await dispatch.work_order()).state == "closed"
    assert len(dispatch.told_of(WorkOrderRepaired)) == 2


async def test_an_answer_that_it_is_not_solved_yet_closes_nothing(dispatch: Dispatch) -> None:
    work_order_id = await one_work_order(dispatch)
    await dispatch.receives(delivered("c1", solved=False))
    assert (await dispatch.repairs(work_order_id)).state == "repaired"
    await dispatch.receives(drafted("c1", version=2))
    assert (await dispatch.work_order()).state == "repaired"
    await dispatch.receives(delivered("c1", version=2))
    assert (await dispatch.work_order()).state == "closed"


async def test_two_orders_are_merged_by_hand(dispatch: Dispatch) -> None:
    await dispatch.receives(
        received("c1", component="pump"), received("c2", component="well", urgent=True)
    )
    pump, well = await dispatch.work_order_of("c1"), await dispatch.work_order_of("c2")
    await dispatch.takes(Merge(into=pump.id), well.id)
    kept, gone = await dispatch.work_order_of("c2"), well
    assert (kept.id, kept.complaints, kept.urgent) == (pump.id, 2, True)
    (closed,) = dispatch.told_of(WorkOrderClosed)
    assert (closed.work_order_id, closed.outcome, closed.merged_into) == (
        gone.id,
        "merged",
        pump.id,
    )
    last = dispatch.told_of(ComplaintsLinked)[-1]
    assert (last.work_order_id, last.complaint_ids, last.reason) == (
        pump.id,
        ("c2",),
        "merged_by_person",
    )
    await dispatch.takes(Merge(into=pump.id), well.id)
    assert len(dispatch.told_of(WorkOrderClosed)) == 1
    with pytest.raises(StepRefused) as refused:
        await dispatch.takes(Reopen(note="又停了"), well.id)
    assert refused.value.why is StepRefusal.MERGED_FOR_GOOD


async def test_orders_of_two_schemes_are_not_merged(dispatch: Dispatch) -> None:
    await dispatch.receives(received("c1"), received("c2", PLAIN_A))
    one, other = await dispatch.work_order_of("c1"), await dispatch.work_order_of("c2")
    with pytest.raises(StepRefused) as refused:
        await dispatch.takes(Merge(into=other.id), one.id)
    assert refused.value.why is MergeRefusal.OTHER_SCHEME
    with pytest.raises(StepRefused) as refused:
        await dispatch.takes(Merge(into=one.id), one.id)
    assert refused.value.why is MergeRefusal.SAME_WORK_ORDER


async def test_no_complaint_is_hung_on_an_order_that_is_being_closed(dispatch: Dispatch) -> None:
    work_order_id = await one_work_order(dispatch)
    await asyncio.gather(
        dispatch.takes(Close(note="现场已供水", despite=DESPITE), work_order_id),
        dispatch.receives(received("c2"), received("c3", HILL_B)),
    )
    closed = next(
        work_order for work_order in await dispatch.work_orders() if work_order.id == work_order_id
    )
    late = await dispatch.work_order_of("c2")
    # Either they came first and were counted before it closed, or they opened the next one.
    assert closed.complaints == 3 if late.id == work_order_id else late.state == "assigned"


async def test_office_tasks_leave_no_failure(dispatch: Dispatch) -> None:
    await dispatch.receives(received("c1", category="billing"))
    work_order = await dispatch.work_order()
    await dispatch.takes(Accept(), work_order.id)
    await dispatch.takes(Arrive(), work_order.id)
    repair = Repair(component=Component.METER, found="抄表有误", done="已更正账单")
    await dispatch.takes(repair, work_order.id)
    async with dispatch.database.reading() as session:
        connection = await session.connection()
        assert (await connection.exec_driver_sql("SELECT count(*) FROM failure")).scalar() == 0


async def test_assigning_a_waiting_order_by_hand(dispatch: Dispatch) -> None:
    dispatch.clock.advance(14 * HOUR)
    work_order_id = await one_work_order(dispatch)
    work_order = await dispatch.takes(Assign(crew_id=EAST, note="值班电话已通知"), work_order_id)
    assert (work_order.state, work_order.crew_id) == ("assigned", EAST)
