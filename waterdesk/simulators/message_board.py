"""People's Daily Online's message board: threads to read, and a back office for answers."""

from bisect import insort
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.clock import Clock

from .failure_modes import FailureMode, FailureQueue, Rejected, page_of
from .journal import Entry, Journal
from .settings import SimulatorSettings

NAME = "board"
ROWS = 10
"""Threads on one page of the unsigned list."""
READS_BEFORE_A_LATE_ANSWER = 3

STATES = {"2": "待回复", "3": "办理中", "4": "已办理"}
"""`state` of the unsigned list; 1 is all of them."""
MESSAGE, ANSWER = 1, 4
"""`dataType` in a thread's content."""


@dataclass(slots=True)
class _Answer:
    content: str
    organization: str
    dateline: int
    reads_left: int
    """Reads of the thread left before it appears."""


class MessageBoard:
    """State and operations of the board, for one leader's forum."""

    def __init__(self, settings: SimulatorSettings, journal: Journal, clock: Clock) -> None:
        self.failures = FailureQueue(clock)
        self._settings = settings
        self._journal = journal
        self._clock = clock
        self._threads: dict[int, dict[str, Any]] = {}
        self._oldest_first: list[int] = []
        self._answers: dict[int, list[_Answer]] = {}
        for entry in journal.entries(NAME):
            self._apply(entry)

    # What residents do

    def post_thread(
        self, fields: Mapping[str, Any], tid: int | None = None, at: datetime | None = None
    ) -> int:
        """Post a thread with at least `subject` and `content`; returns its tid.

        An existing tid changes nothing. Raises ValueError for a field threads do not have.
        """
        if tid is None:
            tid = self._oldest_first[-1] + 1 if self._oldest_first else 20_000_001
        if tid not in self._threads:
            seconds = int((at or self._clock.now()).timestamp())
            thread = self._blank(tid, seconds)
            _no_unknown(fields, thread)
            self._record("posted", thread | dict(fields))
        return tid

    def edit_thread(self, tid: int, fields: Mapping[str, Any]) -> None:
        """Change a thread; equal fields change nothing. Raises LookupError, ValueError."""
        thread = self._threads[tid]
        _no_unknown(fields, thread)
        if any(thread[name] != value for name, value in fields.items()):
            self._record("edited", {"tid": tid, "fields": dict(fields)})

    def delete_thread(self, tid: int) -> None:
        """The board takes a thread down; one that is not there changes nothing."""
        if tid in self._threads:
            self._record("deleted", {"tid": tid})

    # What readers call

    def list_page(self, fid: str, state: str, last_item: str) -> dict[str, Any]:
        """The unsigned list: newest first, `last_item` is the last tid seen (0: from the top)."""
        wanted_state = STATES.get(state)
        found = self._newest(
            before=_number(last_item),
            rows=ROWS,
            fits=lambda thread: (
                str(thread["fid"]) == fid and wanted_state in (None, thread["stateInfo"])
            ),
        )
        return {"result": "success", "responseData": page_of(self.failures, "list", found)}

    def search(self, param: Mapping[str, Any]) -> dict[str, Any]:
        """The signed search: newest first; pages by `page`, or by `lastItem` where it is given."""
        rows = _number(param.get("rows", ROWS))
        fid, keywords = param.get("fid"), param.get("keywords") or ""
        last_item = _number(param.get("lastItem"))
        skip = 0 if last_item else max(_number(param.get("page", 1)) - 1, 0) * rows
        found = self._newest(
            before=last_item,
            rows=skip + rows,
            fits=lambda thread: (
                fid in (None, "", thread["fid"], str(thread["fid"]))
                and (keywords in thread["subject"] or keywords in thread["content"])
            ),
        )[skip:]
        found = [thread | {"createDateline": thread["dateline"]} for thread in found]
        return {"code": "0000", "data": {"data": page_of(self.failures, "search", found)}}

    def content(self, tid: object) -> dict[str, Any]:
        """One thread with its answers, newest first, then the message. Raises Rejected."""
        thread = self._threads.get(_number(tid))
        if thread is None:
            raise Rejected({"code": "SN0404", "message": "留言不存在"})
        answers = self._answers.get(thread["tid"], [])
        shown = [
            {
                "dataType": ANSWER,
                "tid": thread["tid"],
                "content": answer.content,
                "organization": answer.organization,
                "dateline": answer.dateline,
            }
            for answer in reversed(answers)
            if answer.reads_left == 0
        ]
        for answer in answers:
            if answer.reads_left:
                answer.reads_left -= 1
                self._show(thread, answer)
        return {
            "code": "0000",
            "resultData": {"contentList": [*shown, {"dataType": MESSAGE, **thread}]},
        }

    # What the back office calls

    def add_answer(self, tid: object, body: Mapping[str, Any]) -> dict[str, Any]:
        """Publish an answer, whether or not it was sent before. Raises Rejected."""
        number = _number(tid)
        if number not in self._threads:
            raise Rejected({"accepted": False, "message": "留言不存在"}, 404)
        late = self.failures.take(FailureMode.LATE, "answer")
        self._record(
            "answered",
            {
                "tid": number,
                "requestId": body["requestId"],
                "organization": body["organization"],
                "content": body["content"],
                "dateline": int(self._clock.now().timestamp()),
                "readsLeft": (late.amount or READS_BEFORE_A_LATE_ANSWER) if late else 0,
            },
        )
        return {"accepted": True}

    # State

    def _newest(
        self, before: int, rows: int, fits: Callable[[dict[str, Any]], bool]
    ) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for tid in reversed(self._oldest_first):
            if len(found) == rows:
                break
            thread = self._threads[tid]
            if (not before or tid < before) and fits(thread):
                found.append(dict(thread))
        return found

    def _blank(self, tid: int, dateline: int) -> dict[str, Any]:
        return {
            "tid": tid,
            "fid": self._settings.board_fid,
            "typeId": 2,
            "domainId": 12,
            "nickName": "网友",
            "subject": "",
            "content": "",
            "dateline": dateline,
            "stateInfo": STATES["2"],
            "processInfo": "",
            "forumName": self._settings.board_forum,
            "typeName": "投诉",
            "domainName": "三农",
            "answerContent": "",
            "answerDateline": None,
            "answerOrganization": "",
            "gradeManner": None,
            "gradeSpeed": None,
            "attachment": [],
            "threadsCheckTime": dateline,
            "from": "pc",
        }

    def _show(self, thread: dict[str, Any], answer: _Answer) -> None:
        """A visible answer changes the thread's entry in lists."""
        if answer.reads_left == 0:
            thread["stateInfo"] = STATES["4"]
            thread["answerContent"] = answer.content
            thread["answerDateline"] = answer.dateline
            thread["answerOrganization"] = answer.organization

    def _record(self, kind: str, data: Mapping[str, Any]) -> None:
        self._apply(self._journal.append(NAME, kind, data))

    def _apply(self, entry: Entry) -> None:
        data = entry.data
        match entry.kind:
            case "posted":
                self._threads[data["tid"]] = dict(data)
                insort(self._oldest_first, data["tid"])
            case "edited":
                self._threads[data["tid"]] |= data["fields"]
            case "deleted":
                del self._threads[data["tid"]]
                self._oldest_first.remove(data["tid"])
            case "answered":
                answer = _Answer(
                    data["content"], data["organization"], data["dateline"], data["readsLeft"]
                )
                self._answers.setdefault(data["tid"], []).append(answer)
                self._show(self._threads[data["tid"]], answer)


def wrong_body() -> Rejected:
    """The board's answer to a wrong signature, key or body, with HTTP 200."""
    return Rejected({"code": "SN0006", "message": "请求参数错误", "resultData": None})


def _number(value: object) -> int:
    """A number with or without quotes; empty is 0. Raises Rejected."""
    try:
        return int(str(value or 0))
    except ValueError as error:
        raise wrong_body() from error


def _no_unknown(fields: Mapping[str, Any], thread: Mapping[str, Any]) -> None:
    if unknown := fields.keys() - thread.keys():
        raise ValueError(f"a thread has no {', '.join(sorted(unknown))}")
