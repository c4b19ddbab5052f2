"""Reading People's Daily Online's message board: intake reads threads, reply looks for its answers.

Unofficial (see message_board.py). Reading is public and signed; it changes nothing, so it is tried
again after passing faults, but never against the board's firewall, which forgives slowly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

import httpx

from shared.http import PlatformRejected, PlatformUnavailable, RetryPolicy, open_client, read_coded

from .message_board import signed_body

SEARCH = "/v2/threads/search"
CONTENT = "/v1/threads/content"
MESSAGE, ANSWER = 1, 4
"""`dataType` of what a resident wrote, and of what an office answered."""

FIREWALL_PAUSE = timedelta(minutes=15)
_NO_SUCH_THREAD = "SN0404"
"""Our guess: of the board's codes only 0000 (good) and SN0006 (wrong body) are known."""


@dataclass(frozen=True, slots=True)
class BoardAccess:
    """Where the board is, and the key its own web pages sign with."""

    base_url: str
    app_code: str = field(repr=False)
    token: str = field(default="", repr=False)


class BoardReader:
    """Close it after use."""

    def __init__(
        self,
        access: BoardAccess,
        *,
        retry_policy: RetryPolicy | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._access = access
        self._retry_policy = retry_policy or RetryPolicy()
        self._client = open_client(access.base_url, transport=transport)

    async def close(self) -> None:
        await self._client.aclose()

    async def search(self, forum_id: int, page: int, rows: int) -> Sequence[object]:
        """A page of a forum's threads, the newest first; the first page is 1.

        The parameters, and their order, are those of the board's own web pages. Raises
        PlatformUnavailable, or PlatformRejected where the key is wrong.
        """
        param = {
            "position": 0,
            "keywords": "",
            "fid": forum_id,
            "domainId": None,
            "typeId": None,
            "timeRange": None,
            "ansChecked": False,
            "stTime": None,
            "sortType": "0",
            "page": page,
            "rows": rows,
        }
        answer = await self._read(SEARCH, param, query="?sortType=0")
        data = answer.get("data")
        return _list(data.get("data") if isinstance(data, Mapping) else None)

    async def contents(
        self, tid: str, retry_policy: RetryPolicy | None = None
    ) -> Sequence[object] | None:
        """A thread's entries, of which `of_type` picks; None: no such thread (any more).

        Raises PlatformUnavailable, or PlatformRejected where the key is wrong.
        """
        try:
            param = {"tid": int(tid) if tid.isdecimal() else tid}
            answer = await self._read(CONTENT, param, retry_policy=retry_policy)
        except PlatformRejected as refused:
            if refused.code == _NO_SUCH_THREAD:
                return None
            raise
        data = answer.get("resultData")
        return _list(data.get("contentList") if isinstance(data, Mapping) else None)

    async def _read(
        self,
        path: str,
        param: Mapping[str, object],
        query: str = "",
        retry_policy: RetryPolicy | None = None,
    ) -> Mapping[str, object]:
        body = signed_body(path, param, self._access.app_code, self._access.token)
        try:
            return await read_coded(
                self._client,
                lambda: self._client.build_request("POST", path + query, json=body),
                retry_policy or self._retry_policy,
                success="0000",
            )
        except PlatformRejected as refused:
            if refused.status == httpx.codes.FORBIDDEN:
                raise PlatformUnavailable("the board's firewall", FIREWALL_PAUSE) from None
            raise


def of_type(data_type: int, entries: Sequence[object]) -> list[Mapping[str, object]]:
    """The entries of one `dataType` among a thread's contents."""
    return [
        cast(Mapping[str, object], entry)
        for entry in entries
        if isinstance(entry, Mapping) and entry.get("dataType") == data_type
    ]


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise PlatformUnavailable("the answer holds no list")
    return value
