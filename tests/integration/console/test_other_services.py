"""What only intake and reply know: shown when opened, changed through them, never stored here."""

import json
import re

import pytest
from sqlalchemy import text

from shared.auth.tokens import read_token
from shared.clock import ManualClock
from shared.db import Database
from tests.integration.console.conftest import SECRET, Reachable, SignedIn
from tests.integration.console.county import IDS
from tests.integration.console.stand_ins import (
    ADDRESS,
    ANSWERED,
    DRAFT,
    LETTER,
    NAME,
    PHONE,
    WITHOUT_REPLY,
    Recorded,
)

PAGES_WITHOUT_INTAKE = [
    "/",
    "/waiting",
    "/review",
    f"/review/{IDS.drafted}",
    f"/complaints/{IDS.waiting}",
    "/complaints/new",
    f"/work-orders/{IDS.on_site}",
]


async def test_a_complaint_shows_its_words_and_hides_the_person(
    signed_in: SignedIn, recorded: Recorded
) -> None:
    desk = await signed_in("wang.diaodu")
    page = (await desk.get(f"/complaints/{IDS.drafted}")).text
    assert LETTER in page
    assert PHONE not in page
    assert recorded.people == []
    shown = (await desk.post(f"/complaints/{IDS.drafted}/resident")).text
    for personal in (NAME, PHONE, ADDRESS, f'href="tel:{PHONE}"'):
        assert personal in shown


async def test_intake_learns_who_looked(
    signed_in: SignedIn, recorded: Recorded, clock: ManualClock
) -> None:
    await (await signed_in("wang.diaodu")).post(f"/complaints/{IDS.drafted}/resident")
    (authorization,) = recorded.people
    person = read_token(
        authorization.removeprefix("Bearer "), SECRET, clock.now(), audience="service"
    )
    assert (person.name, person.role) == ("wang.diaodu", "dispatcher")


async def test_nothing_personal_stays_in_dispatch(
    signed_in: SignedIn, database: Database, capfd: pytest.CaptureFixture[str]
) -> None:
    desk = await signed_in("wang.diaodu")
    answers = [
        await desk.get(f"/complaints/{IDS.drafted}"),
        await desk.post(f"/complaints/{IDS.drafted}/resident"),
        await desk.post("/complaints/new", data={"text": LETTER, "phone": PHONE}),
    ]
    assert all(answer.headers["cache-control"] == "no-store" for answer in answers)
    async with database.reading() as session:
        tables = await session.execute(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        )
        for table in tables.scalars():
            rows = await session.execute(text(f'SELECT t::text FROM "{table}" t'))
            stored = "\n".join(rows.scalars())
            assert PHONE not in stored, table
            assert LETTER[:12] not in stored, table
    output = "".join(capfd.readouterr())
    assert PHONE not in output
    assert LETTER[:12] not in output


@pytest.mark.parametrize("page", PAGES_WITHOUT_INTAKE)
async def test_every_page_comes_while_intake_and_reply_are_unavailable(
    signed_in: SignedIn, intake: Reachable, reply: Reachable, page: str
) -> None:
    desk = await signed_in("wang.diaodu")
    intake.unavailable = reply.unavailable = True
    answer = await desk.get(page)
    assert answer.status_code == 200
    if page in ("/waiting", "/complaints/new", f"/complaints/{IDS.waiting}"):
        assert "受理服务暂时连不上" in answer.text
    if page.startswith("/review/"):
        assert "回复服务暂时连不上" in answer.text


async def test_buttons_that_need_an_absent_service_are_greyed(
    signed_in: SignedIn, intake: Reachable, reply: Reachable
) -> None:
    desk = await signed_in("admin")
    intake.unavailable = reply.unavailable = True
    assert '<fieldset class="body fields" disabled>' in (await desk.get("/complaints/new")).text
    complaint = (await desk.get(f"/complaints/{IDS.waiting}")).text
    assert '<fieldset class="fields" disabled>' in complaint
    assert '<button class="btn btn-outline-primary" disabled>' in complaint
    review = (await desk.get(f"/review/{IDS.drafted}")).text
    assert 'value="approve"' not in review
    assert 'value="save"' not in review


async def test_what_was_typed_while_a_service_went_away_is_not_lost(
    signed_in: SignedIn, intake: Reachable
) -> None:
    desk = await signed_in("wang.diaodu")
    intake.unavailable = True
    typed = {"text": LETTER, "name": NAME, "phone": PHONE}
    part = await desk.post("/complaints/new", data=typed, headers={"HX-Request": "true"})
    assert (part.status_code, "没有确认保存" in part.text) == (503, True)
    page = await desk.post("/complaints/new", data=typed)  # without JavaScript
    assert page.status_code == 503
    for value in typed.values():
        assert value in page.text


async def test_a_call_is_entered_once_and_followed_to_its_complaint(
    signed_in: SignedIn, recorded: Recorded
) -> None:
    desk = await signed_in("wang.diaodu")
    data = {"text": LETTER, "name": NAME, "phone": PHONE, "entry_id": "e1", "urgent": "true"}
    answer = await desk.post("/complaints/new", data=data)
    assert answer.headers["location"] == "/complaints/complaint-entered?entered=true"
    ((_, path, body),) = recorded.calls
    assert path == "/complaints"
    assert body == {**data, "urgent": True, "address_line": ""}
    on_its_way = await desk.get(answer.headers["location"])
    assert (on_its_way.status_code, on_its_way.headers["refresh"]) == (200, "1")


async def test_intakes_own_sentence_reaches_the_desk(signed_in: SignedIn) -> None:
    desk = await signed_in("wang.diaodu")
    answer = await desk.post("/complaints/new", data={"text": ""})
    assert (answer.status_code, "请写下居民反映的内容" in answer.text) == (422, True)


async def test_a_decision_goes_to_intake_and_the_next_one_comes(
    signed_in: SignedIn, recorded: Recorded
) -> None:
    desk = await signed_in("wang.diaodu")
    answer = await desk.post(
        f"/complaints/{IDS.waiting}/decision",
        data={"category": "outage", "village_code": "610122104201", "group": "三组"},
    )
    assert answer.headers["location"] == f"/complaints/{IDS.without_scheme}?done=decided"
    ((_, path, body),) = recorded.calls
    assert path == f"/complaints/{IDS.waiting}/decision"
    assert (body["is_ours"], body["village_code"], body["group"]) == (True, "610122104201", "三组")


@pytest.mark.parametrize(
    ("typed", "code"), [("鲍旗寨", "610122104201"), ("樊家村", None), ("无此村", None)]
)
async def test_a_village_typed_but_not_chosen_counts_where_there_is_only_one(
    signed_in: SignedIn, recorded: Recorded, typed: str, code: str | None
) -> None:
    desk = await signed_in("wang.diaodu")
    answer = await desk.post(
        f"/complaints/{IDS.waiting}/decision", data={"category": "outage", "village_q": typed}
    )
    assert answer.status_code == (303 if code else 422)
    assert [body["village_code"] for _, _, body in recorded.calls] == ([code] if code else [])


async def test_not_ours_says_so_to_intake(signed_in: SignedIn, recorded: Recorded) -> None:
    desk = await signed_in("wang.diaodu")
    await desk.post(f"/complaints/{IDS.waiting}/decision", data={"category": "not_ours"})
    assert recorded.calls[0][2]["is_ours"] is False


async def test_a_draft_is_read_changed_and_approved(
    signed_in: SignedIn, recorded: Recorded
) -> None:
    admin = await signed_in("admin")
    here = f"/review/{IDS.drafted}"
    assert DRAFT in (await admin.get(here)).text
    changed = {"act": "save", "version": "1", "text": DRAFT + "\r\n再见。", "solved": "true"}
    assert (await admin.post(here, data=changed)).headers["location"] == f"{here}?done=saved"
    approved = {**changed, "act": "approve", "version": "2"}
    assert (await admin.post(here, data=approved)).headers["location"] == "/review?done=approved"
    assert [(method, body["version"]) for method, _, body in recorded.calls] == [
        ("PUT", 1),
        ("POST", 2),
    ]


@pytest.mark.parametrize(("complaint_id", "read"), [(WITHOUT_REPLY, 0), (ANSWERED, 1)])
async def test_a_reply_is_written_from_the_complaint_before_any_draft_and_after_an_answer(
    signed_in: SignedIn, recorded: Recorded, complaint_id: str, read: int
) -> None:
    desk = await signed_in("wang.diaodu")
    here = f"/review/{complaint_id}"
    complaint = (await desk.get(f"/complaints/{complaint_id}")).text
    assert f'href="{here}">写回复</a>' in complaint
    form = (await desk.get(here)).text
    assert f'name="version" value="{read}"' in form
    assert re.search(r"<textarea [^>]*></textarea>", form)  # empty: other words than before
    written = {"act": "save", "version": str(read), "text": "配件明日到货，修好后再告知您。"}
    assert (await desk.post(here, data=written)).headers["location"] == f"{here}?done=saved"
    ((method, _, body),) = recorded.calls
    assert (method, body["version"], body["solved"]) == ("PUT", read, False)


async def test_the_office_notes_a_contact_on_the_complaint_page(
    signed_in: SignedIn, recorded: Recorded
) -> None:
    desk = await signed_in("wang.diaodu")
    page = (await desk.get(f"/complaints/{WITHOUT_REPLY}")).text
    assert f'action="/complaints/{WITHOUT_REPLY}/contacted"' in page
    reviewer = (await (await signed_in("zhao.shenhe")).get(f"/complaints/{WITHOUT_REPLY}")).text
    assert "/contacted" not in reviewer


async def test_changed_words_are_not_approved_before_they_are_saved(
    signed_in: SignedIn, recorded: Recorded
) -> None:
    reviewer = await signed_in("zhao.shenhe")
    data = {"act": "approve", "version": "1", "text": DRAFT + "!", "solved": "true"}
    answer = await reviewer.post(f"/review/{IDS.drafted}", data=data)
    assert (answer.status_code, recorded.calls) == (409, [])
    assert "请先保存" in answer.text


async def test_an_outdated_draft_is_refused_and_the_words_are_kept(
    signed_in: SignedIn, recorded: Recorded
) -> None:
    reviewer = await signed_in("zhao.shenhe")
    here = f"/review/{IDS.drafted}"
    data = {"act": "save", "version": "1", "text": "第一个人的话。", "solved": "true"}
    await reviewer.post(here, data=data)
    answer = await reviewer.post(here, data={**data, "text": "第二个人的很长很长的话。"})
    assert answer.status_code == 409
    assert "第二个人的很长很长的话。" in answer.text


async def test_a_stuck_reply_says_what_to_do_and_is_resolved(
    signed_in: SignedIn, recorded: Recorded
) -> None:
    reviewer = await signed_in("zhao.shenhe")
    assert "没有看过不要重发" in (await reviewer.get("/replies?list=stuck")).text
    page = (await reviewer.get(f"/review/{IDS.stuck}")).text
    assert "先到平台上看" in page
    data = {"version": "1", "outcome": "arrived", "receipt": "R-9"}
    answer = await reviewer.post(f"/review/{IDS.stuck}/stuck", data=data)
    assert answer.headers["location"] == "/replies?list=stuck&done=resolved"
    assert (
        json.dumps(recorded.calls[0][2]) == '{"version": 1, "outcome": "arrived", "receipt": "R-9"}'
    )


async def test_drafts_stand_in_the_order_of_their_deadlines(signed_in: SignedIn) -> None:
    page = (await (await signed_in("zhao.shenhe")).get("/review")).text
    places = [page.index(f'/review/complaint-{number}"') for number in ("03", "04", "09")]
    assert places == sorted(places)


async def test_a_call_gives_the_number_and_the_contact_is_noted(
    signed_in: SignedIn, recorded: Recorded
) -> None:
    crew = await signed_in("li.weixiu")
    called = await crew.post("/complaints/complaint-01/call", headers={"HX-Request": "true"})
    assert f'href="tel:{PHONE}"' in called.text
    noted = await crew.post("/complaints/complaint-01/contacted", headers={"HX-Request": "true"})
    assert "已登记联系居民" in noted.text
    assert recorded.calls[-1][1] == "/complaints/complaint-01/contacted"
