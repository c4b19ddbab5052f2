"""What is to be done again is counted anew, beside what was counted before."""

from datetime import datetime

from services.reply.context import Context
from services.reply.handlers.rounds import start_round
from services.reply.loading import complaint_of_county
from services.reply.rules.deadlines import Stage
from services.reply.rules.escalation import Standing
from services.reply.rules.rounds import RoundCause
from shared.events.replies import DeadlineMet, DeadlinesSet
from tests.conftest import NOW
from tests.integration.reply.events import COUNTY, DAY, HOUR, arrived, linked, received, repaired
from tests.integration.reply.harness import Harness

AGAIN = NOW + 2 * DAY


async def _start(harness: Harness, cause: str = "event-7", at: datetime = AGAIN) -> int:
    async def start(context: Context) -> int:
        complaint = await complaint_of_county(context.session, "c1", COUNTY)
        return await start_round(context, complaint, RoundCause.NOT_SATISFIED, cause, at)

    return await harness.does(start)


async def test_a_round_counts_the_same_limits_from_its_start_and_the_first_keeps_its_results(
    harness: Harness,
) -> None:
    await harness.receives(received(time_limit="24小时"), linked(), arrived(), repaired())
    assert await _start(harness) == 2
    first, second = await harness.deadlines(), await harness.deadlines(number=2)
    assert first[Stage.RESOLVE].met_at == NOW + 4 * HOUR
    assert second.keys() == {Stage.FIRST_CONTACT, Stage.RESOLVE, Stage.REPLY}
    assert second[Stage.RESOLVE].due_at == AGAIN + 24 * HOUR
    assert {row.standing for row in second.values()} == {Standing.OPEN}
    told = harness.events_of(DeadlinesSet)[-1]
    assert isinstance(told, DeadlinesSet)
    assert [one.round for one in told.deadlines] == [1, 1, 1, 1, 2, 2, 2]


async def test_the_same_cause_starts_one_round(harness: Harness) -> None:
    await harness.receives(received())
    assert [await _start(harness), await _start(harness)] == [2, 2]
    assert await _start(harness, cause="event-8") == 3
    assert (await harness.complaint()).round == 3


async def test_only_what_happens_after_the_start_meets_a_round(harness: Harness) -> None:
    await harness.receives(received(), linked(), arrived(), repaired())
    await _start(harness)
    await harness.receives(linked())  # told again: the first repair is no news
    second = await harness.deadlines(number=2)
    assert second[Stage.RESOLVE].met_at is None
    # The crew's clock is a day behind: the event's sequence says that this came afterwards.
    await harness.receives(arrived(at=AGAIN - DAY), repaired(at=AGAIN + HOUR))
    second = await harness.deadlines(number=2)
    assert second[Stage.FIRST_CONTACT].met_at == AGAIN
    assert second[Stage.RESOLVE].met_at == AGAIN + HOUR
    assert (await harness.deadlines())[Stage.RESOLVE].met_at == NOW + 4 * HOUR
    assert [
        event.round
        for event in harness.events_of(DeadlineMet)
        if isinstance(event, DeadlineMet) and event.stage == "resolve"
    ] == [1, 2]


async def test_a_third_repair_leaves_the_second_round_as_it_ended(harness: Harness) -> None:
    await harness.receives(received(), linked(), repaired())
    await _start(harness)
    await harness.receives(repaired(at=AGAIN + HOUR))
    await _start(harness, cause="event-8", at=AGAIN + DAY)
    await harness.receives(repaired(at=AGAIN + DAY + HOUR))
    assert [
        (await harness.deadlines(number=number))[Stage.RESOLVE].met_at for number in (1, 2, 3)
    ] == [NOW + 4 * HOUR, AGAIN + HOUR, AGAIN + DAY + HOUR]
