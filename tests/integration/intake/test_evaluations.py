"""Whether it is solved: told by the platform, or by the resident whom we asked on WeChat."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from services.intake.context import Context
from services.intake.handlers.answers import ANSWERED_WITHIN, ask
from services.intake.handlers.disclose import words_of_complaint
from services.intake.models import DeliveryResult
from services.intake.platforms.incoming import Incoming, Kind, Platform
from services.intake.platforms.message_board import parse_thread
from shared.auth.permissions import Role
from shared.db import Database
from shared.events.complaints import ComplaintEvaluated, ComplaintReceived
from shared.events.event import Event
from tests.conftest import NOW
from tests.integration.intake.conftest import Intake
from tests.integration.intake.deliveries import COUNTY, message, ticket
from tests.integration.intake.steps import complaints, ingest_together, names_of, the_complaint

DRY = "我们三里镇樊家村三组从昨天早上停水，到现在一滴水都没有。"
ASKED = NOW - timedelta(days=9)
WROTE = ASKED - timedelta(days=4)
Hear = Callable[..., Awaitable[tuple[list[DeliveryResult], list[Event]]]]


@pytest.fixture
async def hear(database: Database, context: Context) -> Hear:
    """Take what one person writes on WeChat, some minutes after we asked about their complaint."""
    first = message("m-1", DRY, stated_at=WROTE)
    await ingest_together(database, context, first, platform=Platform.WECHAT)
    complaint = await the_complaint(database)
    async with database.work() as (session, _):
        await ask(session, complaint.id, ASKED)

    async def take(text: str, number: str = "m-2", minutes: float = 5) -> object:
        written = message(number, text, stated_at=ASKED + timedelta(minutes=minutes))
        return await ingest_together(database, context, written, platform=Platform.WECHAT)

    return take  # type: ignore[return-value]


@pytest.mark.parametrize(("text", "satisfied"), [("1", True), ("没有", False)])
async def test_a_short_answer_is_no_new_complaint(
    hear: Hear, database: Database, text: str, satisfied: bool
) -> None:
    results, events = await hear(text)

    complaint = await the_complaint(database)
    assert results == [DeliveryResult.EVALUATED]
    assert events == [
        ComplaintEvaluated(
            complaint_id=complaint.id,
            county=COUNTY,
            satisfied=satisfied,
            evaluated_at=ASKED + timedelta(minutes=5),
            source="wechat",
        )
    ]
    assert complaint.chases == 0


async def test_the_words_of_an_answer_are_kept_with_the_complaint(
    hear: Hear, database: Database, context: Context
) -> None:
    results, events = await hear("还没水，而且水是黄的")

    complaint = await the_complaint(database)
    async with database.reading() as session:
        words = await words_of_complaint(session, complaint.id, county=COUNTY, vault=context.vault)
    assert results == [DeliveryResult.EVALUATED]
    assert names_of(events) == ["ComplaintEvaluated"]
    assert [answer.text for answer in words.answers] == ["还没水，而且水是黄的"]
    assert words.text == DRY


async def test_an_answer_about_another_matter_is_a_complaint_as_well(
    hear: Hear, database: Database
) -> None:
    _, events = await hear("没解决。另外三里镇樊家村水费太高，水表走得太快，水费乱收")

    assert sorted(names_of(events)) == ["ComplaintEvaluated", "ComplaintReceived"]
    assert len(await complaints(database)) == 2


@pytest.mark.parametrize("text", ["三里镇樊家村水管爆了，快来人", "谢谢"])
async def test_what_is_no_answer_goes_the_way_of_every_message(hear: Hear, text: str) -> None:
    results, events = await hear(text)

    assert results == [DeliveryResult.RECEIVED]
    assert names_of(events) == ["ComplaintReceived"]


@pytest.mark.parametrize("minutes", [-60, (ANSWERED_WITHIN / timedelta(minutes=1)) + 1])
async def test_the_same_words_without_a_question_are_a_complaint(
    hear: Hear, minutes: float
) -> None:
    _, events = await hear("还没水", minutes=minutes)

    assert names_of(events) == ["ComplaintReceived"]


async def test_an_answer_that_is_delivered_twice_is_told_once(hear: Hear) -> None:
    await hear("2")
    results, events = await hear("2")

    assert (results, events) == ([DeliveryResult.DUPLICATE], [])


async def test_another_persons_two_is_no_answer(
    hear: Hear, database: Database, context: Context
) -> None:
    theirs = message("m-9", "2", openid="oOther", stated_at=ASKED + timedelta(minutes=5))
    _, events = await ingest_together(database, context, theirs, platform=Platform.WECHAT)

    assert names_of(events) == ["ComplaintReceived"]


async def test_the_platforms_evaluation_changes_nothing_else(
    database: Database, context: Context
) -> None:
    evaluation = _evaluation(satisfied=False)
    await ingest_together(database, context, ticket())
    before = await the_complaint(database)
    results, events = await ingest_together(database, context, evaluation)
    again, nothing = await ingest_together(database, context, evaluation)

    after = await the_complaint(database)
    assert (results, names_of(events)) == ([DeliveryResult.EVALUATED], ["ComplaintEvaluated"])
    assert (again, nothing) == ([DeliveryResult.DUPLICATE], [])
    assert after.model_dump() == before.model_dump()


async def test_an_evaluation_before_its_ticket_waits_for_a_person_until_the_ticket_comes(
    database: Database, context: Context
) -> None:
    _, events = await ingest_together(database, context, _evaluation(satisfied=True))
    unsure = await the_complaint(database)
    results, _ = await ingest_together(database, context, ticket())

    assert [type(event) for event in events] == [ComplaintReceived, ComplaintEvaluated]
    assert "evaluation_of_unknown_number" in unsure.reasons
    assert results == [DeliveryResult.EDITED]
    assert not (await the_complaint(database)).needs_human


def _evaluation(*, satisfied: bool) -> Incoming:
    return replace(
        ticket(change="e-1", changed_at=NOW),
        kind=Kind.EVALUATION,
        satisfied=satisfied,
    )


@pytest.mark.parametrize("way", ["pulled", "pushed"])
async def test_12345_tells_whether_the_resident_is_satisfied(
    intake: Intake, database: Database, way: str
) -> None:
    hotline = intake.simulators.hotline
    number = hotline.add_ticket({"issueSubject": "停水", "issueDesc": DRY})
    hotline.evaluate_ticket(number, satisfied=True)
    hotline.rework_ticket(number)
    if way == "pulled":
        await intake.drain("pull_12345")
    else:
        await intake.simulators.deliver_pushes(everything=True)

    told = await _told(database)
    assert [satisfied for _, satisfied in told] == [True, False]
    assert len(await complaints(database)) == 1


async def test_a_follower_who_was_asked_answers(intake: Intake, database: Database) -> None:
    wechat = intake.simulators.wechat
    wechat.write_message("o-1", DRY)
    await intake.simulators.deliver_pushes(everything=True)
    path = f"/complaints/{(await the_complaint(database)).id}/question"
    asked = await intake.client.post(path, headers=intake.signed_in(Role.ADMIN))
    wechat.write_message("o-1", "2")
    await intake.simulators.deliver_pushes(everything=True)

    assert asked.json() == {"handle": "o-1"}
    assert await _told(database) == [("wechat", False)]
    assert len(await complaints(database)) == 1
    unknown = await intake.client.post(
        "/complaints/c-none/question", headers=intake.signed_in(Role.ADMIN)
    )
    assert unknown.status_code == 404


async def _told(database: Database) -> list[tuple[str, bool]]:
    async with database.connect() as connection:
        rows = await connection.exec_driver_sql(
            "SELECT value ->> 'source', (value ->> 'satisfied')::boolean FROM ("
            " SELECT convert_from(value, 'UTF8')::jsonb AS value, id FROM outbox) AS sent"
            " WHERE value ? 'satisfied' ORDER BY id"
        )
        return [(str(source), bool(satisfied)) for source, satisfied in rows]


@pytest.mark.parametrize(
    ("grades", "satisfied"),
    [((5, 5), True), ((3, None), True), ((5, 2), False), ((None, None), None), ((0, ""), None)],
)
def test_the_boards_grades_tell_whether_the_resident_is_content(
    grades: tuple[object, object], satisfied: bool | None
) -> None:
    thread = {"tid": 7, "subject": "停水", "content": DRY, "dateline": 1_790_000_000}
    ungraded = parse_thread(thread, b"", COUNTY)
    graded = parse_thread(thread | {"gradeManner": grades[0], "gradeSpeed": grades[1]}, b"", COUNTY)

    assert graded.satisfied is satisfied
    assert (graded.delivery_id == ungraded.delivery_id) is (satisfied is None)
