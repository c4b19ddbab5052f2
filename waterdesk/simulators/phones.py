"""What staff would see on their phones: a page that shows cards and texts, and presses buttons."""

from collections import defaultdict
from collections.abc import Mapping
from html import escape
from typing import Any

from fastapi import APIRouter, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from . import sms
from .simulators import Simulators

_PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>工作人员的手机</title>
<h1>工作人员的手机 What staff get on their phones</h1>{phones}</html>"""
_SHOWN = 20
"""The newest of each phone."""


def phones_router(simulators: Simulators) -> APIRouter:
    router = APIRouter(tags=["phones"])

    @router.get("")
    async def phones() -> HTMLResponse:
        shown: dict[str, list[str]] = defaultdict(list)
        for user, cards in simulators.wecom.cards().items():
            shown[f"企业微信 WeCom: {user}"] = [_card(held) for held in reversed(cards)]
        for entry in simulators.journal.entries(sms.NAME, "delivered"):
            text = f"<p>{escape(entry.data['content'])}</p>"
            shown[f"短信 SMS: {entry.data['mobile']}"].insert(0, text)
        parts = (
            f"<h2>{escape(phone)}</h2>{''.join(messages[:_SHOWN])}"
            for phone, messages in sorted(shown.items())
        )
        return HTMLResponse(_PAGE.format(phones="".join(parts) or "<p>还没有 nothing yet</p>"))

    @router.post("/{task_id}/{key}")
    async def press(task_id: str, key: str) -> Response:
        try:
            simulators.wecom.press(task_id, key)
        except LookupError:
            raise HTTPException(404, "no such button") from None
        await simulators.wecom.pushes.deliver_due()
        return RedirectResponse("/phones", 303)

    return router


def _card(held: Mapping[str, Any]) -> str:
    card = held["card"]
    buttons = "".join(
        f'<form method="post" action="/phones/{escape(held["taskId"])}/{escape(each["key"])}">'
        f"<button>{escape(each['text'])}</button></form>"
        for each in card["button_list"]
    )
    title, text = card["main_title"]["title"], card.get("sub_title_text", "")
    replaced = card.get("replace_text") or ""
    return f"<p><b>{escape(title)}</b><br>{escape(text)}<br>{escape(replaced)}</p>{buttons}<hr>"
