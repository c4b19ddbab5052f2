"""HTTP control of the simulators from another process. No sign-in: 127.0.0.1 only."""

import contextlib
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from .failure_modes import FailureMode
from .simulators import Simulators


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TicketBody(_Body):
    fields: dict[str, str]
    change_id: str | None = None
    at: AwareDatetime | None = None


class ChaseBody(_Body):
    words: str
    change_id: str | None = None
    at: AwareDatetime | None = None


class ReworkBody(_Body):
    change_id: str | None = None
    at: AwareDatetime | None = None


class EvaluationBody(ReworkBody):
    satisfied: bool


class DecisionBody(_Body):
    granted: bool
    until: str | None = None


class ThreadBody(_Body):
    fields: dict[str, Any]
    tid: int | None = None
    at: AwareDatetime | None = None


class MessageBody(_Body):
    openid: str
    content: str
    message_id: str | None = None
    at: AwareDatetime | None = None


class PressBody(_Body):
    task_id: str
    key: str


class FailureBody(_Body):
    simulator: Literal["hotline", "board", "wechat", "wecom", "sms"]
    kind: FailureMode
    times: Annotated[int, Field(ge=1, le=10_000)] = 1
    on: str | None = None
    amount: Annotated[int, Field(ge=1)] | None = None


@contextlib.contextmanager
def _driver_errors() -> Iterator[None]:
    """Turn a mistake of the caller into 404 or 422."""
    try:
        yield
    except LookupError as error:
        raise HTTPException(404, f"unknown: {error}") from error
    except ValueError as error:
        raise HTTPException(422, str(error)) from error


def control_router(simulators: Simulators) -> APIRouter:
    """Feed complaints, inject failures, read the journal, deliver pushes now."""
    router = APIRouter(tags=["control"])
    hotline, board, wechat = simulators.hotline, simulators.board, simulators.wechat
    wecom = simulators.wecom
    failures = {
        "hotline": hotline.failures,
        "board": board.failures,
        "wechat": wechat.failures,
        "wecom": wecom.failures,
        "sms": simulators.sms.failures,
    }

    @router.post("/hotline/tickets")
    async def add_ticket(body: TicketBody) -> dict[str, str]:
        with _driver_errors():
            return {"issueNumber": hotline.add_ticket(body.fields, body.change_id, body.at)}

    @router.post("/hotline/tickets/{number}/edit", status_code=204)
    async def edit_ticket(number: str, body: TicketBody) -> None:
        with _driver_errors():
            hotline.edit_ticket(number, body.fields, body.change_id, body.at)

    @router.post("/hotline/tickets/{number}/chase", status_code=204)
    async def chase_ticket(number: str, body: ChaseBody) -> None:
        hotline.chase_ticket(number, body.words, body.change_id, body.at)

    @router.post("/hotline/tickets/{number}/evaluate", status_code=204)
    async def evaluate_ticket(number: str, body: EvaluationBody) -> None:
        with _driver_errors():
            hotline.evaluate_ticket(
                number, satisfied=body.satisfied, change_id=body.change_id, at=body.at
            )

    @router.post("/hotline/tickets/{number}/rework", status_code=204)
    async def rework_ticket(number: str, body: ReworkBody) -> None:
        with _driver_errors():
            hotline.rework_ticket(number, body.change_id, body.at)

    @router.post("/hotline/tickets/{number}/decide-extension", status_code=204)
    async def decide_extension(number: str, body: DecisionBody) -> None:
        with _driver_errors():
            hotline.decide_extension(number, granted=body.granted, until=body.until)

    @router.post("/hotline/tickets/{number}/close", status_code=204)
    async def close_ticket(number: str) -> None:
        with _driver_errors():
            hotline.close_ticket(number)

    @router.post("/board/threads")
    async def post_thread(body: ThreadBody) -> dict[str, int]:
        with _driver_errors():
            return {"tid": board.post_thread(body.fields, body.tid, body.at)}

    @router.post("/board/threads/{tid}/edit", status_code=204)
    async def edit_thread(tid: int, body: ThreadBody) -> None:
        with _driver_errors():
            board.edit_thread(tid, body.fields)

    @router.post("/wechat/messages")
    async def write_message(body: MessageBody) -> dict[str, str]:
        message_id = wechat.write_message(body.openid, body.content, body.message_id, body.at)
        return {"messageId": message_id}

    @router.post("/wechat/expire-tokens", status_code=204)
    async def expire_tokens() -> None:
        wechat.tokens.expire_all()

    @router.post("/wecom/expire-token", status_code=204)
    async def expire_wecom_token() -> None:
        wecom.expire_token()

    @router.post("/wecom/presses")
    async def press(body: PressBody) -> dict[str, str]:
        with _driver_errors():
            return {"responseCode": wecom.press(body.task_id, body.key)}

    @router.post("/failures", status_code=204)
    async def add_failures(body: FailureBody) -> None:
        failures[body.simulator].add(body.kind, body.times, body.on, body.amount)

    @router.get("/failures")
    async def waiting_failures() -> dict[str, list[dict[str, Any]]]:
        return {
            name: [
                {"kind": failure.kind, "on": failure.on, "amount": failure.amount}
                for failure in queue.waiting()
            ]
            for name, queue in failures.items()
        }

    @router.delete("/failures", status_code=204)
    async def clear_failures() -> None:
        for queue in failures.values():
            queue.clear()

    @router.post("/deliver")
    async def deliver(everything: bool = False) -> dict[str, int]:
        return {"accepted": await simulators.deliver_pushes(everything=everything)}

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
