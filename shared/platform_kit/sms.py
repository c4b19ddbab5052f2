"""Sends text messages by a provider that a file describes, and asks what became of them."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx

from shared.clock import Clock
from shared.http import (
    ONCE,
    PlatformUnavailable,
    open_client,
    printable_code,
    read_json,
)
from shared.platform_kit.sms_provider import (
    PLACEHOLDER,
    BasicAuth,
    HeaderAuth,
    HmacAuth,
    SmsProvider,
    value_at,
)
from shared.send_once import Ambiguous, Refused, answer_of, send_once

_BUSY = "HTTP 503"


class Sms:
    """Close it after use. `secret`: what the provider's `auth` uses."""

    def __init__(
        self,
        provider: SmsProvider,
        secret: str,
        clock: Clock,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._provider = provider
        self._secret = secret
        self._clock = clock
        self._client = open_client("", transport=transport)

    async def close(self) -> None:
        await self._client.aclose()

    async def send(self, message_id: str, phone: str, text: str) -> str | None:
        """Send one text; returns the provider's id of it, where it gives one.

        Raises PlatformUnavailable, Refused or Ambiguous. A 503 is taken at its word where nobody
        can be asked afterwards.
        """
        provider = self._provider
        values = {"phone": phone, "text": self.cut(text), "id": message_id}
        request = self._request(provider.method, provider.url, provider.body, values)
        try:
            answer = answer_of(await send_once(self._client, request))
        except Ambiguous as error:
            if str(error) == _BUSY and not self.can_find_out:
                raise PlatformUnavailable(_BUSY) from None
            raise
        if provider.success.holds(answer):
            number = value_at(answer, provider.number) if provider.number else None
            return str(number) if isinstance(number, str | int) else None
        if provider.busy is not None and provider.busy.holds(answer):
            raise PlatformUnavailable("busy")
        raise Refused(printable_code(value_at(answer, provider.success.path)))

    async def has(self, message_id: str) -> bool:
        """Whether the provider has the message. Raises PlatformUnavailable where it says neither,
        or nothing."""
        status = self._provider.status
        assert status is not None
        values = {"id": message_id}
        answer = await read_json(
            self._client,
            lambda: self._request(status.method, status.url, status.body or {}, values),
            ONCE,
        )
        if status.has_it.holds(answer):
            return True
        if status.has_it_not.holds(answer):
            return False
        raise PlatformUnavailable("the status is none that the description knows")

    @property
    def can_find_out(self) -> bool:
        """Whether a message that may have arrived can be asked for, or sent again harmlessly."""
        return self._provider.status is not None or self._provider.repeats_dropped_for_seconds > 0

    @property
    def appears_within(self) -> timedelta | None:
        """None: the provider cannot be asked."""
        status = self._provider.status
        return timedelta(seconds=status.appears_within_seconds) if status else None

    @property
    def repeats_dropped_for(self) -> timedelta:
        return timedelta(seconds=self._provider.repeats_dropped_for_seconds)

    def cut(self, text: str) -> str:
        """What is too long ends with an ellipsis."""
        longest = self._provider.longest
        return text if len(text) <= longest else text[: longest - 1] + "…"

    def _request(
        self, method: str, url: str, body: Mapping[str, Any], values: Mapping[str, str]
    ) -> httpx.Request:
        provider = self._provider
        now = str(int(self._clock.now().timestamp()))
        values = {**values, "timestamp": now}
        content = _filled(dict(body), values) if method != "GET" or body else None
        as_json = provider.format == "json"
        request = self._client.build_request(
            method,
            _in_url(url, values),
            headers={name: _fill(text, values) for name, text in provider.headers.items()},
            content=json.dumps(content, ensure_ascii=False).encode()
            if content is not None and as_json
            else None,
            data=content if content is not None and not as_json else None,
        )
        if content is not None and as_json:
            request.headers["Content-Type"] = "application/json"
        self._authorize(request, now)
        return request

    def _authorize(self, request: httpx.Request, now: str) -> None:
        match self._provider.auth:
            case HeaderAuth() as auth:
                request.headers[auth.name] = auth.value.replace("{secret}", self._secret)
            case BasicAuth() as auth:
                pair = f"{auth.user}:{self._secret}".encode()
                request.headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
            case HmacAuth() as auth:
                over = auth.over.replace("{timestamp}", now).encode()
                over = over.replace(b"{body}", request.content)
                digest = hmac.new(self._secret.encode(), over, getattr(hashlib, auth.algorithm))
                request.headers[auth.header] = (
                    digest.hexdigest()
                    if auth.encoding == "hex"
                    else base64.b64encode(digest.digest()).decode()
                )
                if auth.timestamp_header:
                    request.headers[auth.timestamp_header] = now


def _fill(text: str, values: Mapping[str, str]) -> str:
    """In one pass: what is put in is not looked at again."""
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def _in_url(url: str, values: Mapping[str, str]) -> str:
    return _fill(url, {name: quote(value, safe="") for name, value in values.items()})


def _filled(content: Any, values: Mapping[str, str]) -> Any:
    match content:
        case str():
            return _fill(content, values)
        case dict():
            return {name: _filled(each, values) for name, each in content.items()}
        case list():
            return [_filled(each, values) for each in content]
    return content
