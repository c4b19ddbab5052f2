"""The bell counts what is mine, its list shows the same, and somebody takes an alert on."""

from datetime import timedelta

from services.dispatch.models import Staff
from shared.clock import ManualClock
from shared.db import Database
from tests.integration.console.alarms import CREW, DISPATCHER, SUPERVISOR, alert, raises
from tests.integration.console.conftest import SignedIn
from tests.integration.console.county import ELSEWHERE, IDS


async def test_the_bell_counts_what_its_list_shows_and_sounds_for_whom_it_shall(
    database: Database, clock: ManualClock, signed_in: SignedIn
) -> None:
    now = clock.now()
    await raises(database, *[alert(number, now) for number in range(1, 53)])
    await raises(
        database,
        alert(60, now, taken_by=SUPERVISOR, taken_at=now + timedelta(seconds=1)),
        alert(61, now, ended_at=now),
        alert(62, now, county=ELSEWHERE),
    )
    wang = await signed_in(DISPATCHER)
    bell = await wang.get("/alerts/bell", headers={"HX-Request": "true"})
    assert 'data-alerts="52"' in bell.text
    assert "data-sound" not in bell.text
    again = await wang.get("/alerts/bell", headers={"HX-PTag": bell.headers["HX-PTag"]})
    assert again.status_code == 304
    first = (await wang.get("/alerts")).text
    assert "共 52 条" in first
    assert first.count("23 件诉求") == 50
    following = first.split('id="following" rel="next" href="')[1].split('"')[0]
    second = (await wang.get(following.replace("&amp;", "&"))).text
    assert second.count("23 件诉求") == 2
    assert "共 53 条" in (await wang.get("/alerts?whose=all")).text
    assert "共 1 条" in (await wang.get("/alerts?whose=all&taken=yes")).text
    await wang.post("/alerts/sound", data={"on": "true"})
    assert "data-sound" in (await wang.get("/alerts/bell")).text
    await wang.post("/alerts/sound")
    assert "data-sound" not in (await wang.get("/alerts/bell")).text


async def test_whoever_takes_it_on_is_seen_everywhere(
    database: Database, clock: ManualClock, signed_in: SignedIn
) -> None:
    await raises(database, alert(1, clock.now()))
    await raises(database, alert(1, clock.now(), id="alert-mine", stage="resolve"), to=SUPERVISOR)
    chen = await signed_in(SUPERVISOR)
    shown = await chen.post("/alerts/alert-001/take", headers={"HX-Request": "true"})
    assert "陈主管 已接手" in shown.text
    assert shown.headers["HX-Trigger"] == "alertsChanged"
    wang = await signed_in(DISPATCHER)
    for path in ("/due", f"/work-orders/{IDS.on_site}", "/complaints/complaint-03", "/"):
        assert "陈主管 已接手" in (await wang.get(path)).text, path
    page = (await wang.get(f"/work-orders/{IDS.on_site}")).text
    assert "有人接手" in page
    assert 'data-alerts="0"' in (await wang.get("/alerts/bell")).text
    assert 'data-alerts="2"' in (await chen.get("/alerts/bell")).text


async def test_who_may_take_it_on_and_that_what_has_ended_cannot_be(
    database: Database, clock: ManualClock, signed_in: SignedIn
) -> None:
    await raises(database, alert(1, clock.now()), alert(2, clock.now(), ended_at=clock.now()))
    for who, status in ((CREW, 403), ("zhao.shenhe", 403), (SUPERVISOR, 303), ("admin", 303)):
        client = await signed_in(who)
        assert (await client.post("/alerts/alert-001/take")).status_code == status, who
        assert (await client.post("/alerts/unknown/take")).status_code == 404
    assert (await client.post("/alerts/alert-002/take")).status_code == 409


async def test_a_crew_sees_its_own_alerts_alone(
    database: Database, clock: ManualClock, signed_in: SignedIn
) -> None:
    await raises(database, alert(1, clock.now()))
    await raises(database, alert(2, clock.now()), to=CREW)
    li = await signed_in(CREW)
    page = (await li.get("/alerts?whose=all")).text
    assert "共 1 条" in page
    assert "全县" not in page


async def test_an_alert_that_nobody_can_be_told_of_is_the_admins(
    database: Database, clock: ManualClock, signed_in: SignedIn
) -> None:
    async with database.work() as (session, _):
        session.add(alert(1, clock.now(), reached="nobody"))
    admin = await signed_in("admin")
    assert 'data-alerts="1"' in (await admin.get("/alerts/bell")).text
    assert "没有可告知的人" in (await admin.get("/alerts")).text


async def test_an_admin_gives_somebody_the_levels_they_are_told_at(
    database: Database, signed_in: SignedIn
) -> None:
    admin = await signed_in("admin")
    path = f"/staff/{CREW}/levels"
    await admin.post(path, data={"level": ["director", "crew_leader"]})
    assert await _levels(database) == ["crew_leader", "director"]
    await admin.post(path, data={"by_role": "true"})
    assert await _levels(database) is None
    await admin.post(path, data={})
    assert await _levels(database) == []
    wang = await signed_in(DISPATCHER)
    assert (await wang.post(path, data={})).status_code == 403


async def _levels(database: Database) -> list[str] | None:
    async with database.reading() as session:
        return (await session.get_one(Staff, CREW)).levels
