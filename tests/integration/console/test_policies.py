"""Policies and calendar in the console, with the real reply behind it."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from html import unescape

import httpx
import pytest

from services.dispatch.models import DeadlineMove
from services.reply import service as reply_service
from services.reply.settings import ReplySettings
from shared.bus.embedded import EmbeddedBus
from shared.db import Database
from tests.conftest import NOW
from tests.integration.console.conftest import SECRET, Reachable, SignedIn
from tests.integration.console.county import COUNTY, IDS


@pytest.fixture
async def reply_database(new_database: Callable[[str], Awaitable[Database]]) -> Database:
    return await new_database("reply")


@pytest.fixture
async def reply(reply_database: Database) -> AsyncIterator[Reachable]:
    bus = EmbeddedBus("postgresql:///none")
    service = reply_service.build(ReplySettings(), reply_database, bus, secret=SECRET)
    yield Reachable(service.app)
    for close in service.closing:
        await close()


def fields_of(page: httpx.Response, action: str) -> dict[str, str]:
    """What the form with this action would send, untouched."""
    form = re.search(rf'<form[^>]*action="{action}".*?</form>', page.text, re.DOTALL)
    assert form, re.findall(r"role=.alert.*", page.text) or page.status_code
    fields = {}
    for tag in re.findall(r"<input[^>]*>", form[0]):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        is_off = 'type="checkbox"' in tag and "checked" not in tag
        if name and not is_off and 'type="file"' not in tag:
            fields[name[1]] = unescape(value[1]) if value else ""
    for name, text in re.findall(
        r'<textarea[^>]*name="([^"]*)"[^>]*>\n?(.*?)</textarea>', form[0], re.DOTALL
    ):
        fields[name] = unescape(text)
    for name, options in re.findall(
        r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form[0], re.DOTALL
    ):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(
            r'value="([^"]*)"', options
        )
        fields[name] = chosen[1] if chosen else ""
    return fields


async def saved(client: httpx.AsyncClient, preview: httpx.Response, kind: str) -> str:
    """The page after the previewed text was saved."""
    assert preview.status_code == 200, re.findall(r"role=.alert.*", preview.text)
    fields = fields_of(preview, f"/rulebook/{kind}/save")
    answer = await client.post(f"/rulebook/{kind}/save", data={**fields, "note": "测试"})
    assert answer.status_code == 303, answer.text
    return (await client.get(answer.headers["location"])).text


async def test_everybody_reads_the_policies_and_nobody_but_an_admin_finds_an_edit(
    signed_in: SignedIn,
) -> None:
    page = (await (await signed_in("wang.diaodu")).get("/policies")).text
    for words in ("一般诉求（各平台）", "5 个工作日", "依据未核实", "第 1 版", "随系统提供"):
        assert words in page
    assert "/edit" not in page
    assert "/policies/ordinary/edit" in (await (await signed_in("admin")).get("/policies")).text


async def test_a_limit_is_changed_by_form_and_what_no_form_knows_stays(
    signed_in: SignedIn,
) -> None:
    admin = await signed_in("admin")
    address = "/policies/urgent/edit"
    fields = fields_of(await admin.get(address), address)
    unchanged = await admin.post(address, data=fields)
    assert "进行中的时限都不变" in unchanged.text
    before = fields_of(unchanged, "/rulebook/policies/save")["content"]
    changed = {**fields, "amount_reply": "30", "unit_reply": "hour"}
    preview = await admin.post(address, data=changed)
    after = fields_of(preview, "/rulebook/policies/save")["content"]
    lines = set(before.splitlines()) ^ set(after.splitlines())
    assert {line.strip() for line in lines} == {"reply: {within: 30 hours}"}
    assert "30 小时" in await saved(admin, preview, "policies")
    stale = await admin.post(address, data=changed)
    assert stale.status_code == 409


async def test_a_limit_that_counts_from_a_day_on_is_a_policy_that_follows(
    signed_in: SignedIn,
) -> None:
    admin = await signed_in("admin")
    address = "/policies/ordinary/edit"
    fields = fields_of(await admin.get(address), address)
    fields |= {"amount_reply": "4", "amount_resolve": "4", "counts_from": "2027-01-01"}
    page = await saved(admin, await admin.post(address, data=fields), "policies")
    assert "ordinary-20270101" in page
    assert "2026-12-31 止" in page


async def test_broken_yaml_comes_back_with_what_is_wrong(signed_in: SignedIn) -> None:
    admin = await signed_in("admin")
    fields = fields_of(await admin.get("/rulebook/policies/yaml"), "/rulebook/policies/preview")
    broken = fields["content"].replace("    unverified: true", "    unverified: maybe", 1)
    answer = await admin.post("/rulebook/policies/preview", data={**fields, "content": broken})
    assert answer.status_code == 422
    assert re.search(
        r"第 \d+ 行 (ladders|policies)\.0\.unverified: 应为 true 或 false", answer.text
    )
    assert "unverified: maybe" in answer.text


async def test_a_file_is_uploaded_and_an_old_version_restored(signed_in: SignedIn) -> None:
    admin = await signed_in("admin")
    await admin.get("/policies")
    first = (await admin.get("/rulebook/policies/versions/1/file")).text
    file = {"file": ("new.yaml", first.replace("一般诉求", "普通诉求").encode())}
    preview = await admin.post("/rulebook/policies/preview", data={"based_on": "1"}, files=file)
    assert "普通诉求" in await saved(admin, preview, "policies")
    changed = (await admin.get("/rulebook/policies/versions/2")).text
    assert "<ins>+    name: 普通诉求（各平台）</ins>" in changed
    old = fields_of(
        await admin.get("/rulebook/policies/yaml?version=1"), "/rulebook/policies/preview"
    )
    page = await saved(admin, await admin.post("/rulebook/policies/preview", data=old), "policies")
    assert "第 3 版" in page
    assert "普通诉求" not in page


async def test_a_year_is_twelve_months_of_words(signed_in: SignedIn) -> None:
    page = (await (await signed_in("li.weixiu")).get("/calendar?year=2026")).text
    assert page.count("<caption>") == 12
    assert "已公布" in page
    assert ">10<b>班</b>" in page
    assert (
        "暂定：放假通知还没有公布"
        in (await (await signed_in("li.weixiu")).get("/calendar?year=2027")).text
    )


async def test_a_years_notice_is_typed_in_and_a_closure_comes_and_goes(
    signed_in: SignedIn,
) -> None:
    admin = await signed_in("admin")
    notice = {
        "year": "2027",
        "notice": "国办发明电〔2026〕0号（测试）",
        "holidays": "2027-01-01..2027-01-03\n2027-02-05..2027-02-11",
        "make_up_workdays": "2027-01-09",
    }
    preview = await admin.post("/calendar/notice", data=notice)
    assert "2027 年放假通知：国办发明电" in preview.text
    await saved(admin, preview, "calendar")
    assert "已公布" in (await admin.get("/calendar?year=2027")).text
    closure = {"from": "2026-12-03", "to": "2026-12-04", "part": "morning", "reason": "停电"}
    page = await saved(admin, await admin.post("/calendar/closures", data=closure), "calendar")
    assert "2026-12-03..2026-12-04" in page
    assert ">3<b>上午停</b>" in (await admin.get("/calendar?year=2026")).text
    hours = await admin.post("/calendar/office-hours", data={"hours": "08:30-12:00，14:00-17:30"})
    assert "08:30-12:00, 14:00-17:30" in await saved(admin, hours, "calendar")
    removed = await admin.post("/calendar/closures/remove", data={"index": "0"})
    assert "2026-12-03..2026-12-04" not in await saved(admin, removed, "calendar")


WRONG = (
    ("/calendar/closures", {"from": "2026-12-03", "reason": ""}, "请填写日期和事由"),
    ("/calendar/closures", {"from": "3 December", "reason": "x"}, "日期填写有误"),
    ("/calendar/notice", {"year": "next"}, "数字填写有误"),
    (
        "/calendar/notice",
        {"year": "2027", "notice": "x", "holidays": "2028-01-01"},
        "不属于 2027 年",
    ),
)


async def test_what_is_typed_wrongly_is_said(signed_in: SignedIn) -> None:
    admin = await signed_in("admin")
    for path, typed, said in WRONG:
        answer = await admin.post(path, data=typed)
        assert answer.status_code == 422
        assert said in answer.text


async def test_a_complaint_says_why_its_deadline_moved(
    signed_in: SignedIn, database: Database
) -> None:
    async with database.work() as (session, _):
        session.add(
            DeadlineMove(
                complaint_id=IDS.drafted,
                stage="reply",
                round=1,
                sequence=1,
                county=COUNTY,
                old_due_at=NOW,
                new_due_at=NOW + timedelta(days=2),
                kind="calendar",
                number=2,
                note="2027年放假通知",
            )
        )
    page = (await (await signed_in("wang.diaodu")).get(f"/complaints/{IDS.drafted}")).text
    assert "因办法或日历变更而变动" in page
    assert "/rulebook/calendar/versions/2" in page
    assert "2027年放假通知" in page


async def test_while_reply_is_unavailable_the_pages_say_so(
    signed_in: SignedIn, reply: Reachable
) -> None:
    admin = await signed_in("admin")
    reply.unavailable = True
    for path in ("/policies", "/calendar"):
        answer = await admin.get(path)
        assert answer.status_code == 200
        assert "notice" in answer.text
    assert (await admin.get("/policies/ordinary/edit")).status_code == 503
