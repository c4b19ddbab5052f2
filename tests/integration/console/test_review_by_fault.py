"""A reviewer approves the drafts of a fault together; the clicks are counted."""

import re
from html.parser import HTMLParser

import httpx

from services.dispatch.console.language import catalogue
from services.dispatch.models import Complaint, ReplyView, WorkOrder
from shared.clock import ManualClock
from shared.db import Database
from tests.integration.console.burst import BURST, burst
from tests.integration.console.conftest import Reachable, SignedIn
from tests.integration.console.county import COUNTY, IDS
from tests.integration.console.stand_ins import Recorded, draft_version

__all__ = ["burst"]  # a fixture


class _Page(HTMLParser):
    """Links, and the boxes that are ticked, as a person meets them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ticked: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "a":
            self.links.append(given.get("href") or "")
        if tag == "input" and given.get("name") == "chosen" and "checked" in given:
            self.ticked.append(given.get("value") or "")


async def _follow(client: httpx.AsyncClient, page: httpx.Response, link: str) -> httpx.Response:
    """A click on a link that is there."""
    assert link in _Page(page.text).links
    return await client.get(link)


async def test_a_burst_is_approved_in_three_clicks_and_one_command(
    signed_in: SignedIn, recorded: Recorded, burst: list[str]
) -> None:
    reviewer = await signed_in("zhao.shenhe")
    board = await reviewer.get("/")
    review = await _follow(reviewer, board, "/review")
    fault = await _follow(reviewer, review, f"/review/fault/{BURST}")
    ticked = _Page(fault.text).ticked
    assert len(ticked) == 23
    assert "共 23 件" in fault.text
    approved = await reviewer.post(f"/review/fault/{BURST}", data={"chosen": ticked})
    assert "已批准 23 件" in approved.text
    assert _Page(approved.text).ticked == []
    ((_, path, body),) = recorded.calls
    assert path == "/replies/approve"
    assert {each["complaint_id"] for each in body["replies"]} == set(burst)


async def test_one_complaint_is_approved_within_six_clicks(
    signed_in: SignedIn, recorded: Recorded
) -> None:
    admin = await signed_in("admin")
    complaint = await admin.get(f"/complaints/{IDS.drafted}")
    review = await _follow(admin, complaint, f"/review/{IDS.drafted}")
    text = re.search(r"<textarea[^>]*>(.*?)</textarea>", review.text, re.DOTALL)
    assert text
    form = {"act": "approve", "version": "1", "text": text[1], "solved": "true"}
    approved = await admin.post(f"/review/{IDS.drafted}", data=form)
    assert approved.headers["location"] == "/review?done=approved"
    assert len(recorded.calls) == 1


async def test_the_line_of_a_fault_counts_its_complaints_by_platform(
    signed_in: SignedIn, burst: list[str]
) -> None:
    reviewer = await signed_in("zhao.shenhe")
    page = (await reviewer.get("/review")).text
    assert page.count(f"/review/fault/{BURST}") == 1
    assert "<strong>23</strong>" in page
    assert catalogue("zh")["platform.message_board"] in page
    assert "26 件，4 处" in page  # and three drafts of three other faults
    filtered = (await reviewer.get("/review?platform=wechat")).text
    assert f"/review/fault/{BURST}?platform=wechat" in filtered
    fault = await reviewer.get(f"/review/fault/{BURST}?platform=wechat")
    assert len(_Page(fault.text).ticked) == 6


async def test_a_version_that_changed_meanwhile_stays_listed_and_says_so(
    signed_in: SignedIn, recorded: Recorded, burst: list[str]
) -> None:
    reviewer = await signed_in("zhao.shenhe")
    fault = await reviewer.get(f"/review/fault/{BURST}")
    changed = {**draft_version(burst[3], 2), "text": "另一种说法。"}
    recorded.drafts[burst[3]].insert(0, changed)
    answer = await reviewer.post(
        f"/review/fault/{BURST}", data={"chosen": _Page(fault.text).ticked[1:]}
    )
    assert "已批准 21 件" in answer.text
    assert "更新的版本" in answer.text
    assert _Page(answer.text).ticked == [f"{burst[0]}:1", f"{burst[3]}:2"]


async def test_what_differs_from_the_first_wording_is_marked(
    signed_in: SignedIn, recorded: Recorded, burst: list[str]
) -> None:
    recorded.drafts[burst[5]] = [
        {
            **draft_version(burst[5], 1),
            "text": draft_version(burst[5], 1)["text"] + "另请节约用水。",
        }
    ]
    page = (await (await signed_in("zhao.shenhe")).get(f"/review/fault/{BURST}")).text
    assert "写法 1：22 件" in page
    assert "写法 2：1 件" in page
    assert "<mark>另请节约用水。</mark>" in page


async def test_what_the_checks_find_is_shown_and_the_serious_is_left_out_unless_confirmed(
    signed_in: SignedIn, recorded: Recorded, burst: list[str]
) -> None:
    number = {"check": "number", "words": "13900001111", "serious": True}
    blame = {"check": "blame", "words": "村民自己", "serious": False}
    recorded.drafts[burst[2]] = [{**draft_version(burst[2], 1), "findings": [number]}]
    recorded.drafts[burst[4]] = [{**draft_version(burst[4], 1), "findings": [blame]}]
    recorded.drafts[burst[6]] = [{**draft_version(burst[6], 1), "kind": "interim"}]
    reviewer = await signed_in("zhao.shenhe")
    fault = await reviewer.get(f"/review/fault/{BURST}")
    assert "2 件的用词需要留意，其中 1 件默认不勾选" in fault.text
    assert "疑似个人号码“13900001111”" in fault.text
    assert "阶段性答复" in fault.text
    ticked = _Page(fault.text).ticked
    assert f"{burst[2]}:1" not in ticked
    assert f"{burst[4]}:1" in ticked
    assert f'name="confirmed" value="{burst[2]}:1"' in fault.text
    form = {"chosen": ticked[:1], "confirmed": [f"{burst[2]}:1"]}
    await reviewer.post(f"/review/fault/{BURST}", data=form)
    ((_, _, body),) = recorded.calls
    assert [each["confirmed"] for each in body["replies"]] == [False, True]


async def test_the_list_is_complete_over_its_pages(
    signed_in: SignedIn, database: Database, clock: ManualClock
) -> None:
    async with database.work() as (session, _):
        for number in range(120):
            work_order = await session.get_one(WorkOrder, "work-order-01")
            first = await session.get_one(Complaint, "complaint-01")
            session.add(
                WorkOrder(**work_order.model_dump() | {"id": f"many-{number:03}", "number": None})
            )
            await session.flush()
            facts = {"id": f"c-many-{number:03}", "work_order_id": f"many-{number:03}"}
            session.add(Complaint(**first.model_dump() | facts))
            view = ReplyView(
                complaint_id=f"c-many-{number:03}",
                county=COUNTY,
                version=1,
                state="draft",
                kind="answer",
                sequences={},
                drafted_at=clock.now(),
            )
            session.add(view)
    reviewer = await signed_in("zhao.shenhe")
    page = await reviewer.get("/review")
    seen: list[str] = []
    pages = 1
    assert "123 件，123 处" in page.text
    while True:
        links = _Page(page.text).links
        seen += [link for link in links if link.startswith("/review/c-many")]
        following = [
            link for link in links if link.startswith("/review?after=") and "lang=" not in link
        ]
        if not following or pages > 9:
            break
        page, pages = await reviewer.get(following[0]), pages + 1
    assert (pages, len(seen), len(set(seen))) == (3, 120, 120)


async def test_without_reply_the_page_says_so(
    signed_in: SignedIn, reply: Reachable, burst: list[str]
) -> None:
    reviewer = await signed_in("zhao.shenhe")
    reply.unavailable = True
    page = await reviewer.get(f"/review/fault/{BURST}")
    assert (page.status_code, "回复服务暂时连不上" in page.text) == (200, True)


async def test_who_may_not_approve_has_no_button(signed_in: SignedIn, burst: list[str]) -> None:
    desk = await signed_in("wang.diaodu")
    page = (await desk.get(f"/review/fault/{BURST}")).text
    assert "批准所选" not in page
    refused = await desk.post(f"/review/fault/{BURST}", data={"chosen": [f"{burst[0]}:1"]})
    assert refused.status_code == 403
