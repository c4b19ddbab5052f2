"""What platforms and people send to intake, and the names of its tasks."""

import json

import httpx

from shared.auth.permissions import Role
from shared.platform_kit.request_signing import sign
from tests.integration.intake.conftest import Intake

PULL, READ_BOARD, REREAD_BOARD = "pull_12345", "read_board", "reread_board"
DRY = {"issueSubject": "停水", "issueDesc": "三里镇樊家村三组从昨天停水，一滴水都没有。"}
WEBHOOK, CALLBACK = "/platforms/12345/webhook", "/platforms/wechat/callback"
CALL = {
    "text": "三里镇樊家村三组停水两天了，一滴水都没有",
    "name": "测试乙",
    "phone": "139 0000 0002",
    "address_line": "三里镇樊家村三组5号",
}


def add_tickets(intake: Intake, how_many: int) -> list[str]:
    return [intake.simulators.hotline.add_ticket(DRY) for _ in range(how_many)]


async def push(
    intake: Intake, body: bytes, secret: str = "simulated-hotline-secret", path: str = WEBHOOK
) -> httpx.Response:
    headers = sign("waterdesk", secret, "POST", path, body, intake.clock.now(), "nonce")
    return await intake.client.post(path, content=body, headers=headers)


def ticket_body(number: int, text: str = DRY["issueDesc"]) -> bytes:
    named = {"issueNumber": f"XA-{number}", "changeId": f"c-{number}", "issueDesc": text}
    return json.dumps(
        {"issueTime": "2026-10-12 09:00:00", "changeType": "new"} | named, ensure_ascii=False
    ).encode()


async def enter(intake: Intake, **changes: object) -> httpx.Response:
    return await intake.client.post("/complaints", json=CALL | changes, headers=intake.signed_in())


async def get(
    intake: Intake, path: str, role: Role = Role.DISPATCHER, **who: str
) -> httpx.Response:
    return await intake.client.get(path, headers=intake.signed_in(role, **who))
