"""How the board's newest-first pages become a cursor that loses nothing."""

import json

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.platforms.incoming import Incoming, Page, Unreadable
from services.intake.platforms.message_board import BoardFeed
from shared.http import PlatformRejected, PlatformUnavailable, RetryPolicy
from shared.platform_kit.message_board import signature
from shared.platform_kit.message_board_reader import BoardAccess

ROWS = 3


class Board:
    """An independent board: tids, newest first, by numbered pages."""

    def __init__(self) -> None:
        self.tids: set[int] = set()
        self.asked: list[dict[str, object]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        assert request.url.raw_path == b"/v2/threads/search?sortType=0"
        assert body["signature"] == signature("/v2/threads/search", body["param"], "code", "t")
        param = json.loads(body["param"])
        self.asked.append(param)
        behind = (param["page"] - 1) * param["rows"]
        listed = sorted(self.tids, reverse=True)[behind : behind + param["rows"]]
        threads = [
            {"tid": tid, "content": f"第{tid}条", "createDateline": 1795396500} for tid in listed
        ]
        return httpx.Response(200, json={"code": "0000", "data": {"data": threads}})


def feed_of(handler: httpx.MockTransport, first_tid: int = 0) -> BoardFeed:
    return BoardFeed(
        BoardAccess("http://board", "code", "t"),
        5050,
        county="610122",
        first_tid=first_tid,
        page_size=ROWS,
        retry_policy=RetryPolicy(attempts=2, first_wait=0),
        transport=handler,
    )


async def page_of(answer: object, cursor: str | None = None) -> Page:
    feed = feed_of(httpx.MockTransport(lambda _: httpx.Response(200, json=answer)))
    try:
        return await feed.fetch(cursor)
    finally:
        await feed.close()


async def read_on(feed: BoardFeed, page: Page | None, arrived: set[str | None]) -> Page:
    page = await feed.fetch(page.next_cursor if page else None)
    arrived |= {one.external_id for one in page.incoming}
    return page


@settings(deadline=None)
@given(
    rounds=st.lists(
        st.tuples(st.integers(0, 8), st.sets(st.integers(1, 48)), st.integers(1, 6)),
        min_size=1,
        max_size=6,
    )
)
async def test_whatever_is_posted_or_deleted_between_whichever_pages_the_rest_arrives(
    rounds: list[tuple[int, set[int], int]],
) -> None:
    board = Board()
    feed = feed_of(httpx.MockTransport(board))
    page, arrived, next_tid = None, set[str | None](), 1
    for posted, deleted, pages in rounds:
        board.tids |= set(range(next_tid, next_tid + posted))
        board.tids -= deleted
        next_tid += posted
        for _ in range(pages):
            page = await read_on(feed, page, arrived)
    for _ in range(2):  # the walk under way, and one more from the top
        page = await read_on(feed, page, arrived)
        while page.has_more:
            page = await read_on(feed, page, arrived)
    await feed.close()
    assert {str(tid) for tid in board.tids} <= arrived


async def test_a_thread_deleted_between_two_pages_costs_no_other() -> None:
    board = Board()
    board.tids = {1, 2, 3, 4, 5, 6, 7}
    feed = feed_of(httpx.MockTransport(board))
    arrived = set[str | None]()
    page = await read_on(feed, None, arrived)
    board.tids.remove(6)  # thread 4 moves up to the page that was read
    while page.has_more:
        page = await read_on(feed, page, arrived)
    await feed.close()
    assert arrived == {"7", "6", "5", "4", "3", "2", "1"}


async def test_once_all_is_known_one_page_is_asked_for() -> None:
    board = Board()
    board.tids = set(range(1, 20))
    feed = feed_of(httpx.MockTransport(board))
    cursor, more = None, True
    while more:
        page = await feed.fetch(cursor)
        cursor, more = page.next_cursor, page.has_more
    board.asked.clear()
    page = await feed.fetch(cursor)
    await feed.close()
    assert (len(board.asked), page.has_more, page.next_cursor) == (1, False, cursor)


async def test_pages_are_asked_for_as_the_board_s_own_web_pages_do() -> None:
    board = Board()
    board.tids = {1, 2, 3, 4}
    feed = feed_of(httpx.MockTransport(board))
    first = await feed.fetch(None)
    await feed.fetch(first.next_cursor)
    await feed.close()
    as_the_browser_does = {
        "position": 0,
        "keywords": "",
        "fid": 5050,
        "domainId": None,
        "typeId": None,
        "timeRange": None,
        "ansChecked": False,
        "stTime": None,
        "sortType": "0",
        "page": 1,
        "rows": ROWS,
    }
    first_page, second_page = as_the_browser_does, as_the_browser_does | {"page": 2}
    assert board.asked == [first_page, second_page, first_page]
    assert list(board.asked[0]) == list(as_the_browser_does)


async def test_threads_from_before_waterdesk_are_left_alone() -> None:
    board = Board()
    board.tids = set(range(1, 20))
    feed = feed_of(httpx.MockTransport(board), first_tid=15)
    first = await feed.fetch(None)
    second = await feed.fetch(first.next_cursor)
    third = await feed.fetch(second.next_cursor)
    await feed.close()
    arrived = [one.external_id for page in (first, second, third) for one in page.incoming]
    assert arrived == ["19", "18", "17", "16"]
    assert not third.has_more


async def test_an_unreadable_thread_does_not_hold_up_the_others() -> None:
    good = {"tid": 7, "content": "没水", "dateline": 1795396500}
    threads = ["?", {"tid": 6}, good, {"content": "无编号"}]
    page = await page_of({"code": "0000", "data": {"data": threads}})
    assert [type(one) for one in page.incoming] == [Unreadable, Unreadable, Incoming, Unreadable]
    assert [one.external_id for one in page.incoming] == [None, "6", "7", None]
    assert len({one.delivery_id for one in page.incoming}) == 4
    assert page.has_more


@pytest.mark.parametrize("threads", [[], [{"content": "无编号"}], ["?"]])
async def test_a_page_without_numbers_ends_the_walk(threads: list[object]) -> None:
    page = await page_of({"code": "0000", "data": {"data": threads}}, "5:9:7:1")
    assert (page.next_cursor, page.has_more) == ("9:0:1:", False)


async def test_a_board_that_does_not_turn_pages_is_not_asked_without_end() -> None:
    threads = [{"tid": 7, "content": "没水", "dateline": 1795396500}]
    answer = {"code": "0000", "data": {"data": threads}}
    first = await page_of(answer, "5:0:1:")
    assert first.has_more
    again = await page_of(answer, first.next_cursor)
    assert (again.next_cursor, again.has_more) == ("5:0:1:", False)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"code": "SN0006", "resultData": None}, PlatformRejected),
        ({"code": "0000"}, PlatformUnavailable),
        ({"code": "0000", "data": {"data": None}}, PlatformUnavailable),
        ([], PlatformUnavailable),
    ],
)
async def test_what_is_no_page(answer: object, error: type[Exception]) -> None:
    with pytest.raises(PlatformUnavailable) as caught:
        await page_of(answer)
    assert type(caught.value) is error
