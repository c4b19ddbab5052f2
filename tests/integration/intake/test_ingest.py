"""What becomes of deliveries, whatever the platform makes of their order and number."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from services.intake.context import Context
from services.intake.handlers.disclose import words_of_complaint
from services.intake.models import DeliveryResult, RawMessage, ResidentData, Words
from services.intake.platforms.incoming import Incoming, Kind, Platform, Unreadable
from shared.bus.tables import outbox as outbox_table
from shared.clock import ManualClock
from shared.db import Database
from shared.events.complaints import ComplaintChased, ComplaintEdited, ComplaintReceived
from tests.conftest import NOW
from tests.integration.intake.deliveries import COUNTY, SENT, chase, message, ticket
from tests.integration.intake.steps import (
    complaints,
    count,
    ingest_fully,
    ingest_together,
    names_of,
    the_complaint,
)

HOUR = timedelta(hours=1)
RECEIVED, EDITED, CHASED = DeliveryResult.RECEIVED, DeliveryResult.EDITED, DeliveryResult.CHASED
DUPLICATE, OUTDATED, UNREADABLE = (
    DeliveryResult.DUPLICATE,
    DeliveryResult.OUTDATED,
    DeliveryResult.UNREADABLE,
)


async def test_a_new_ticket_is_stored_whole_with_one_event(
    database: Database, context: Context
) -> None:
    ingested, events = await ingest_fully(database, context, [ticket()])

    complaint = await the_complaint(database)
    assert (ingested[0].result, ingested[0].complaint_id) == (RECEIVED, complaint.id)
    assert (complaint.category, complaint.village_code, complaint.town, complaint.group) == (
        "outage",
        "610122107226",
        "三里镇",
        "三组",
    )
    assert not complaint.needs_human
    (received,) = events
    assert isinstance(received, ComplaintReceived)
    assert received.decision == complaint.decision
    assert (received.sent_at, received.time_limit) == (SENT, "5个工作日")
    for table in (RawMessage, Words, ResidentData, outbox_table):
        assert await count(database, table) == 1


async def test_the_same_delivery_again_changes_nothing(
    database: Database, context: Context
) -> None:
    await ingest_together(database, context, ticket())
    outcomes, events = await ingest_together(database, context, ticket(), ticket())

    assert outcomes == [DUPLICATE, DUPLICATE]
    assert events == []
    assert await count(database, RawMessage) == 1


async def test_a_page_of_exact_duplicates_costs_one_statement(
    database: Database, context: Context
) -> None:
    page = [ticket(f"XA-{number}") for number in range(50)]
    await ingest_together(database, context, *page)
    statements: list[str] = []

    def note(_c: object, _k: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    await ingest_together(database, context, *page)

    assert len(statements) == 1
    assert statements[0].startswith("SELECT")


async def test_the_same_delivery_twice_in_one_page_is_ingested_once(
    database: Database, context: Context
) -> None:
    outcomes, events = await ingest_together(database, context, ticket(), ticket())

    assert outcomes == [RECEIVED, DUPLICATE]
    assert names_of(events) == ["ComplaintReceived"]


async def test_the_same_ticket_in_another_delivery_is_nothing_new(
    database: Database, context: Context
) -> None:
    await ingest_together(database, context, ticket())
    outcomes, events = await ingest_together(database, context, ticket(change="again"))

    assert (outcomes, events) == ([DUPLICATE], [])
    assert await count(database, RawMessage) == 2
    assert await count(database, Words) == 1


async def test_an_edit_is_classified_anew_and_published(
    database: Database, context: Context
) -> None:
    await ingest_together(database, context, ticket())
    edit = ticket(
        change="e-1",
        title="水费不对",
        text="三里镇樊家村三组水表没走，水费却多收了一倍，要求核对水费。",
        changed_at=SENT + timedelta(hours=1),
        time_limit="24小时",
    )
    outcomes, events = await ingest_together(database, context, edit)

    complaint = await the_complaint(database)
    assert outcomes == [EDITED]
    (edited,) = events
    assert isinstance(edited, ComplaintEdited)
    assert edited.decision.category == complaint.category == "billing"
    assert edited.time_limit == complaint.time_limit == "24小时"
    assert edited.edited_at == complaint.changed_at == SENT + timedelta(hours=1)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"time_limit": "24小时"}, id="only the printed limit"),
        pytest.param({"printed_urgent": True}, id="only the urgency"),
        pytest.param({"text": "三里镇樊家村三组和四组都停水了"}, id="only the words"),
    ],
)
async def test_an_edit_of_anything_that_matters_is_an_edit(
    database: Database, context: Context, changed: dict[str, object]
) -> None:
    await ingest_together(database, context, ticket())
    edit = replace(ticket(change="e-1", changed_at=NOW), **changed)  # type: ignore[arg-type]
    outcomes, _ = await ingest_together(database, context, edit)

    assert outcomes == [EDITED]


async def test_an_older_edit_never_overwrites_a_newer_one(
    database: Database, context: Context
) -> None:
    versions = [
        ticket(
            change=f"e-{hour}", text=f"停水第{hour}次说明", changed_at=SENT + timedelta(hours=hour)
        )
        for hour in range(3)
    ]
    for arrangement in itertools.permutations(versions):
        number = "-".join(version.delivery_id for version in arrangement)
        for version in arrangement:
            await ingest_together(
                database,
                context,
                replace(version, external_id=number, delivery_id=f"{number}/{version.delivery_id}"),
            )
    ids = [complaint.id for complaint in await complaints(database)]
    async with database.reading() as session:
        all_words = [
            words
            for complaint_id in ids
            if (
                words := await words_of_complaint(
                    session, complaint_id, county=COUNTY, vault=context.vault
                )
            )
        ]

    assert len(all_words) == 6
    for words in all_words:
        assert words is not None
        assert words.text == "停水第2次说明"
        assert {said.text for said in words.edits} == {"停水第0次说明", "停水第1次说明"}


async def test_the_same_words_repeated_later_hold_back_an_edit_from_between(
    database: Database, context: Context
) -> None:
    await ingest_together(database, context, ticket())
    repeated = ticket(change="e-3", changed_at=SENT + timedelta(hours=3))
    between = ticket(change="e-2", text="另一种说法", changed_at=SENT + timedelta(hours=2))

    assert (await ingest_together(database, context, repeated))[0] == [DUPLICATE]
    assert (await ingest_together(database, context, between))[0] == [OUTDATED]


async def test_a_page_in_any_order_comes_to_the_same(database: Database, context: Context) -> None:
    page = [
        ticket(),
        ticket(change="e-1", text="樊家村三组停水，又爆管了", changed_at=SENT + timedelta(hours=1)),
        chase(change="c-1", stated_at=SENT + timedelta(hours=2)),
    ]
    ends = set()
    for arrangement in itertools.permutations(page):
        number = "/".join(one.delivery_id for one in arrangement)
        renamed = [
            replace(one, external_id=number, delivery_id=f"{number}:{one.delivery_id}")
            for one in arrangement
        ]
        outcomes, _ = await ingest_together(database, context, *renamed)
        assert sorted(outcomes) == [CHASED, EDITED, RECEIVED]
    for complaint in await complaints(database):
        ends.add((complaint.category, complaint.chases, complaint.needs_human))
    assert len(ends) == 1


async def test_a_chase_is_counted_and_published_with_its_number(
    database: Database, context: Context
) -> None:
    await ingest_together(database, context, ticket())
    outcomes, events = await ingest_together(
        database, context, chase(change="c-1"), chase(change="c-2"), chase(change="c-1")
    )

    assert outcomes == [CHASED, CHASED, DUPLICATE]
    assert [e.times for e in events if isinstance(e, ComplaintChased)] == [1, 2]
    assert (await the_complaint(database)).chases == 2


async def test_a_chase_on_an_unknown_number_waits_for_a_person(
    database: Database, context: Context
) -> None:
    outcomes, events = await ingest_together(
        database, context, chase(text="三里镇樊家村三组停水了，一直没人来")
    )

    complaint = await the_complaint(database)
    (received,) = events
    assert outcomes == [RECEIVED]
    assert isinstance(received, ComplaintReceived)
    assert received.decision.needs_human
    assert complaint.needs_human
    assert complaint.chases == 1
    assert "chase_of_unknown_number" in complaint.reasons


async def test_the_ticket_that_comes_after_its_chase_is_decided_by_its_own_words(
    database: Database, context: Context
) -> None:
    await ingest_together(database, context, chase())
    outcomes, events = await ingest_together(database, context, ticket())

    complaint = await the_complaint(database)
    assert outcomes == [EDITED]
    assert names_of(events) == ["ComplaintEdited"]
    assert not complaint.needs_human
    assert complaint.category == "outage"
    async with database.reading() as session:
        words = await words_of_complaint(session, complaint.id, county=COUNTY, vault=context.vault)
    assert words is not None
    assert words.text == ticket().text


async def test_words_that_tell_nothing_wait_for_a_person(
    database: Database, context: Context
) -> None:
    await ingest_together(database, context, ticket(title="你好", text="在吗"))

    assert (await the_complaint(database)).needs_human


async def test_what_cannot_be_read_is_kept_once_and_waits(
    database: Database, context: Context
) -> None:
    broken = Unreadable(b"{broken", "the body is not JSON", None)
    first, _ = await ingest_together(database, context, broken, ticket())
    again, _ = await ingest_together(database, context, broken, ticket())

    assert (first, again) == ([UNREADABLE, RECEIVED], [DUPLICATE, DUPLICATE])
    assert await count(database, RawMessage) == 2


async def test_one_number_at_two_platforms_is_two_complaints(
    database: Database, context: Context
) -> None:
    await ingest_together(database, context, ticket("77"))
    on_the_board = replace(ticket("77"), platform=Platform.MESSAGE_BOARD)
    outcomes, _ = await ingest_together(
        database, context, on_the_board, platform=Platform.MESSAGE_BOARD
    )

    assert outcomes == [RECEIVED]
    assert len(await complaints(database)) == 2


EARLIER = NOW - timedelta(days=9)
FIRST = message("w-1", "三里镇樊家村三组停水了，一滴水都没有", stated_at=EARLIER)


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        pytest.param(message("w-2", "怎么还没人来", stated_at=EARLIER), CHASED, id="asks again"),
        pytest.param(
            message(
                "w-2", "樊家村三组还是停水，一滴水都没有", stated_at=EARLIER + timedelta(hours=20)
            ),
            CHASED,
            id="says it again the next day",
        ),
        pytest.param(
            message("w-2", "水表没走，水费却多收了，要求退水费", stated_at=EARLIER),
            RECEIVED,
            id="another matter",
        ),
        pytest.param(
            message("w-2", "怎么还没人来", openid="oTest0002", stated_at=EARLIER),
            RECEIVED,
            id="another person",
        ),
        pytest.param(
            message("w-2", "怎么还没人来", stated_at=NOW),
            RECEIVED,
            id="long after",
        ),
    ],
)
@pytest.mark.parametrize("together", [True, False])
async def test_a_follower_who_speaks_again(
    database: Database, context: Context, second: object, expected: DeliveryResult, together: bool
) -> None:
    assert isinstance(second, type(FIRST))
    batches = [[FIRST, second]] if together else [[FIRST], [second], [FIRST, second]]
    outcomes = [
        (await ingest_together(database, context, *batch, platform=Platform.WECHAT))[0]
        for batch in batches
    ]

    one_batch = [[RECEIVED, expected]]
    assert outcomes == (one_batch if together else [[RECEIVED], [expected], [DUPLICATE] * 2])


async def test_an_edit_leaves_a_persons_decision_and_may_only_make_it_urgent(
    database: Database, context: Context, clock: ManualClock
) -> None:
    await ingest_together(database, context, ticket())
    complaint = await the_complaint(database)
    async with database.work() as (session, _):
        row = await session.merge(complaint)
        row.decided_by, row.decided_at, row.category = "王调度", clock.now(), "low_pressure"
    edit = ticket(
        change="e-1",
        text="三里镇樊家村三组从昨天早上停水，全村都没水，卫生院也停水了，非常紧急。",
        changed_at=NOW,
    )
    _, (edited,) = await ingest_together(database, context, edit)

    assert isinstance(edited, ComplaintEdited)
    assert edited.decision.category == "low_pressure"
    assert edited.decision.urgent
    assert edited.decision.needs_human, "the new words say something else: a person looks again"


_NUMBERS = itertools.count()
_VERSIONS = st.integers(0, 5).map(
    lambda hour: ticket(
        "?", f"e-{hour}", text=f"樊家村三组停水{hour}", changed_at=SENT + HOUR * hour
    )
)
_CHASES = st.integers(0, 5).map(lambda hour: chase("?", f"c-{hour}", stated_at=SENT + HOUR * hour))


@settings(
    max_examples=40,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    batches=st.lists(st.lists(_VERSIONS | _CHASES, min_size=1, max_size=5), min_size=1, max_size=6)
)
async def test_however_deliveries_come_the_newest_words_stand_and_each_chase_counts_once(
    database: Database, context: Context, batches: list[list[Incoming]]
) -> None:
    number = f"XA-{next(_NUMBERS)}"
    outcomes: list[DeliveryResult] = []
    for batch in batches:
        renamed = [
            replace(one, external_id=number, delivery_id=f"{number}/{one.delivery_id}")
            for one in batch
        ]
        outcomes += (await ingest_together(database, context, *renamed))[0]
    complaint = {c.external_id: c for c in await complaints(database)}[number]
    async with database.reading() as session:
        words = await words_of_complaint(session, complaint.id, county=COUNTY, vault=context.vault)
    assert words is not None

    said = {one.delivery_id: one for batch in batches for one in batch}.values()
    versions = [one for one in said if one.kind is Kind.COMPLAINT]
    assert outcomes.count(RECEIVED) == 1
    assert complaint.chases == len(said) - len(versions)
    assert complaint.needs_human == (not versions)
    if versions:
        newest = max(versions, key=lambda one: one.stated_at)
        assert words.text == newest.text
        assert complaint.changed_at == newest.stated_at


@pytest.mark.parametrize(
    "stated",
    [
        pytest.param(datetime(2199, 1, 1, tzinfo=UTC), id="in the year 2199"),
        pytest.param(datetime(1999, 1, 1, tzinfo=UTC), id="before 2000"),
        pytest.param(NOW + timedelta(days=2), id="the day after tomorrow"),
        pytest.param(datetime.max.replace(tzinfo=UTC), id="at the end of time"),
    ],
)
async def test_a_date_that_cannot_be_is_kept_as_stated_and_needs_a_person(
    database: Database, context: Context, stated: datetime
) -> None:
    impossible = replace(ticket(), sent_at=stated, changed_at=None)
    results, events = await ingest_together(database, context, impossible)

    complaint = await the_complaint(database)
    (received,) = events
    assert results == [RECEIVED]
    assert isinstance(received, ComplaintReceived)
    assert received.sent_at == received.received_at == complaint.sent_at == NOW
    assert received.decision.needs_human
    assert complaint.stated_sent_at == stated
    assert "impossible_date" in complaint.reasons


async def test_an_edit_with_a_date_that_cannot_be_does_not_hold_back_later_ones(
    database: Database, context: Context
) -> None:
    await ingest_together(database, context, ticket())
    impossible = ticket(
        change="e-1", text="另一种说法", changed_at=datetime(2199, 1, 1, tzinfo=UTC)
    )
    assert (await ingest_together(database, context, impossible))[0] == [EDITED]
    database.clock.advance(HOUR)  # type: ignore[attr-defined]
    later = ticket(change="e-2", text="三里镇樊家村三组停水", changed_at=NOW + HOUR)
    assert (await ingest_together(database, context, later))[0] == [EDITED]

    complaint = await the_complaint(database)
    assert (complaint.sent_at, complaint.needs_human) == (SENT, False)


async def test_a_printed_limit_that_cannot_be_is_kept_and_needs_a_person(
    database: Database, context: Context
) -> None:
    _, (received,) = await ingest_together(database, context, ticket(time_limit="2206年11月30日前"))

    assert isinstance(received, ComplaintReceived)
    assert received.time_limit == "2206年11月30日前"
    assert received.decision.needs_human
    assert "impossible_time_limit" in (await the_complaint(database)).reasons
