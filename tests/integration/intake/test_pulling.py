"""Reading 12345's feed and the board: faults, disorder, and a kill between any two steps."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.intake.batching import Ingestion
from services.intake.context import Context
from services.intake.models import Complaint, PlatformCursor, RawMessage, ThreadReread
from services.intake.platforms.incoming import Incoming, Page, Platform, Unreadable
from services.intake.rules.classification import Classification
from services.intake.rules.classification import classify as really_classify
from services.intake.rules.gazetteer import Gazetteer
from services.intake.tasks import Pull
from shared.bus.tables import outbox as outbox_table
from shared.db import Database
from tests.integration.intake.conftest import Intake
from tests.integration.intake.deliveries import COUNTY, ticket
from tests.integration.intake.requests import DRY, PULL, READ_BOARD, REREAD_BOARD, add_tickets
from tests.integration.intake.steps import complaints, count, the_complaint
from waterdesk.simulators.failure_modes import FailureMode

YELLOW = {"issueSubject": "水发黄", "issueDesc": "三里镇樊家村四组自来水发黄有异味。"}


async def events_told(database: Database) -> list[tuple[str, str]]:
    """Type and key of everything in the outbox."""
    async with database.reading() as session:
        rows = await session.execute(outbox_table.select().order_by(outbox_table.c.id))
        return [(row.headers["ce_type"].split(".")[3], row.key) for row in rows]


async def test_all_pages_of_the_feed_are_ingested_once(intake: Intake, database: Database) -> None:
    numbers = add_tickets(intake, 230)

    assert await intake.drain(PULL) == 230
    assert await intake.drain(PULL) == 0
    assert [c.external_id for c in await complaints(database)] == sorted(numbers)
    assert len(await events_told(database)) == 230


async def test_edits_and_chases_of_the_feed_reach_their_complaint(
    intake: Intake, database: Database
) -> None:
    (number,) = add_tickets(intake, 1)
    await intake.drain(PULL)
    intake.clock.advance(timedelta(minutes=5))
    intake.simulators.hotline.edit_ticket(number, {"timeLimit": "24小时"})
    intake.simulators.hotline.chase_ticket(number, "怎么还没来")
    await intake.drain(PULL)

    complaint = await the_complaint(database)
    assert (complaint.time_limit, complaint.chases) == ("24小时", 1)


@pytest.mark.parametrize(
    "fault",
    [
        FailureMode.DUPLICATE,
        FailureMode.DISORDER,
        FailureMode.LATE,
        FailureMode.ERROR_5XX,
        FailureMode.TIMEOUT_BEFORE_ACCEPTING,
    ],
)
async def test_nothing_is_lost_or_ingested_twice_under(
    intake: Intake, database: Database, fault: FailureMode
) -> None:
    (number,) = add_tickets(intake, 1)
    intake.clock.advance(timedelta(minutes=1))
    intake.simulators.hotline.edit_ticket(number, YELLOW)
    intake.simulators.hotline.chase_ticket(number, "催办")
    intake.simulators.hotline.failures.add(fault, times=2, on="tickets")
    for _ in range(6):
        await intake.run(PULL)

    complaint = await the_complaint(database)
    assert (complaint.category, complaint.chases) == ("water_quality", 1)
    assert [kind for kind, _ in await events_told(database)] == ["received", "edited", "chased"]


async def test_a_platform_that_refuses_our_account_is_left_alone_a_while(
    intake: Intake, database: Database
) -> None:
    add_tickets(intake, 1)
    intake.simulators.hotline.failures.add(FailureMode.WAF_403, times=1, on="tickets")

    assert await intake.run(PULL) == 0
    assert await intake.run(PULL) == 0, "not asked again yet"
    intake.clock.advance(timedelta(minutes=20))
    assert await intake.run(PULL) == 1


class Killed(Exception):
    """Stands for kill -9: nothing after it happens."""


@contextmanager
def killed_at(nth: int, database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Raise before the nth statement or commit of `database`, or right behind a commit."""
    steps: list[str] = []
    really_commit = AsyncSession.commit

    def step(name: str) -> None:
        steps.append(name)
        if len(steps) == nth:
            raise Killed(name)

    def on_statement(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        step(statement.split()[0])

    async def commit(session: AsyncSession) -> None:
        step("before COMMIT")
        await really_commit(session)
        step("after COMMIT")

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", on_statement)
    with monkeypatch.context() as patched:
        patched.setattr(AsyncSession, "commit", commit)
        # A dead process tries nothing else.
        patched.setattr("services.intake.batching.must_wait", lambda _error: True)
        yield steps
    event.remove(engine, "before_cursor_execute", on_statement)


async def test_a_kill_between_any_two_statements_loses_nothing_and_repeats_nothing(
    intake: Intake, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected: dict[str, int] = {}
    for nth in range(1, 200):
        number = add_tickets(intake, 2)[0]
        intake.simulators.hotline.chase_ticket(number, "催办")
        intake.clock.advance(timedelta(seconds=1))
        intake.simulators.hotline.edit_ticket(number, {"issueDesc": f"樊家村{nth}号井坏了"})
        expected |= {"received": 2 * nth, "chased": nth, "edited": nth}
        with killed_at(nth, database, monkeypatch) as steps, suppress(Killed):
            await intake.drain(PULL)
        await intake.drain(PULL)

        told = [kind for kind, _ in await events_told(database)]
        assert {kind: told.count(kind) for kind in expected} == expected, steps
        assert await count(database, Complaint) == 2 * nth
        assert await count(database, RawMessage) == 4 * nth
        if len(steps) < nth:
            break
    else:
        raise AssertionError("the turn never ran to its end")
    assert nth > 10, "every statement of the turn was killed once"


class OnePage:
    """A source of one page, which gives it to both replicas before either goes on."""

    def __init__(self, page: list[Incoming | Unreadable]) -> None:
        self._page = page
        self._both = asyncio.Barrier(2)

    async def fetch(self, cursor: str | None) -> Page:
        await self._both.wait()
        return Page(self._page if cursor is None else [], "1", has_more=False)


async def test_two_replicas_that_pull_the_same_page_take_it_once(
    database: Database, context: Context
) -> None:
    source = OnePage([ticket(f"XA-{number}") for number in range(10)])
    ingestion = Ingestion(Platform.HOTLINE_12345, COUNTY, database, context)
    replicas = [Pull(source, ingestion), Pull(source, ingestion)]

    found = await asyncio.gather(*(replica.once() for replica in replicas))
    again = await asyncio.gather(*(replica.once() for replica in replicas))

    assert (sorted(found), again) == ([0, 10], [0, 0])
    assert await count(database, Complaint) == 10
    assert len(await events_told(database)) == 10
    async with database.reading() as session:
        assert (await session.exec(select(PlatformCursor.cursor))).all() == ["1"]


async def test_what_fails_by_itself_is_set_aside_and_holds_up_nothing(
    intake: Intake, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def classify(gazetteer: Gazetteer, title: str, text: str, **more: Any) -> Classification:
        if "毒" in text:
            raise ZeroDivisionError
        return really_classify(gazetteer, title, text, **more)

    monkeypatch.setattr("services.intake.handlers.ingest.classify", classify)
    add_tickets(intake, 1)
    intake.simulators.hotline.add_ticket(DRY | {"issueDesc": "水里有毒"})
    add_tickets(intake, 1)

    assert await intake.drain(PULL) == 3
    assert await count(database, Complaint) == 2
    async with database.reading() as session:
        aside = await session.scalars(
            select(RawMessage.why).where(col(RawMessage.why).is_not(None))
        )
    assert aside.all() == ["cannot be ingested: ZeroDivisionError"]


async def test_an_unavailable_database_leaves_the_page_for_later(
    intake: Intake, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_tickets(intake, 2)

    async def away(*_: Any, **__: Any) -> None:
        raise OperationalError("", {}, ConnectionRefusedError(), connection_invalidated=True)

    with monkeypatch.context() as patched:
        patched.setattr("services.intake.batching.ingest", away)
        with pytest.raises(OperationalError):
            await intake.run(PULL)
    assert await count(database, RawMessage) == 0
    assert await intake.drain(PULL) == 2


async def test_the_board_is_read_back_to_what_is_known(intake: Intake, database: Database) -> None:
    for number in range(45):
        intake.simulators.board.post_thread(
            {"subject": f"樊家村停水{number}", "content": "三里镇樊家村停水"}
        )
    assert await intake.drain(READ_BOARD) >= 45
    intake.simulators.board.post_thread({"subject": "又停水", "content": "三里镇樊家村又停水"})
    await intake.drain(READ_BOARD)

    assert await count(database, Complaint) == 46
    assert len(await events_told(database)) == 46


async def test_a_thread_deleted_between_two_pages_costs_no_other(
    intake: Intake, database: Database
) -> None:
    board = intake.simulators.board
    tids = [
        board.post_thread({"subject": f"停水{number}", "content": "三里镇樊家村停水"})
        for number in range(45)
    ]
    await intake.run(READ_BOARD)
    board.delete_thread(tids[-5])  # on the page that was read: the others move up
    await intake.drain(READ_BOARD)

    assert {complaint.external_id for complaint in await complaints(database)} == set(
        map(str, tids)
    )


async def test_a_thread_that_is_edited_is_found_when_it_is_read_again(
    intake: Intake, database: Database
) -> None:
    board = intake.simulators.board
    first = board.post_thread({"subject": "停水", "content": "三里镇樊家村停水"})
    for number in range(60):
        board.post_thread({"subject": f"停水{number}", "content": "三里镇樊家村停水"})
    await intake.drain(READ_BOARD)
    board.edit_thread(first, {"subject": "水发黄", "content": "三里镇樊家村自来水发黄有异味"})
    assert await intake.drain(READ_BOARD) == 0, "it is no longer on the first pages"

    edits = [await intake.run(REREAD_BOARD) for _ in range(4)]
    assert sum(edits) == 1
    intake.clock.advance(timedelta(hours=1))
    assert await intake.run(REREAD_BOARD) == 0, "all were read lately"
    assert {c.external_id: c.category for c in await complaints(database)}[
        str(first)
    ] == "water_quality"


async def test_rereading_is_bounded_in_number_and_age(intake: Intake, database: Database) -> None:
    board = intake.simulators.board
    for number in range(30):
        board.post_thread({"subject": f"停水{number}", "content": "三里镇樊家村停水"})
    await intake.drain(READ_BOARD)
    await intake.run(REREAD_BOARD)
    assert await count(database, ThreadReread) == 20
    intake.clock.advance(timedelta(days=31))
    await intake.run(REREAD_BOARD)
    assert await count(database, ThreadReread) == 20
