"""Replies, returns and acceptance (签收) to the city's 12345 hotline."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote

import httpx

from services.reply.rules.platform_profile import PlatformProfile
from services.reply.settings import ReplySettings
from shared.clock import SHANGHAI, Clock
from shared.http import (
    ONCE,
    PlatformRejected,
    PlatformUnavailable,
    RetryPolicy,
    open_client,
    printable_code,
    read_coded,
)
from shared.platform_kit.request_signing import SignedRequests
from shared.send_once import answer_of, send_once

from .channel import OutgoingReply, Receipt, Refused

PROFILE: Final = PlatformProfile(
    name="hotline_12345",
    acknowledges=True,
    can_look=True,
)
PROFILES: Final = (PROFILE,)
_NO_TICKET: Final = "0"


@dataclass(frozen=True, slots=True)
class HotlineSettings:
    """How one county's account answers the city."""

    base_url: str
    app_id: str
    secret: str = field(repr=False)


class HotlineChannel:
    """An AcknowledgingChannel. The platform does not deduplicate replies, so after an ambiguous
    attempt the reply must be looked for. Close it after use.
    """

    profile = PROFILE
    appears_within = timedelta(0)

    def __init__(
        self,
        settings: HotlineSettings,
        clock: Clock,
        *,
        retry_policy: RetryPolicy | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._clock = clock
        self._retry_policy = retry_policy or RetryPolicy()
        self._client = open_client(
            settings.base_url,
            auth=SignedRequests(settings.app_id, settings.secret, clock.now),
            transport=transport,
        )

    async def close(self) -> None:
        await self._client.aclose()

    async def send(self, reply: OutgoingReply) -> Receipt | None:
        """Answer the ticket, or return it. Raises Refused, PlatformUnavailable or Ambiguous."""
        path, body = ("return", _returned(reply)) if reply.returned else ("replies", _reply(reply))
        return self._receipt(await self._post(reply.external_id, path, body), reply)

    async def look(self, reply: OutgoingReply) -> Receipt | None:
        """The receipt listed under this version's requestId. Raises PlatformUnavailable."""
        address = _address(reply.external_id, "replies")
        try:
            answer = await read_coded(
                self._client,
                lambda: self._client.build_request("GET", address),
                self._retry_policy,
                success=0,
            )
        except PlatformRejected as refused:
            if refused.status == httpx.codes.NOT_FOUND:
                return None  # a ticket the platform does not know has no replies
            raise
        listed = answer.get("replies")
        if not isinstance(listed, list):
            raise PlatformUnavailable("the answer lists no replies")
        for entry in listed:
            if isinstance(entry, Mapping) and entry.get("requestId") == reply.request_id:
                return self._receipt(entry, reply)
        return None

    async def probe(self) -> None:
        """Ask for a ticket that does not exist. Raises PlatformUnavailable."""
        address = _address(_NO_TICKET, "replies")
        try:
            await read_coded(
                self._client,
                lambda: self._client.build_request("GET", address),
                ONCE,
                success=0,
            )
        except PlatformRejected as refused:
            if refused.status != httpx.codes.NOT_FOUND:
                raise

    async def acknowledge(self, external_id: str, officer: str, at: datetime) -> None:
        """Accept the ticket (签收). Doing it twice does no harm, so after Ambiguous do it again.

        Raises Refused, PlatformUnavailable or Ambiguous.
        """
        await self._post(
            external_id, "accept", {"acceptTime": _office_time(at), "officer": officer}
        )

    async def _post(
        self, external_id: str, what: str, body: Mapping[str, object]
    ) -> Mapping[str, object]:
        request = self._client.build_request("POST", _address(external_id, what), json=body)
        answer = answer_of(await send_once(self._client, request))
        if answer.get("code") != 0:
            raise Refused(f"code {printable_code(answer.get('code'))}")
        return answer

    def _receipt(self, entry: Mapping[str, object], reply: OutgoingReply) -> Receipt:
        """What the platform says of a reply it has. Where it gives no number or time that can be
        read, our own number and the time we saw it take their place: the reply is there."""
        number = entry.get("receiptNumber")
        return Receipt(
            number=number if isinstance(number, str) and number else reply.request_id,
            received_at=_utc(entry.get("receivedAt")) or self._clock.now(),
        )


def _address(external_id: str, what: str) -> str:
    return f"/api/orders/{quote(external_id, safe='')}/{what}"


def _reply(reply: OutgoingReply) -> dict[str, object]:
    return {
        "requestId": reply.request_id,
        "handleSituation": reply.text,
        "isTrue": True,  # what turned out not to be ours is returned instead
        "contacted": reply.contacted_at is not None,
        "contactTime": _office_time(reply.contacted_at) if reply.contacted_at else "",
        "solved": reply.solved,
        "publicAnswer": reply.text,
        "unsolvedReason": "" if reply.solved else reply.text,
    }


def _returned(reply: OutgoingReply) -> dict[str, object]:
    return {
        "requestId": reply.request_id,
        "reason": reply.text,
        "responsible": reply.responsible,
    }


def _office_time(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def _utc(text: object) -> datetime | None:
    """The moment in UTC of a Shanghai time, or of one that names its own offset."""
    try:
        moment = datetime.fromisoformat(str(text))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=SHANGHAI)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def open_channel(
    settings: ReplySettings, clock: Clock, transport: httpx.AsyncBaseTransport | None
) -> HotlineChannel | None:
    if not settings.hotline_url or settings.hotline_secret is None:
        return None
    account = HotlineSettings(
        settings.hotline_url, settings.hotline_app_id, settings.hotline_secret.get_secret_value()
    )
    return HotlineChannel(account, clock, transport=transport)
