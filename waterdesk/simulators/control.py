"""Driving the simulators from another process. No sign-in: it listens on 127.0.0.1 only."""

import contextlib
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from .faults import FaultKind
from .simulators import Simulators


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class OrderBody(_Body):
    fields: dict[str, str]
    change_id: str | None = None
    at: AwareDatetime | None = None


class ChaseBody(_Body):
    words: str
    change_id: str | None = None
    at: AwareDatetime | None = None


class ThreadBody(_Body):
    fields: dict[str, Any]
    tid: int | None = None
    at: AwareDatetime | None = None


class SpeakBody(_Body):
    openid: str
    content: str
    message_id: str | None = None
    at: AwareDatetime | None = None


class FaultBody(_Body):
    simulator: Literal["hotline", "board", "wechat"]
    kind: FaultKind
    times: Annotated[int, Field(ge=1, le=10_000)] = 1
    on: str | None = None
    amount: Annotated[int, Field(ge=1)] | None = None


@contextlib.contextmanager
def _said_plainly() -> Iterator[None]:
    """Whoever drives us made a mistake: say which."""
    try:
        yield
    except LookupError as error:
        raise HTTPException(404, f"unknown: {error}") from error
    except ValueError as error:
        raise HTTPException(422, str(error)) from error


def control_router(simulators: Simulators) -> APIRouter:
    """Feed complaints, ask for faults, read the journal, deliver pushes now."""
    router = APIRouter(tags=["control"])
    hotline, board, wechat = simulators.hotline, simulators.board, simulators.wechat
    faults = {"hotline": hotline.faults, "board": board.faults, "wechat": wechat.faults}

    @router.post("/hotline/orders")
    async def add_order(body: OrderBody) -> dict[str, str]:
        with _said_plainly():
            return {"issueNumber": hotline.add_order(body.fields, body.change_id, body.at)}

    @router.post("/hotline/orders/{number}/edit", status_code=204)
    async def edit_order(number: str, body: OrderBody) -> None:
        with _said_plainly():
            hotline.edit_order(number, body.fields, body.change_id, body.at)

    @router.post("/hotline/orders/{number}/chase", status_code=204)
    async def chase_order(number: str, body: ChaseBody) -> None:
        hotline.chase_order(number, body.words, body.change_id, body.at)

    @router.post("/hotline/orders/{number}/close", status_code=204)
    async def close_order(number: str) -> None:
        with _said_plainly():
            hotline.close_order(number)

    @router.post("/board/threads")
    async def post_thread(body: ThreadBody) -> dict[str, int]:
        with _said_plainly():
            return {"tid": board.post_thread(body.fields, body.tid, body.at)}

    @router.post("/board/threads/{tid}/edit", status_code=204)
    async def edit_thread(tid: int, body: ThreadBody) -> None:
        with _said_plainly():
            board.edit_thread(tid, body.fields)

    @router.post("/wechat/messages")
    async def speak(body: SpeakBody) -> dict[str, str]:
        message_id = wechat.speak(body.openid, body.content, body.message_id, body.at)
        return {"messageId": message_id}

    @router.post("/wechat/expire-tokens", status_code=204)
    async def expire_tokens() -> None:
        wechat.tokens.expire_all()

    @router.post("/faults", status_code=204)
    async def add_faults(body: FaultBody) -> None:
        faults[body.simulator].add(body.kind, body.times, body.on, body.amount)

    @router.get("/faults")
    async def waiting_faults() -> dict[str, list[dict[str, Any]]]:
        return {
            name: [
                {"kind": fault.kind, "on": fault.on, "amount": fault.amount}
                for fault in queue.waiting()
            ]
            for name, queue in faults.items()
        }

    @router.delete("/faults", status_code=204)
    async def clear_faults() -> None:
        for queue in faults.values():
            queue.clear()

    @router.post("/deliver")
    async def deliver(everything: bool = False) -> dict[str, int]:
        return {"taken": await simulators.deliver_pushes(everything=everything)}

    @router.get("/journal")
    async def journal(
        simulator: str | None = None, kind: str | None = None, after: int = 0, limit: int = 1000
    ) -> dict[str, Any]:
        found: list[dict[str, Any]] = []
        for entry in simulators.journal.entries(simulator, kind, after):
            if len(found) == limit:
                break
            found.append(entry.as_json())
        return {"entries": found}

    return router
