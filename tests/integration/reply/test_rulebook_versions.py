"""A county's policies and calendar as versions: previewed, saved, noticed, counted by, restored."""

from asyncio import gather
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from services.reply import calendar_file, policy_file
from services.reply.context import ReplyConfig, in_transaction
from services.reply.handlers.deadline_recount import recount_outdated
from services.reply.handlers.rulebook_preview import preview
from services.reply.models import Deadline, RulebookVersion
from services.reply.rulebook import Kind, read_rulebook, rulebook_of
from services.reply.rulebooks import Rulebooks
from services.reply.rules.deadlines import Stage
from shared.auth.permissions import Role
from shared.bus.tables import outbox as outbox_table
from shared.events.replies import DeadlinesSet
from shared.service import Service
from tests.conftest import NOW
from tests.integration.reply.conftest import Caller
from tests.integration.reply.events import COUNTY, received
from tests.integration.reply.harness import Harness
from waterdesk.calendar_load import load_into

BEFORE_NEW_YEAR = datetime(2026, 12, 30, 2, 0, tzinfo=UTC)
NOTICE = """\
year: 2027
notice: 国办发明电〔2026〕0号（测试）
holidays: [2027-01-01..2027-01-05]
make_up_workdays: [2027-01-09]
"""
POLICIES = policy_file.SHIPPED.read_text(encoding="utf-8")
LONGER = POLICIES.replace('{within: "5 working days"}', '{within: "7 working days"}', 2)
ELSEWHERE = "610124"


@pytest.fixture
def config(service: Service) -> ReplyConfig:
    found: ReplyConfig = service.app.state.reply_config
    return found


async def recounted(harness: Harness, config: ReplyConfig) -> int:
    """As the periodic task does, until nothing is left. Returns how many complaints."""
    total = 0
    while found := await in_transaction(harness.database, config, recount_outdated):
        total += found
    return total


async def dues(harness: Harness) -> dict[tuple[str, str], datetime]:
    async with harness.database.reading() as session:
        found = await session.execute(
            select(col(Deadline.complaint_id), col(Deadline.stage), col(Deadline.due_at))
        )
        return {(complaint_id, stage): due_at for complaint_id, stage, due_at in found}


async def saved(call: Caller, kind: str, content: str, *, based_on: int = 1, **who: str) -> int:
    body = {"based_on": based_on, "content": content, "note": "2027年放假通知"}
    answer = await call("PUT", f"/rulebook/{kind}", body, role=Role.ADMIN, **who)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["number"])


async def with_notice(call: Caller) -> str:
    body = {"notice": NOTICE}
    answer = await call("POST", "/rulebook/calendar/notice", body, role=Role.ADMIN)
    return str(answer.json()["content"])


async def test_the_files_are_the_first_version_and_everybody_reads_them(call: Caller) -> None:
    for role in Role:
        answer = (await call("GET", "/rulebook/policies", role=role)).json()
        assert (answer["number"], answer["saved_by"]) == (1, None)
        assert answer["content"] == POLICIES
        assert answer["parsed"]["policies"][0]["id"] == "ordinary"


async def test_only_an_admin_changes_them(call: Caller) -> None:
    body = {"based_on": 1, "content": LONGER, "note": "longer"}
    for role in set(Role) - {Role.ADMIN}:
        assert (await call("PUT", "/rulebook/policies", body, role=role)).status_code == 403
        preview_of = {"content": LONGER}
        answer = await call("POST", "/rulebook/policies/preview", preview_of, role=role)
        assert answer.status_code == 403


async def test_a_notice_makes_what_was_provisional_firm_and_tells_why(
    harness: Harness, call: Caller, config: ReplyConfig
) -> None:
    await harness.receives(received(sent_at=BEFORE_NEW_YEAR), received("c2"))
    before = await dues(harness)
    assert (await harness.deadlines())[Stage.REPLY].provisional
    await saved(call, "calendar", await with_notice(call))
    assert await recounted(harness, config) == 2
    deadlines = await harness.deadlines()
    assert not deadlines[Stage.REPLY].provisional
    after = await dues(harness)
    assert all(after[key] >= before[key] for key in before)
    async with harness.database.reading() as session:
        told = (
            await session.execute(
                outbox_table.select().where(
                    outbox_table.c.headers["ce_type"].astext == DeadlinesSet.type
                )
            )
        ).all()
    (news,) = [
        each for row in told if (each := DeadlinesSet.model_validate_json(row.value)).because
    ]
    assert news.because is not None
    assert (news.complaint_id, news.because.kind, news.because.note) == (
        "c1",
        "calendar",
        "2027年放假通知",
    )
    for one in news.because.moved:
        key = news.complaint_id, one.stage
        assert (one.old_due_at, one.new_due_at) == (before[key], after[key])
    newest = (await call("GET", "/rulebook/calendar")).json()
    moved = {key for key in before if after[key] != before[key]}
    assert newest["effect"] == {
        "complaints": 2,
        "complaints_moved": 1,
        "moved": len(moved),
        "missed": 0,
        "firm": len(moved),
        "earliest_by": 0,
        "latest_by": max((after[key] - before[key]).total_seconds() for key in moved),
    }
    assert not newest["being_counted"]


@pytest.mark.parametrize("kind", ["policies", "calendar"])
async def test_a_preview_says_what_the_save_then_does(
    harness: Harness, call: Caller, config: ReplyConfig, kind: str
) -> None:
    await harness.receives(
        *(received(f"c{n}", sent_at=BEFORE_NEW_YEAR - n * timedelta(hours=7)) for n in range(20)),
        received("printed", time_limit="3个工作日"),
    )
    harness.clock.move_to(BEFORE_NEW_YEAR + timedelta(hours=1))
    content = LONGER if kind == "policies" else await with_notice(call)
    if kind == "policies":  # some shorter ones, that are missed at once
        for stage, within in (("accept", "20 minutes"), ("first_contact", "30 minutes")):
            old = f'{stage}: {{within: "1 working day"}}'
            content = content.replace(old, f'{stage}: {{within: "{within}"}}', 1)
    before = await dues(harness)
    answer = await call("POST", f"/rulebook/{kind}/preview", {"content": content}, role=Role.ADMIN)
    seen = answer.json()
    assert await dues(harness) == before  # nothing is moved yet
    await saved(call, kind, content)
    await recounted(harness, config)
    after = await dues(harness)
    moved = Counter(stage for (_, stage), due_at in after.items() if due_at != before[_, stage])
    assert moved.total() > 0
    assert Counter({each["stage"]: each["moved"] for each in seen["groups"]}) == moved
    assert (seen["open"], seen["looked_at"]) == (21, 21)
    effect = (await call("GET", f"/rulebook/{kind}")).json()["effect"]
    assert seen["effect"] == effect
    assert effect["moved"] == moved.total()
    assert (effect["missed"] > 0) == (kind == "policies")
    for each in seen["first"]:
        key = each["complaint_id"], each["stage"]
        assert datetime.fromisoformat(each["old_due_at"]) == before[key]
        assert datetime.fromisoformat(each["new_due_at"]) == after[key]


async def test_a_preview_that_has_no_time_says_how_much_it_has_seen(
    harness: Harness, config: ReplyConfig
) -> None:
    await harness.receives(*(received(f"c{n:03}") for n in range(101)))
    longer = rulebook_of({**config.rulebooks.shipped.texts, Kind.POLICIES: LONGER})
    seen = await preview(harness.database, config, COUNTY, longer, longest_seconds=0)
    assert (seen.open, seen.looked_at) == (101, 100)


async def test_a_policy_with_a_day_of_force_moves_nothing_sent_before(
    harness: Harness, call: Caller, config: ReplyConfig
) -> None:
    await harness.receives(received())
    before = await dues(harness)
    change = {"path": ["stages", "resolve", "within"], "value": "7 working days"}
    body = {
        "changes": [change, {**change, "path": ["stages", "reply", "within"]}],
        "counts_from": "2027-01-01",
    }
    composed = await call("POST", "/rulebook/policies/compose/ordinary", body, role=Role.ADMIN)
    content = composed.json()["content"]
    assert content.count("#") == POLICIES.count("#")  # comments stay
    await saved(call, "policies", content)
    assert await recounted(harness, config) == 1
    assert await dues(harness) == before
    parsed = (await call("GET", "/rulebook/policies")).json()["parsed"]["policies"]
    old, new = parsed[0], parsed[-1]
    assert (old["id"], old["in_force"]["to"]) == ("ordinary", "2026-12-31")
    assert (new["id"], new["in_force"]["from"]) == ("ordinary-20270101", "2027-01-01")
    assert (old["stages"]["reply"]["within"], new["stages"]["reply"]["within"]) == (
        "5 working days",
        "7 working days",
    )


async def test_two_who_change_it_at_once(call: Caller) -> None:
    bodies = [
        {"based_on": 1, "content": f"{POLICIES}\n# {name}\n", "note": name}
        for name in ("hers", "mine")
    ]
    answers = await gather(
        *(call("PUT", "/rulebook/policies", body, role=Role.ADMIN) for body in bodies)
    )
    late, first = sorted(answers, key=lambda answer: -answer.status_code)
    assert (late.status_code, first.status_code) == (409, 200)
    assert late.json()["title"].startswith("您打开之后，别人已保存")
    assert len((await call("GET", "/rulebook/policies")).json()["versions"]) == 2


async def test_the_same_text_is_no_new_version(call: Caller) -> None:
    body = {"based_on": 1, "content": POLICIES, "note": "nothing"}
    assert (await call("PUT", "/rulebook/policies", body, role=Role.ADMIN)).status_code == 422


@pytest.mark.parametrize(
    ("right", "wrong", "line", "field", "why"),
    [
        ('"5 working days"', '"soon"', 32, "policies.0.stages.resolve.within", "不是一段时间"),
        ("unverified: true", "unverifed: true", 25, "policies.0.unverifed", "没有这一项设置"),
        ("policies:", "policies: [", 21, "", "不是正确的 YAML 格式"),
    ],
)
async def test_broken_yaml_is_explained_with_line_and_field(
    call: Caller, right: str, wrong: str, line: int, field: str, why: str
) -> None:
    comments, policies = POLICIES.split("\npolicies:")
    content = comments + ("\npolicies:" + policies).replace(right, wrong, 1)
    for language, word in (("zh", "行"), ("en", "line")):
        answer = await call(
            "POST",
            "/rulebook/policies/preview",
            {"content": content},
            role=Role.ADMIN,
            language=language,
        )
        assert answer.status_code == 422
        errors = answer.json()["errors"]
        found = next(each for each in errors if each["field"] == field)
        assert word in found["why"]
        assert abs(found["line"] - content[: content.index(wrong)].count("\n") - 1) <= 2
        assert (why in found["why"]) == (language == "zh")


async def test_a_county_changes_its_own_and_no_others(
    harness: Harness, call: Caller, config: ReplyConfig
) -> None:
    await harness.receives(received("here"), received("there", county=ELSEWHERE))
    before = await dues(harness)
    await saved(call, "policies", LONGER)
    await recounted(harness, config)
    after = await dues(harness)
    assert {key[0] for key in before if after[key] != before[key]} == {"here"}
    elsewhere = (await call("GET", "/rulebook/policies", county=ELSEWHERE)).json()
    assert (elsewhere["number"], elsewhere["content"]) == (1, POLICIES)
    unknown = await call("GET", "/rulebook/policies/versions/2", county=ELSEWHERE)
    assert unknown.status_code == 404


async def test_an_old_version_comes_back_as_a_new_one(call: Caller) -> None:
    await saved(call, "policies", LONGER)
    body = {"based_on": 2, "note": "back again"}
    answer = await call("POST", "/rulebook/policies/versions/1/restore", body, role=Role.ADMIN)
    assert answer.json() == {"number": 3}
    newest = (await call("GET", "/rulebook/policies")).json()
    assert newest["content"] == POLICIES
    assert [each["number"] for each in newest["versions"]] == [3, 2, 1]
    changed = (await call("GET", "/rulebook/policies/versions/2")).json()["differences"]
    assert any(line.startswith("+") and "7 working days" in line for line in changed)
    assert (await call("GET", "/rulebook/policies/versions/2")).json()["content"] == LONGER


async def test_every_process_notices_a_version(
    harness: Harness, call: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(harness.config, rulebooks=Rulebooks(read_rulebook()))
    await saved(call, "policies", LONGER)
    async with harness.database.reading() as session:
        await other.rulebooks.refresh(session)
        assert other.rulebooks.current.of(COUNTY).texts[Kind.POLICIES] == LONGER
        await saved(call, "policies", POLICIES, based_on=2)
        await other.rulebooks.refresh(session)  # looked a moment ago
        assert other.rulebooks.current.of(COUNTY).texts[Kind.POLICIES] == LONGER
        monkeypatch.setattr("services.reply.rulebooks.NOTICED_AFTER", 0.0)
        await other.rulebooks.refresh(session)
        assert other.rulebooks.current.of(COUNTY).texts[Kind.POLICIES] == POLICIES


async def test_a_process_that_is_behind_does_not_count_back(
    harness: Harness, call: Caller, config: ReplyConfig
) -> None:
    await harness.receives(received())
    await saved(call, "policies", LONGER)
    assert await recounted(harness, config) == 1
    assert await recounted(harness, harness.config) == 0  # it has never looked


async def test_a_release_replaces_the_default_where_nobody_has_edited_it(
    harness: Harness, call: Caller, config: ReplyConfig
) -> None:
    await saved(call, "policies", LONGER, county=ELSEWHERE)
    shipped = harness.config.rulebooks.shipped.texts
    calendar = calendar_file.SHIPPED.read_text(encoding="utf-8")
    released = Rulebooks(
        rulebook_of({**shipped, Kind.POLICIES: POLICIES + "# release 2\n", Kind.CALENDAR: calendar})
    )
    new = replace(harness.config, rulebooks=released)
    for _ in range(2):  # each start
        await in_transaction(
            harness.database,
            new,
            lambda context: released.take_over_files(context.session, NOW),
        )
    async with harness.database.reading() as session:
        kept = (
            await session.execute(
                select(RulebookVersion).where(col(RulebookVersion.county) == "any")
            )
        ).scalars()
        assert {(each.kind, each.number) for each in kept} == {
            ("policies", 1),
            ("policies", 2),
            ("calendar", 1),
        }
    config.rulebooks.shipped = released.shipped
    here = (await call("GET", "/rulebook/policies")).json()
    assert (here["number"], here["shipped_differs"]) == (2, False)
    there = (await call("GET", "/rulebook/policies", county=ELSEWHERE)).json()
    assert (there["content"], there["shipped_differs"]) == (LONGER, True)


async def test_a_notice_is_loaded_into_every_calendar_by_command(
    harness: Harness, call: Caller
) -> None:
    """One county has a calendar of its own, the other the one of all."""
    closures = [{"days": "2026-12-03", "part": "morning", "reason": "停电"}]
    change = {"path": ["counties", COUNTY], "value": {"closures": closures}}
    composed = await call(
        "POST", "/rulebook/calendar/compose", {"changes": [change]}, role=Role.ADMIN
    )
    await saved(call, "calendar", composed.json()["content"])
    await harness.receives(
        received("own", sent_at=BEFORE_NEW_YEAR),
        received("shared", sent_at=BEFORE_NEW_YEAR, county=ELSEWHERE),
    )
    config = replace(harness.config, rulebooks=Rulebooks(read_rulebook()))
    lines = await load_into(harness.database, config, NOTICE, "2027.yaml")
    assert [(each["county"], each["version"]) for each in lines] == [(COUNTY, 3), (ELSEWHERE, 2)]
    assert all(each["moved"] > 0 and each["latest_by"] > 0 for each in lines)
    assert all(each["earliest_by"] == 0 and each["complaints"] == 1 for each in lines)
    assert not any(each.provisional for each in (await harness.deadlines("shared")).values())
    assert await load_into(harness.database, config, NOTICE, "2027.yaml") == []
    own = (await call("GET", "/rulebook/calendar")).json()
    assert own["parsed"]["counties"] == {COUNTY: {"closures": closures}}
    # The next start takes over no file: what was loaded for all stays.
    again = Rulebooks(read_rulebook())
    new = replace(harness.config, rulebooks=again)
    await in_transaction(
        harness.database, new, lambda context: again.take_over_files(context.session, NOW)
    )
    assert again.current.of(ELSEWHERE).calendars.default.is_published(2027)


async def test_a_year_is_shown_day_by_day(call: Caller) -> None:
    closures = [{"days": "2026-12-03", "part": "morning", "reason": "停电"}]
    change = {"path": ["counties", COUNTY], "value": {"closures": closures}}
    composed = await call(
        "POST", "/rulebook/calendar/compose", {"changes": [change]}, role=Role.ADMIN
    )
    await saved(call, "calendar", composed.json()["content"])
    year = (await call("GET", "/rulebook/calendar/years/2026")).json()
    by_date = {each["date"]: each["kind"] for each in year["days"]}
    assert len(by_date) == 365
    assert year["published"]
    assert {by_date[day] for day in ("2026-10-01", "2026-10-07")} == {"holiday"}
    assert by_date["2026-10-10"] == "make_up"
    assert by_date["2026-10-11"] == "weekend"
    assert by_date["2026-12-03"] == "closed"
    elsewhere = (await call("GET", "/rulebook/calendar/years/2026", county=ELSEWHERE)).json()
    assert {each["kind"] for each in elsewhere["days"] if each["date"] == "2026-12-03"} == {
        "workday"
    }
