"""The resident's name on WeChat, asked of intake when a reply is sent, and never stored."""

from urllib.parse import quote

import httpx

from shared.auth.permissions import Role
from shared.auth.tokens import Person, issue_token
from shared.clock import Clock
from shared.http import PlatformRejected, PlatformUnavailable, RetryPolicy, open_client, read_json

from .channels.channel import Refused


class ResidentHandles:
    """Intake's `GET /complaints/{id}/handle`; intake records who asked. Close it after use."""

    def __init__(
        self,
        intake_url: str,
        secret: str,
        clock: Clock,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._secret = secret
        self._clock = clock
        self._client = open_client(intake_url, transport=transport)

    async def close(self) -> None:
        await self._client.aclose()

    async def of(self, complaint_id: str, county: str) -> str:
        """Raises PlatformUnavailable where intake does not answer, Refused where it knows none."""
        return await self._read("GET", complaint_id, "handle", county)

    async def phone_of(self, complaint_id: str, county: str) -> str | None:
        """The resident's number, for one message; intake records that it was asked. None: it knows
        none. Raises PlatformUnavailable, or Refused where it knows no such complaint."""
        answer = await self._answer("GET", complaint_id, "resident", county)
        phone = answer.get("phone") if isinstance(answer, dict) else None
        return phone if isinstance(phone, str) and phone else None

    async def asking(self, complaint_id: str, county: str) -> str:
        """The same, and intake takes what they write next for an answer, where it is one."""
        return await self._read("POST", complaint_id, "question", county)

    async def _read(self, method: str, complaint_id: str, what: str, county: str) -> str:
        answer = await self._answer(method, complaint_id, what, county)
        handle = answer.get("handle") if isinstance(answer, dict) else None
        if not isinstance(handle, str):
            raise PlatformUnavailable("intake answered without a handle")
        if not handle:
            raise Refused("intake knows no handle")
        return handle

    async def _answer(self, method: str, complaint_id: str, what: str, county: str) -> object:
        asker = Person("service:reply", Role.ADMIN, county)
        token = issue_token(asker, self._secret, self._clock.now(), audience="service")
        address = f"/complaints/{quote(complaint_id, safe='')}/{what}"
        try:
            return await read_json(
                self._client,
                lambda: self._client.build_request(
                    method, address, headers={"Authorization": f"Bearer {token}"}
                ),
                RetryPolicy(attempts=2),
            )
        except PlatformRejected as refused:
            if refused.status == httpx.codes.NOT_FOUND:
                raise Refused("intake knows no handle") from None
            raise
