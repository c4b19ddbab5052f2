"""Intake and reply as the console meets them: tiny apps that follow their HTTP APIs."""

from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from services.reply.rules.drafting import ROOM_FOR_RESPONSIBLE
from tests.integration.console.rulebook_stand_in import add_rulebook

LETTER = (
    "我们村三组从前天早上开始一滴水都没有，打电话问村上说是水泵坏了，到现在没人修。"
    "家里有老人和小孩，吃水都要到邻村去拉，请尽快处理。"
)
DRAFT = "您好！您反映的停水问题，经现场核查为水泵故障，已更换水泵并恢复供水。感谢您的监督。"
WITHOUT_REPLY, ANSWERED = "complaint-20", "complaint-14"
NAME, PHONE, ADDRESS = "测试居民", "13800000000", "三组 12 号"


@dataclass
class Recorded:
    """What the console asked of a service."""

    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    drafts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    platforms: list[dict[str, Any]] = field(default_factory=list)
    """What reply knows of them."""
    erased: list[str] = field(default_factory=list)
    unverified: bool = False
    """Whether reply says so of the policy of its deadlines."""


def _problem(status: int, title: str, **members: Any) -> JSONResponse:
    return JSONResponse(
        {"type": "urn:waterdesk:problem:test", "title": title, "status": status, **members},
        status,
        media_type="application/problem+json",
    )


def intake_stand_in(recorded: Recorded) -> FastAPI:
    app = FastAPI()

    @app.get("/bus/parked")
    async def parked() -> dict[str, Any]:
        return {"service": "intake", "keys": [], "next": None}

    @app.get("/livez")
    async def live() -> dict[str, str]:
        return {"status": "live"}

    @app.get("/complaints/{complaint_id}/words")
    async def words(complaint_id: str) -> dict[str, Any]:
        return {
            "complaint_id": complaint_id,
            "title": "三组停水两天",
            "text": LETTER,
            "edits": [],
            "chases": 0,
            "chase_words": [],
            "answers": [],
            "reasons": [],
            "erased_at": "2026-10-12T01:00:00Z" if complaint_id in recorded.erased else None,
        }

    @app.get("/complaints/{complaint_id}/resident")
    async def resident(complaint_id: str, request: Request) -> dict[str, str]:
        recorded.people.append(request.headers["authorization"])
        recorded.calls.append(("GET", request.url.path, None))
        return {"name": NAME, "phone": PHONE, "address_line": ADDRESS}

    @app.post("/complaints", status_code=201)
    async def enter(request: Request) -> Any:
        body = await request.json()
        if not body["text"]:
            return _problem(422, "请写下居民反映的内容。")
        if body["phone"] == "abc":
            wrong = [{"field": "phone", "why": "电话应为 11 位手机号。"}]
            return _problem(422, "请更正下列各项。", errors=wrong)
        recorded.calls.append(("POST", "/complaints", body))
        return {"complaint_id": "complaint-entered", "result": "received"}

    @app.post("/complaints/{complaint_id}/decision")
    async def decide(complaint_id: str, request: Request) -> Any:
        body = await request.json()
        if body["category"] == "outage" and not body["village_code"]:
            return _problem(422, "这类诉求需要派人到场，请选择村。")
        recorded.calls.append(("POST", request.url.path, body))
        return JSONResponse(None, 200)

    @app.post("/erasures")
    async def erase(request: Request) -> dict[str, int]:
        body = await request.json()
        recorded.calls.append(("POST", "/erasures", body))
        recorded.erased.append(body["complaint_id"])
        return {"complaints": 1}

    @app.post("/disclosures/search")
    async def disclosures(request: Request) -> dict[str, Any]:
        body = await request.json()
        recorded.calls.append(("POST", "/disclosures/search", body))
        if "before" in body:
            return {"disclosures": [], "next": None}
        look = {
            "id": "d-1",
            "disclosed_id": "complaint-03",
            "disclosed_to": "li.weixiu",
            "role": "crew",
            "disclosed_at": "2026-10-12T01:00:00Z",
        }
        unreadable = {**look, "id": "d-0", "disclosed_id": "raw-1", "disclosed_to": "wang.diaodu"}
        return {"disclosures": [look, unreadable], "next": "d-0"}

    @app.get("/waiting")
    async def waiting() -> dict[str, Any]:
        message = {
            "raw_id": "raw-1",
            "platform": "hotline_12345",
            "external_id": None,
            "received_at": "2026-10-12T01:00:00Z",
            "why": "issueTime",
        }
        return {
            "complaints": [],
            "complaints_in_all": 0,
            "unreadable": [message],
            "unreadable_in_all": 1,
        }

    @app.get("/unreadable/{raw_id}")
    async def unreadable(raw_id: str) -> dict[str, str]:
        return {"body": '{"issueTime": "昨天"}'}

    @app.post("/unreadable/{raw_id}/handled")
    async def handled(raw_id: str, request: Request) -> JSONResponse:
        recorded.calls.append(("POST", request.url.path, None))
        return JSONResponse(None, 200)

    @app.get("/villages")
    async def villages(q: str = "") -> list[dict[str, str]]:
        known = [
            ("610122103201", "樊家村", "三里镇"),
            ("610122105209", "樊家村", "孟村镇"),
            ("610122104201", "鲍旗寨村", "焦岱镇"),
        ]
        return [
            {"code": code, "village": village, "town": town}
            for code, village, town in known
            if q in town + village
        ]

    return app


def parked_stand_in(app: FastAPI, service: str, recorded: Recorded) -> None:
    """Of shared.bus.parked_api: 21 keys, some of another cause."""

    @app.get("/bus/parked")
    async def parked(
        cause: str = "", after: str = "", key: str = "", limit: int = 100
    ) -> dict[str, Any]:
        rows = [
            {
                "key": f"c-{number:02}",
                "topic": "waterdesk.complaints",
                "event_type": "cn.waterdesk.complaint.chased.v1",
                "cause": "TooLate: 2206" if number % 2 else "UnknownComplaint",
                "waits_for": f"c-{number:02}" if number == 2 else None,
                "attempts": 3,
                "events": 2,
                "parked_at": "2026-10-12T01:00:00Z",
                "seen_at": None,
            }
            for number in range(1, 43)
        ]
        found = [
            row
            for row in rows
            if str(row["cause"]).startswith(cause)
            and str(row["key"]) > after
            and key in ("", row["key"])
        ]
        more = found[limit - 1]["key"] if len(found) > limit else None
        return {"service": service, "keys": found[:limit], "next": more}

    @app.post("/bus/parked/{action}")
    async def change(action: str, request: Request) -> Any:
        body = await request.json()
        recorded.calls.append(("POST", request.url.path, body))
        if action == "seen":
            return JSONResponse(None, 200)
        more = "c-20" if action == "release-by-cause" else None
        return {"released": 2, "still_parked": [], "next": more}


def reply_stand_in(recorded: Recorded) -> FastAPI:
    app = FastAPI()
    parked_stand_in(app, "reply", recorded)
    add_rulebook(app)

    @app.get("/call-backs/{complaint_id}")
    async def call_backs(complaint_id: str) -> list[dict[str, Any]]:
        return [{"version": 1, "note": "水压还是小"}]

    @app.post("/call-backs/{complaint_id}/outcome")
    async def outcome(complaint_id: str, request: Request) -> JSONResponse:
        recorded.calls.append(("POST", request.url.path, await request.json()))
        return JSONResponse(None, 200)

    def versions(complaint_id: str) -> list[dict[str, Any]]:
        first = [] if complaint_id == WITHOUT_REPLY else [draft_version(complaint_id, 1)]
        return recorded.drafts.setdefault(complaint_id, first)

    @app.get("/deadlines")
    async def deadlines(complaint_id: str) -> list[dict[str, Any]]:
        open_one = {
            "stage": "resolve",
            "due_at": "2099-01-01T00:00:00Z",
            "met_at": None,
            "provisional": False,
            "standing": "open",
            "extensions_granted": 0,
            "extensions_allowed": 1,
            "extension_asked_until": None,
            "round": 1,
            "round_why": None,
            "source": "ordinary",
            "unverified": recorded.unverified,
            "paused_since": None,
            "paused_for": None,
            "can_be_paused": True,
            "words": {
                "zh": "5 个工作日中已用 3 个，周三 17:30 到期",
                "en": "3 of 5 working days used, due Wed 17:30",
            },
            "holidays": [{"zh": "跨国庆假期 8 天", "en": "across National Day, 8 days"}],
            "moves": [],
        }
        asked = {"stage": "reply", "extension_asked_until": "2099-02-01T00:00:00Z"}
        return [open_one, open_one | asked]

    @app.get("/replies")
    async def replies(state: str = "draft") -> list[dict[str, Any]]:
        if state != "approved":
            return []
        return [draft_version("complaint-07", 1) | {"platform": "phone", "by_hand": True}]

    @app.get("/platforms")
    async def platforms() -> list[dict[str, Any]]:
        return recorded.platforms

    template_stand_in(app, recorded)
    release_rule_stand_in(app, recorded)

    @app.post("/replies/drafts")
    async def drafts(request: Request) -> list[dict[str, Any]]:
        body = await request.json()
        newest = [versions(each)[0] for each in body["complaint_ids"]]
        wanted = body.get("state", "draft")
        return [{**each, "wording": each["text"]} for each in newest if each["state"] == wanted]

    @app.post("/replies/approve")
    async def approve_many(request: Request) -> list[dict[str, Any]]:
        body = await request.json()
        recorded.calls.append(("POST", "/replies/approve", body))
        outcomes = []
        for one in body["replies"]:
            newest = versions(one["complaint_id"])[0]
            stands = newest["version"] == one["version"]
            if stands:
                newest["state"] = "approved"
            outcome = "approved" if stands else "changed"
            why = None if stands else "答复已有更新的版本，请重新打开后再改。"
            outcomes.append({"complaint_id": one["complaint_id"], "outcome": outcome, "why": why})
        return outcomes

    @app.get("/replies/{complaint_id}")
    async def reply(complaint_id: str) -> list[dict[str, Any]]:
        return versions(complaint_id)

    @app.get("/replies/{complaint_id}/proposals/{answering}")
    async def proposal(complaint_id: str, answering: str) -> dict[str, str]:
        return {"text": f"模板 {answering} 的写法。"}

    @app.put("/replies/{complaint_id}/draft")
    async def draft(complaint_id: str, request: Request) -> Any:
        body = await request.json()
        known = versions(complaint_id)
        number = known[0]["version"] if known else 0
        if body["version"] != number:
            return _problem(409, "答复已有更新的版本，请重新打开后再改。")
        recorded.calls.append(("PUT", request.url.path, body))
        if known and known[0]["state"] != "delivered":
            known[0]["state"] = "superseded"
        changed = {"text": body["text"], "solved": body["solved"], "written_by": "somebody"}
        known.insert(0, draft_version(complaint_id, number + 1) | changed)
        return {"version": number + 1}

    @app.post("/replies/{complaint_id}/approve")
    async def approve(complaint_id: str, request: Request) -> JSONResponse:
        recorded.calls.append(("POST", request.url.path, await request.json()))
        versions(complaint_id)[0]["state"] = "approved"
        return JSONResponse(None, 200)

    @app.post("/replies/{complaint_id}/{step}")
    async def step(complaint_id: str, step: str, request: Request) -> JSONResponse:
        recorded.calls.append(("POST", request.url.path, await request.json()))
        return JSONResponse(None, 200)

    @app.post("/complaints/{complaint_id}/contacted")
    async def contacted(complaint_id: str, request: Request) -> JSONResponse:
        recorded.calls.append(("POST", request.url.path, await request.json()))
        return JSONResponse(None, 200)

    return app


def release_rule_stand_in(app: FastAPI, recorded: Recorded) -> None:
    @app.get("/release-rules")
    async def rules() -> dict[str, Any]:
        rule = {
            "name": "小停水",
            "version": 1,
            "platform": "hotline_12345",
            "answering": "solved",
            "category": "any",
            "most_complaints": 3,
            "written_by": "admin",
            "written_at": "2026-10-12T00:30:00Z",
            "enabled": True,
            "switched_by": "zhao.shenhe",
            "switched_at": "2026-10-12T00:31:00Z",
        }
        gone = {
            "complaint_id": "complaint-14",
            "version": 1,
            "platform": "hotline_12345",
            "kind": "answer",
            "state": "delivered",
            "approved_by": "rule 小停水",
            "approved_at": "2026-10-12T01:00:00Z",
        }
        return {"rules": [rule], "today": [gone]}

    @app.put("/release-rules/{name}", status_code=204)
    async def write(name: str, request: Request) -> None:
        recorded.calls.append(("PUT", f"/release-rules/{name}", await request.json()))

    @app.post("/release-rules/{name}/switch", status_code=204)
    async def switch(name: str, request: Request) -> None:
        recorded.calls.append(("POST", f"/release-rules/{name}/switch", await request.json()))


def template_stand_in(app: FastAPI, recorded: Recorded) -> None:
    template = {
        "platform": "hotline_12345",
        "answering": "solved",
        "text": "办理情况：{crew}到场查看：{found}。",
        "version": 1,
    }
    version = {"version": 1, "text": "旧的写法。", "changed_by": "admin", "note": "试用"}

    @app.get("/templates")
    async def templates() -> list[dict[str, Any]]:
        return [template, {**template, "answering": "interim", "version": 0}]

    @app.get("/templates/{platform}/{answering}")
    async def one(platform: str, answering: str) -> Any:
        if answering != "solved":
            return _problem(422, "没有这一项。")
        return {
            **template,
            "shipped": "自带的写法。",
            "longest": 2000,
            "versions": [{**version, "changed_at": "2026-10-12T01:00:00Z"}],
            "names": [{"name": "crew", "zh": "维修队", "en": "crew"}],
        }

    @app.post("/templates/{platform}/{answering}/preview")
    async def preview(platform: str, answering: str, request: Request) -> Any:
        body = await request.json()
        if "{phone}" in body["text"]:
            return _problem(422, "没有叫 {phone} 的占位符。")
        found = {"check": "blame", "words": "村民自己", "serious": False}
        return {"text": "东片维修队已修好。", "findings": [found], "complaint_id": None}

    @app.put("/templates/{platform}/{answering}")
    async def save(platform: str, answering: str, request: Request) -> dict[str, int]:
        recorded.calls.append(("PUT", request.url.path, await request.json()))
        return {"version": 2}


def draft_version(complaint_id: str, version: int) -> dict[str, Any]:
    stuck = complaint_id == "complaint-05"
    delivered = complaint_id == ANSWERED and version == 1
    return {
        "complaint_id": complaint_id,
        "version": version,
        "platform": "hotline_12345",
        "state": "stuck" if stuck else "delivered" if delivered else "draft",
        "solved": True,
        "kind": "answer",
        "is_true": True,
        "by_hand": False,
        "drafted_at": "2026-10-12T00:30:00Z",
        "approved_by": "zhao.shenhe",
        "approved_at": None,
        "attempts": 0,
        "next_attempt_at": None,
        "receipt": None,
        "delivered_at": None,
        "why_stuck": "unconfirmed" if stuck else None,
        "text": DRAFT,
        "responsible": "",
        "room_for_responsible": ROOM_FOR_RESPONSIBLE,
        "written_by": None,
        "resolved_by": None,
        "told_at": None,
        "told_by": None,
        "longest": 2000,
        "findings": [],
    }
