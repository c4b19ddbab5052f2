"""Intake and reply, asked over HTTP in the name of the person at the browser."""

from collections.abc import Mapping
from typing import Any

import httpx
from fastapi import Request

from services.dispatch.console.language import both, language_of_reader
from shared.auth.tokens import issue_token
from shared.health import LIVE
from shared.http import PlatformUnavailable, RetryPolicy, exchange, open_client, retrying_reads
from shared.problems import Problem, Text

_RETRY_POLICY = RetryPolicy(attempts=2, first_wait=0.1, longest_wait=0.3)
"""A person waits at the other end."""
_SILENCE_SECONDS = 4.0


class ServiceClient:
    """One of the other services. A read is tried twice, a change is sent once."""

    def __init__(
        self,
        name: str,
        base_url: str,
        secret: str,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.name = name
        self._secret = secret
        self._client = open_client(base_url, silence_seconds=_SILENCE_SECONDS, transport=transport)

    async def read(
        self, request: Request, path: str, *, opens: str | None = None, **query: str | int
    ) -> Any:
        """The JSON answer; None while the service is unavailable: the page comes without what it
        knows. `opens`: the complaint whose words or resident the person may see; a crew's token
        opens no other. Raises Problem where the service refuses (404, 403).
        """
        return await self._read(request, "GET", path, opens, params=query)

    async def search(self, request: Request, path: str, body: Mapping[str, object]) -> Any:
        """A read whose question is too private for an address. Raises as `read` does."""
        return await self._read(request, "POST", path, json=body)

    async def _read(self, *call: Any, **rest: Any) -> Any:
        async def attempt() -> httpx.Response:
            return await self._send(*call, **rest)

        try:
            return _json(await retrying_reads(_RETRY_POLICY)(attempt))
        except PlatformUnavailable:
            return None

    async def change(
        self,
        request: Request,
        method: str,
        path: str,
        body: Mapping[str, object],
        *,
        timeout: float = _SILENCE_SECONDS,
    ) -> Any:
        """The JSON answer, or None. Raises Problem: the service's own refusal, 503 where it is
        unavailable. `timeout`: seconds without an answer."""
        try:
            return _json(await self._send(request, method, path, json=body, timeout=timeout))
        except PlatformUnavailable:
            text = both(f"unavailable.not_saved_{self.name}")
            raise Problem(503, f"{self.name}_unavailable", text) from None

    async def is_available(self, request: Request) -> bool:
        """For pages whose form it takes: better to say so before somebody types."""
        try:
            await self._send(request, "GET", LIVE, timeout=1.0)
        except PlatformUnavailable:
            return False
        return True

    async def close(self) -> None:
        await self._client.aclose()

    async def _send(
        self, request: Request, method: str, path: str, opens: str | None = None, **rest: Any
    ) -> httpx.Response:
        person, now = request.state.person, request.app.state.database.clock.now()
        if opens is not None:
            person = person.opening(opens)
        token = issue_token(person, self._secret, now, audience="service")
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept-Language": language_of_reader(request),
        }
        try:
            response = await exchange(
                self._client, self._client.build_request(method, path, headers=headers, **rest)
            )
        except httpx.HTTPError as error:
            raise PlatformUnavailable(type(error).__name__) from None
        if response.status_code >= 500:
            raise PlatformUnavailable(f"HTTP {response.status_code}")
        return response


def _json(response: httpx.Response) -> Any:
    """The JSON of an answer. Raises Problem where the service refuses."""
    if response.is_success:
        return response.json() if response.content else None
    try:
        problem = response.json()
        sentence = " ".join([str(problem["title"]), *_of_fields(problem)])
        text = Text(sentence, sentence)
    except (ValueError, KeyError, TypeError):
        text = both("error.refused_elsewhere")
    raise Problem(response.status_code, "refused", text)


def _of_fields(problem: dict[str, Any]) -> list[str]:
    """What is wrong with each field, where the service says it in sentences rather than codes."""
    if str(problem.get("type")).endswith(":invalid_request"):
        return []
    return [str(each["why"]) for each in problem.get("errors", ())]


def client_of(request: Request, service: str) -> ServiceClient:
    """Of intake, reply, or dispatch itself, for what is asked of all three alike."""
    clients: Mapping[str, ServiceClient] = request.app.state.clients
    return clients[service]


def intake_of(request: Request) -> ServiceClient:
    return client_of(request, "intake")


def reply_of(request: Request) -> ServiceClient:
    return client_of(request, "reply")
