"""People's Daily Online's message board for leaders (人民网领导留言板): threads to Incoming.

The board publishes no interface and changes with redesigns, so addresses and keys are settings.
It shows no phone numbers.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import httpx
import structlog

from shared.http import RetryPolicy
from shared.platform_kit.message_board_reader import MESSAGE, BoardAccess, BoardReader, of_type

from .fields import (
    MAX_NUMBER,
    MAX_TITLE,
    encoded,
    first_sentence,
    mapping,
    number_of,
    optional_text,
    required_text,
    unix_time,
)
from .incoming import Incoming, Kind, MalformedMessage, Page, Platform, Resident, Unreadable

log = structlog.get_logger()

_GRADES = ("gradeManner", "gradeSpeed")
"""What the resident thinks of the answer's manner and speed, 1 to 5."""
_LONGEST_GRADE = 10
_CONTENT_FROM = "3"
"""Our own default: the board does not say which grades are a good word."""


def parse_thread(thread: object, raw: bytes, county: str) -> Incoming:
    """One thread as it stands now. The board names no deliveries: what the resident wrote does,
    so a thread read again is the same delivery until its words or grades change. Its time is
    `createDateline` where it was searched for, `dateline` where it was opened. Raises
    MalformedMessage.
    """
    message = mapping(thread, "the thread")
    tid = required_text(message, "tid", MAX_NUMBER - 2 * _LONGEST_GRADE - 36)
    subject = optional_text(message, "subject")
    content = optional_text(message, "content")
    text = content or subject
    if text is None:
        raise MalformedMessage("subject and content are both missing")
    title = subject[:MAX_TITLE] if subject else first_sentence(text)
    words = hashlib.sha256(f"{subject}\n{content}".encode()).hexdigest()[:32]
    grades = [optional_text(message, name, _LONGEST_GRADE) for name in _GRADES]
    given = [grade for grade in grades if grade and grade in "12345"]
    return Incoming(
        platform=Platform.MESSAGE_BOARD,
        external_id=tid,
        delivery_id=f"{tid}:{words}" + (f":{'-'.join(given)}" if given else ""),
        kind=Kind.COMPLAINT,
        county=county,
        title=title,
        text=text,
        sent_at=unix_time(
            message, "createDateline" if message.get("createDateline") else "dateline"
        ),
        raw=raw,
        satisfied=all(grade >= _CONTENT_FROM for grade in given) if given else None,
        resident=Resident(name=optional_text(message, "nickName", MAX_NUMBER)),
    )


def read_thread(thread: object, county: str) -> Incoming | Unreadable:
    """One thread of a page."""
    raw = encoded(thread)
    try:
        return parse_thread(thread, raw, county)
    except MalformedMessage as error:
        return Unreadable(raw, str(error), number_of(thread, "tid"))


@dataclass(frozen=True, slots=True)
class _Walk:
    """How far the reading has come. The board lists the newest first, by numbered pages, so what is
    new is read from the first page down to what is known. A thread posted meanwhile moves the
    others down: some are read twice. One deleted meanwhile moves them up: see `_moved_up`."""

    known: int
    """The newest tid of the last finished walk."""
    newest: int = 0
    """The newest tid of this walk."""
    page: int = 1
    """Which page to ask for."""
    page_before: frozenset[int] = frozenset()
    """The tids that were read from the page before."""

    @staticmethod
    def at(cursor: str) -> "_Walk":
        known, newest, page, tids = cursor.split(":")
        return _Walk(
            int(known), int(newest), int(page), frozenset(map(int, filter(None, tids.split(","))))
        )

    def __str__(self) -> str:
        tids = ",".join(map(str, sorted(self.page_before)))
        return f"{self.known}:{self.newest}:{self.page}:{tids}"


class BoardFeed:
    """One forum of the board, pulled. A PulledSource; close it after use.

    `forum_id`: `fid` of the leader's forum. Threads up to `first_tid` are from before Waterdesk;
    0: all since the board began.
    """

    def __init__(
        self,
        access: BoardAccess,
        forum_id: int,
        *,
        county: str,
        first_tid: int = 0,
        page_size: int = 20,
        retry_policy: RetryPolicy | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._forum_id = forum_id
        self._county = county
        self._first_tid = first_tid
        self._page_size = page_size
        self._reader = BoardReader(access, retry_policy=retry_policy, transport=transport)

    async def close(self) -> None:
        await self._reader.close()

    async def fetch(self, cursor: str | None) -> Page:
        """One page of a walk. It ends with a whole page of known threads, not with the first known
        one: a thread that was held back for review appears below younger ones.

        Raises PlatformUnavailable.
        """
        walk = _Walk.at(cursor) if cursor else _Walk(known=self._first_tid)
        threads = await self._search(walk.page)
        tids = _tids(threads)
        newest = max([walk.newest, walk.known, *tids])
        after = _Walk(known=newest)
        if tids and max(tids) > walk.known:
            after = _Walk(walk.known, newest, walk.page + 1, tids)
            if tids == walk.page_before:
                log.error("board_repeats_a_page", platform=Platform.MESSAGE_BOARD)
                after = _Walk(walk.known)  # otherwise this would never end: begin anew next time
        if walk.page_before.isdisjoint(tids):
            threads = [*threads, *await self._moved_up(walk)]
        return Page(
            incoming=[
                read_thread(thread, self._county)
                for thread in threads
                if not (tid := _tid(thread)) or tid > self._first_tid
            ],
            next_cursor=str(after),
            has_more=after.page > 1,
        )

    async def _moved_up(self, walk: _Walk) -> list[object]:
        """What is new on the pages above, up to one that holds a thread of the page read before: a
        thread deleted between two requests moves the later ones up, onto pages already read."""
        threads: list[object] = []
        for page in range(walk.page - 1, 0, -1):
            above = await self._search(page)
            threads += (one for one in above if _tid(one) not in walk.page_before)
            if not walk.page_before.isdisjoint(_tids(above)):
                break
        return threads

    async def _search(self, page: int) -> Sequence[object]:
        return await self._reader.search(self._forum_id, page, self._page_size)

    async def reread(self, tids: Sequence[str]) -> list[Incoming | Unreadable]:
        """These threads as they stand now, for edits; those that are gone are left out.

        Raises PlatformUnavailable.
        """
        read: list[Incoming | Unreadable] = []
        for tid in tids:
            entries = of_type(MESSAGE, await self._reader.contents(tid) or [])
            read.extend(read_thread({"tid": tid, **entry}, self._county) for entry in entries[:1])
        return read


def _tid(thread: object) -> int | None:
    number = number_of(thread, "tid")
    return int(number) if number and number.isascii() and number.isdigit() else None


def _tids(threads: Sequence[object]) -> frozenset[int]:
    return frozenset(tid for thread in threads if (tid := _tid(thread)))
