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

from .channel import OutgoingReply, Receipt, Refused, TimeAnswer, TimeAsked

PROFILE: Final = PlatformProfile(
    name="hotline_12345",
    acknowledges=True,
    grants_time=True,
    can_look=True,
)
PROFILES: Final = (PROFILE,)
_DECISIONS: Final = {"granted": True, "denied": False}
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
        for entry in await self._listed(reply.external_id, "replies"):
            if entry.get("requestId") == reply.request_id:
                return self._receipt(entry, reply)
        return None

    async def probe(self) -> None:
        """Ask for a ticket that does not exist. Raises PlatformUnavailable."""
        await self._listed(_NO_TICKET, "replies", ONCE)

    async def acknowledge(self, external_id: str, officer: str, at: datetime) -> None:
        """Accept the ticket (签收). Doing it twice does no harm, so after Ambiguous do it again.

        Raises Refused, PlatformUnavailable or Ambiguous.
        """
        await self._post(
            external_id, "accept", {"acceptTime": _office_time(at), "officer": officer}
        )

    async def ask_time(self, asked: TimeAsked) -> None:
        """Ask for an extension. Raises Refused, PlatformUnavailable or Ambiguous."""
        body = {
            "requestId": asked.request_id,
            "requestKind": "extension",
            "timeLimit": _office_time(asked.until),
            "reason": asked.reason,
        }
        await self._post(asked.external_id, "requests", body)

    async def look_time(self, asked: TimeAsked) -> TimeAnswer | None:
        """The answer to this request. Raises PlatformUnavailable."""
        for entry in await self._listed(asked.external_id, "requests"):
            if entry.get("requestId") == asked.request_id:
                granted = _DECISIONS.get(str(entry.get("status")))
                return TimeAnswer(granted, _utc(entry.get("timeLimit")) if granted else None)
        return None

    async def _listed(
        self, external_id: str, what: str, retry_policy: RetryPolicy | None = None
    ) -> list[Mapping[str, object]]:
        """What the platform lists of a ticket; nothing of one that it does not know."""
        address = _address(external_id, what)
        try:
            answer = await read_coded(
                self._client,
                lambda: self._client.build_request("GET", address),
                retry_policy or self._retry_policy,
                success=0,
            )
        except PlatformRejected as refused:
            if refused.status == httpx.codes.NOT_FOUND:
                return []
            raise
        listed = answer.get(what)
        if not isinstance(listed, list):
            raise PlatformUnavailable(f"the answer lists no {what}")
        return [entry for entry in listed if isinstance(entry, Mapping)]

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
        "isTrue": reply.is_true,
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
