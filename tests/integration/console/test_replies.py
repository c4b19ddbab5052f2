"""Where every reply stands: complete lists, counted as they are listed."""

import re
from datetime import timedelta
from typing import Any

import pytest

from services.dispatch.models import ReplyView
from services.dispatch.rules.reply_lists import ReplyList
from shared.clock import ManualClock
from shared.db import Database
from tests.integration.console.conftest import Reachable, SignedIn
from tests.integration.console.county import COUNTY, IDS
from tests.integration.console.stand_ins import DRAFT, NAME, PHONE, Recorded, draft_version

_STATES: list[dict[str, Any]] = [
    {"state": "draft"},
    {"state": "approved", "why_waiting": "unavailable"},
    {"state": "approved", "by_hand": True},
    {"state": "sending", "why_waiting": "ambiguous"},
    {"state": "awaiting_receipt", "why_waiting": "taken"},
    {"state": "stuck", "why_stuck": "refused"},
    {"state": "delivered", "receipt": "confirmed-by:王调度"},
]


@pytest.fixture
async def standing(database: Database, clock: ManualClock) -> dict[str, str]:
    """Replies in every state; by complaint. One complaint is not known yet."""
    ids = [f"complaint-{number:02}" for number in (16, 17, 18, 19, 20, 21)] + ["unknown-yet"]
    now = clock.now()
    async with database.work() as (session, _):
        for complaint_id, facts in zip(ids, _STATES, strict=True):
            session.add(
                ReplyView(
                    complaint_id=complaint_id,
                    county=COUNTY,
                    version=1,
                    kind="answer",
                    sequences={},
                    next_try_at=now + timedelta(minutes=7),
                    attempts=3,
                    delivered_at=now if facts["state"] == "delivered" else None,
                    **facts,
                )
            )
    return dict(zip(ids, (str(facts["state"]) for facts in _STATES), strict=True))


def _listed(page: str) -> list[str]:
    return re.findall(r'<tr id="reply-([\w-]+)"', page)


async def test_every_reply_is_in_exactly_one_list_and_counts_open_lists(
    signed_in: SignedIn, standing: dict[str, str]
) -> None:
    desk = await signed_in("wang.diaodu")
    found: list[str] = []
    for each in ReplyList:
        page = (await desk.get(f"/replies?list={each.value}")).text
        listed = _listed(page)
        count = re.search(rf'id="count-{each.value}"[^>]*href="([^"]+)"[^>]*><strong>(\d+)', page)
        assert count
        assert (count[1], int(count[2])) == (f"/replies?list={each.value}", len(listed))
        found += listed
    assert len(found) == len(set(found)) == 5 + len(standing)
    assert set(standing) < set(found)


@pytest.mark.parametrize(
    ("which", "shown"),
    [
        ("queued", ["平台暂时连不上", "平台没有应答", "已试 3 次", "下次"]),
        ("by_hand", ["complaint-18"]),
        ("awaiting_receipt", ["平台已收下"]),
        ("stuck", ["平台拒收", "没有看过不要重发"]),
        ("delivered", ["王调度 登记送达"]),
    ],
)
async def test_a_list_says_why(
    signed_in: SignedIn, standing: dict[str, str], which: str, shown: list[str]
) -> None:
    page = (await (await signed_in("zhao.shenhe")).get(f"/replies?list={which}")).text
    assert [each for each in shown if each not in page] == []
    assert "confirmed-by" not in page


async def test_filters_stay_in_the_address_and_count_as_they_list(
    signed_in: SignedIn, standing: dict[str, str]
) -> None:
    desk = await signed_in("wang.diaodu")
    page = (await desk.get("/replies?list=to_review&platform=phone")).text
    assert 'href="/replies?platform=phone&amp;list=stuck"' in page
    assert re.search(r'id="count-to_review"[^>]*><strong>(\d+)', page)
    assert _listed(page) == [IDS.drafted]


@pytest.mark.parametrize("which", ["queued", "delivered"])
async def test_a_long_list_is_complete_over_its_pages(
    signed_in: SignedIn, database: Database, clock: ManualClock, which: str
) -> None:
    state = "approved" if which == "queued" else "delivered"
    async with database.work() as (session, _):
        session.add_all(
            ReplyView(
                complaint_id=f"many-{number:03}",
                county=COUNTY,
                version=1,
                state=state,
                kind="answer",
                sequences={},
                delivered_at=clock.now() - timedelta(hours=number // 2),
            )
            for number in range(120)
        )
    desk = await signed_in("wang.diaodu")
    address, seen = f"/replies?list={which}", []
    for _ in range(9):
        page = (await desk.get(address)).text
        seen += [each for each in _listed(page) if each.startswith("many-")]
        following = re.search(r'id="following" rel="next" href="([^"]+)"', page)
        if not following:
            break
        address = following[1].replace("&amp;", "&")
    assert (len(seen), len(set(seen))) == (120, 120)


@pytest.mark.parametrize(("outcome", "path"), [("told", "told"), ("not_reached", "not-reached")])
async def test_a_call_is_noted_as_spoken_or_not_reached(
    signed_in: SignedIn, recorded: Recorded, outcome: str, path: str
) -> None:
    reviewer = await signed_in("zhao.shenhe")
    data = {"version": "1", "outcome": outcome}
    answer = await reviewer.post("/review/complaint-18/told", data=data)
    assert answer.headers["location"] == f"/replies?list=by_hand&done={outcome}"
    assert recorded.calls[0][1] == f"/replies/complaint-18/{path}"


async def test_a_persons_confirmation_reads_as_words(
    signed_in: SignedIn, database: Database
) -> None:
    async with database.work() as (session, _):
        (await session.get_one(ReplyView, "complaint-14")).receipt = "confirmed-by:王调度"
    page = (await (await signed_in("wang.diaodu")).get("/complaints/complaint-14")).text
    assert "王调度 登记送达" in page
    assert "confirmed-by" not in page


async def test_the_call_sheet_has_place_words_and_deadline_and_reveals_one_by_one(
    signed_in: SignedIn, standing: dict[str, str], recorded: Recorded
) -> None:
    recorded.drafts["complaint-18"] = [{**draft_version("complaint-18", 1), "state": "approved"}]
    desk = await signed_in("wang.diaodu")
    page = (await desk.get("/replies/call-sheet")).text
    assert 'id="call-complaint-18"' in page
    for shown in ("共 1 件", DRAFT, "到期 ", "已讲清", "没有打通"):
        assert shown in page
    assert NAME not in page
    assert PHONE not in page
    assert recorded.people == []
    revealed = await desk.post("/complaints/complaint-18/resident", headers={"HX-Request": "true"})
    assert NAME in revealed.text
    assert len(recorded.people) == 1
    data = {"version": "1", "outcome": "not_reached", "back": "call_sheet"}
    noted = await desk.post("/review/complaint-18/told", data=data)
    assert noted.headers["location"] == "/replies/call-sheet?done=not_reached"


async def test_the_call_sheet_comes_while_reply_is_unavailable(
    signed_in: SignedIn, standing: dict[str, str], reply: Reachable
) -> None:
    desk = await signed_in("wang.diaodu")
    reply.unavailable = True
    page = await desk.get("/replies/call-sheet")
    assert (page.status_code, "回复服务暂时连不上" in page.text) == (200, True)
    assert 'id="call-complaint-18"' in page.text


async def test_the_menu_leads_there(signed_in: SignedIn) -> None:
    page = (await (await signed_in("zhao.shenhe")).get("/")).text
    assert '<a href="/replies" accesskey="R">' in page
