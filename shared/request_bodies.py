"""What a request may send: how much, how slowly, and only text that can be stored."""

import asyncio
import re
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.problems import Problem, Text

_TOO_LARGE = Text("提交的内容太大。", "What was sent is too large.")
_TOO_SLOW = Text(
    "内容没有在限定时间内传完，请重试。", "The body did not arrive in time; try again."
)
_NOT_STORABLE = Text(
    "内容中有不能保存的字符（空字符或不成对的代理项），请删去后再提交。",
    "There is a character that cannot be stored (NUL or a lone surrogate); remove it first.",
)
_CLOSE = {"Connection": "close"}


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """`size` in bytes: forms and messages are a few thousand. `seconds` for the whole body."""

    size: int = 1_000_000
    seconds: float = 10.0


class LimitBodies:
    """ASGI middleware: whoever reads a body gets Problem 413 or 408 where it exceeds the limits.

    It reads nothing itself. A connection whose body was not read to its end is closed.
    """

    def __init__(self, app: ASGIApp, limits: BodyLimits) -> None:
        self.app = app
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = _announced_size(scope)
        complete = announced == 0
        size = 0
        ends_at: float | None = None

        async def bounded() -> Message:
            nonlocal complete, size, ends_at
            if complete:
                return await receive()
            if announced is not None and announced > self.limits.size:
                raise Problem(413, "too_large", _TOO_LARGE, headers=_CLOSE)
            ends_at = ends_at or asyncio.get_running_loop().time() + self.limits.seconds
            try:
                async with asyncio.timeout_at(ends_at):
                    message = await receive()
            except TimeoutError:
                raise Problem(408, "too_slow", _TOO_SLOW, headers=_CLOSE) from None
            if message["type"] == "http.request":
                size += len(message.get("body", b""))
                complete = not message.get("more_body", False)
                if size > self.limits.size:
                    raise Problem(413, "too_large", _TOO_LARGE, headers=_CLOSE)
            return message

        async def closing(message: Message) -> None:
            if message["type"] == "http.response.start" and not complete:
                MutableHeaders(scope=message).update(_CLOSE)
            await send(message)

        await self.app(scope, bounded, closing)


def _announced_size(scope: Scope) -> int | None:
    """Bytes; None where it comes in chunks of no announced size."""
    announced: int | None = 0
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            announced = int(value)
        elif name == b"transfer-encoding":
            return None
    return announced


def refuse_address(request: Request) -> None:
    """Raises Problem 400 for a NUL in path, query, headers or cookies."""
    scope = request.scope
    if (
        "\0" in scope["path"]
        or b"%00" in scope["query_string"]
        or b"\0" in b" ".join([value for _, value in scope["headers"]])
    ):
        raise Problem(400, "text_not_storable", _NOT_STORABLE)


async def refuse_body(request: Request) -> None:
    """Raises Problem 422 for a form or JSON body with a NUL or a lone surrogate; 413 and 408."""
    raw = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if b"\0" in raw or (kind == "application/x-www-form-urlencoded" and b"%00" in raw):
        raise Problem(422, "text_not_storable", _NOT_STORABLE)
    if re.search(rb"\\u|\xed", raw) and kind.startswith("application/") and kind.endswith("json"):
        try:
            value = await request.json()
        except (ValueError, RecursionError):
            return  # FastAPI says what is wrong with it
        if not is_storable(value):
            raise Problem(422, "text_not_storable", _NOT_STORABLE)


def is_storable(value: object) -> bool:
    if isinstance(value, str):
        return "\0" not in value and not re.search("[\ud800-\udfff]", value)
    if isinstance(value, dict):
        return all(is_storable(key) and is_storable(item) for key, item in value.items())
    if isinstance(value, list):
        return all(map(is_storable, value))
    return True
