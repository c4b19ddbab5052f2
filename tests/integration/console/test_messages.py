"""Messages to staff in the console: lists, a person's decision, addresses, and the banner."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlmodel import col, select

from services.dispatch.models import Staff, StaffMessage, WayHealth
from services.dispatch.rules.staff_messages import MessageState, Step, Way
from services.dispatch.settings import DispatchSettings
from shared.clock import ManualClock
from shared.db import Database
from tests.integration.console.conftest import AddConsole, SignedIn
from tests.integration.console.county import COUNTY, ELSEWHERE

FAILED, GAVE_UP = (
    Step(state, why="refused") for state in (MessageState.FAILED, MessageState.GAVE_UP)
)
CREW = "li.weixiu"


@pytest.fixture
def app(add_console: AddConsole) -> FastAPI:
    """With WeCom switched on."""
    return add_console(
        DispatchSettings(
            wecom_corp_id="ww1",
            wecom_agent_id=1,
            wecom_secret=SecretStr("secret"),
            wecom_token=SecretStr("token"),
            wecom_aes_key=SecretStr("k" * 43),
        )
    )


def message(now: datetime, alert: str, step: Step | None = None, **changes: Any) -> StaffMessage:
    fields = {"county": COUNTY, "sign_in_name": CREW, "way": Way.WECOM, "body": "岭上村"} | changes
    made = StaffMessage.queued(
        alert_id=alert, title=f"任务 {alert}", urgent=False, not_before=now, now=now, **fields
    )
    if step:
        made.follow(step, now, "81013")
    return made


async def keep(database: Database, *rows: object) -> None:
    async with database.work() as (session, _):
        session.add_all(rows)


async def test_every_message_is_in_one_list(
    database: Database, signed_in: SignedIn, clock: ManualClock
) -> None:
    now = clock.now()
    told_by_sms = message(now, "by-sms", FAILED)
    in_console = message(now, "in-console", FAILED)
    await keep(
        database,
        message(now, "waits"),
        message(now, "unknown", GAVE_UP),
        message(now, "arrived", Step(MessageState.SENT)),
        told_by_sms,
        told_by_sms.by(Way.SMS, now),
        in_console,
        in_console.by(Way.CONSOLE, now),
        message(now, "elsewhere", FAILED, county=ELSEWHERE),
    )
    desk = await signed_in("wang.diaodu")
    found = {
        which: (await desk.get(f"/messages?list={which}")).text
        for which in ("failed", "waiting", "sent", "replaced")
    }
    for which, alerts in {
        "failed": {"unknown", "in-console"},
        "waiting": {"waits", "by-sms"},
        "sent": {"arrived", "in-console"},
        "replaced": {"by-sms"},
    }.items():
        shown = {
            alert
            for alert in ("waits", "unknown", "arrived", "by-sms", "in-console", "elsewhere")
            if f"任务 {alert}" in found[which]
        }
        assert shown == alerts, which
    assert "返回码 81013" in found["failed"]
    assert '<a id="count-failed" class="hot"' in found["sent"]


async def test_the_list_is_paged_and_filtered(
    database: Database, signed_in: SignedIn, clock: ManualClock
) -> None:
    for number in range(53):
        clock.advance(timedelta(seconds=1))
        way = Way.SMS if number == 7 else Way.WECOM
        await keep(database, message(clock.now(), f"alert-{number:02}", FAILED, way=way))
    desk = await signed_in("admin")
    page = (await desk.get("/messages")).text
    assert page.count('id="message-') == 50
    following = (
        page.split('id="following" rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    )
    rest = (await desk.get(following)).text
    assert rest.count('id="message-') == 3
    assert "任务 alert-00" in rest
    only = (await desk.get("/messages?way=sms")).text
    assert only.count('id="message-') == 1


async def test_a_person_sends_again_or_says_that_they_were_told(
    database: Database, signed_in: SignedIn, clock: ManualClock
) -> None:
    again, told = (message(clock.now(), alert, GAVE_UP) for alert in ("a", "b"))
    await keep(database, again, told)
    desk = await signed_in("wang.diaodu")
    assert (await desk.post(f"/messages/{again.id}/again")).status_code == 303
    assert (await desk.post(f"/messages/{told.id}/told-otherwise")).status_code == 303
    async with database.reading() as session:
        rows = {row.id: row for row in (await session.exec(select(StaffMessage))).all()}
    assert rows[again.id].state == "queued"
    assert rows[again.id].next_attempt_at == clock.now()
    assert rows[told.id].told_otherwise_by == "wang.diaodu"
    assert "任务 b" in (await desk.get("/messages?list=replaced")).text


async def test_failures_and_a_silent_way_are_told_on_every_page(
    database: Database, signed_in: SignedIn, clock: ManualClock
) -> None:
    htmx = {"HX-Request": "true"}
    silent = WayHealth(way="wecom", last_failure_at=clock.now(), failure="unavailable")
    silent.unavailable_since = clock.now()
    await keep(database, message(clock.now(), "a", FAILED), silent)
    clock.advance(timedelta(minutes=5))
    seen = {
        name: (await (await signed_in(name)).get("/replies/outages", headers=htmx)).text
        for name in ("wang.diaodu", CREW)
    }
    assert "1 条发给工作人员的通知没有送到" in seen["wang.diaodu"]
    assert "没有送到" not in seen[CREW]
    assert all("企业微信连不上" in banner for banner in seen.values())
    assert 'id="platform-wecom"' in (await (await signed_in("admin")).get("/messages")).text


async def test_an_admin_changes_addresses_and_no_page_shows_a_whole_number(
    database: Database, signed_in: SignedIn, caplog: pytest.LogCaptureFixture
) -> None:
    admin = await signed_in("admin")
    address = f"/staff/{CREW}/ways"
    form = {"wecom_userid": "LiWeixiu", "phone": "139 0000 0001", "ways": "sms"}
    assert (await admin.post(address, data=form)).status_code == 303
    shown = (await admin.get(address)).text
    assert "139****0001" in shown
    assert "13900000001" not in shown + caplog.text
    assert (await admin.post(address, data={"phone": "", "ways": "wecom"})).status_code == 303
    async with database.reading() as session:
        staff = (await session.exec(select(Staff).where(col(Staff.sign_in_name) == CREW))).one()
    assert (staff.wecom_userid, staff.phone, staff.declined_ways) == (None, "13900000001", ["sms"])
    assert staff.addresses_edited
    assert "13900000001" not in repr(staff)


async def test_everybody_chooses_by_which_ways_they_are_told(
    database: Database, signed_in: SignedIn
) -> None:
    crew = await signed_in(CREW)
    assert 'value="wecom" checked' in (await crew.get("/account")).text
    assert (await crew.post("/account/ways", data={"ways": "sms"})).status_code == 303
    assert 'value="wecom">' in (await crew.get("/account")).text
    async with database.reading() as session:
        staff = await session.get_one(Staff, CREW)
    assert staff.declined_ways == ["wecom"]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("phone", "abc", "11 位数字"), ("wecom_userid", "李 维修", "字母、数字")],
)
async def test_a_wrong_address_is_refused_in_words(
    signed_in: SignedIn, field: str, value: str, said: str
) -> None:
    admin = await signed_in("admin")
    htmx = {"HX-Request": "true"}
    answer = await admin.post(f"/staff/{CREW}/ways", data={field: value}, headers=htmx)
    assert (answer.status_code, said in answer.text) == (422, True)
