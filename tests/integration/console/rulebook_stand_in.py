"""Policies and calendar as the console meets them in reply: the shipped ones, never saved."""

from typing import Any

from fastapi import FastAPI

from services.reply.rulebook import Kind, read_rulebook
from services.reply.rules.calendar_days import kinds_of
from shared.yaml_file import content_of

_SHIPPED = read_rulebook()
_MOVED = {
    "complaint_id": "complaint-03",
    "external_id": "LT-1",
    "platform": "hotline_12345",
    "stage": "reply",
    "old_due_at": "2099-01-01T00:00:00Z",
    "new_due_at": "2099-02-01T00:00:00Z",
    "missed": True,
}
_EFFECT = {
    "complaints": 3,
    "complaints_moved": 1,
    "moved": 1,
    "missed": 1,
    "firm": 0,
    "earliest_by": 0,
    "latest_by": 86400,
}


def add_rulebook(app: FastAPI) -> None:
    def version(kind: Kind) -> dict[str, Any]:
        return {
            "number": 2,
            "saved_at": "2026-10-01T00:00:00Z",
            "saved_by": "admin",
            "note": "按市里的新规定",
            "effect": _EFFECT,
            "content": _SHIPPED.texts[kind],
        }

    @app.get("/rulebook/calendar/years/{year}")
    async def of_year(year: int) -> dict[str, Any]:
        days = kinds_of(year, _SHIPPED.calendars.years.values(), ())
        return {
            "published": _SHIPPED.calendars.default.is_published(year),
            "notice": "",
            "office_hours": ["09:00-12:00"],
            "days": [
                {"date": str(each.day), "kind": each.kind.value, "part": None, "reason": None}
                for each in days
            ],
        }

    @app.get("/rulebook/{kind}")
    async def newest(kind: Kind) -> dict[str, Any]:
        return {
            **version(kind),
            "parsed": content_of(_SHIPPED.texts[kind]),
            "shipped_differs": True,
            "being_counted": True,
            "versions": [version(kind), {**version(kind), "number": 1, "saved_by": None}],
        }

    @app.get("/rulebook/{kind}/versions/{number}")
    async def one(kind: Kind, number: int) -> dict[str, Any]:
        return {**version(kind), "number": number, "differences": ["@@", "-old", "+new", " same"]}

    @app.post("/rulebook/{kind}/preview")
    async def preview(kind: Kind) -> dict[str, Any]:
        group = {"stage": "reply", "platform": "hotline_12345", "moved": 1, "missed": 1}
        return {
            "open": 9, "looked_at": 3, "effect": _EFFECT, "groups": [group], "first": [_MOVED],
        }  # fmt: skip
