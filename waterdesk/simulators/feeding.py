"""What a resident said, put into the simulators over their control surface."""

from typing import Any

import httpx

from .said import Said, SpokenTo

Request = tuple[str, dict[str, Any]]
"""Path and JSON body of one POST."""


async def feed(client: httpx.AsyncClient, said: Said) -> None:
    """Make the simulator of its platform say it; a second time does nothing.

    `client` reaches the simulators' root. Raises httpx.HTTPError.
    """
    path, body = control_request(said)
    (await client.post(path, json=body)).raise_for_status()


def control_request(said: Said) -> Request:
    """The request to `/_control` that says it."""
    match said.platform:
        case SpokenTo.HOTLINE:
            return _to_hotline(said)
        case SpokenTo.BOARD:
            return _to_board(said)
        case SpokenTo.WECHAT:
            return "/_control/wechat/messages", {
                "openid": said.openid,
                "content": said.text,
                "message_id": said.number,
                "at": said.at.isoformat(),
            }


def _to_hotline(said: Said) -> Request:
    orders = "/_control/hotline/orders"
    common = {"change_id": said.key, "at": said.at.isoformat()}
    if said.chase_of:
        return f"{orders}/{said.chase_of}/chase", common | {"words": said.text}
    if said.edit_of:
        return f"{orders}/{said.edit_of}/edit", common | {"fields": {"issueDesc": said.text}}
    fields = {
        "issueNumber": said.number,
        "issueSubject": said.title,
        "issueDesc": said.text,
        "requestorName": said.name or "",
        "requestorTel": said.phone or "",
        "requestorAddress": said.address or "",
        "timeLimit": said.time_limit,
        "emrgencyLevel": "紧急" if said.urgent else "一般",
    }
    return orders, common | {"fields": fields}


def _to_board(said: Said) -> Request:
    threads, at = "/_control/board/threads", said.at.isoformat()
    if said.edit_of:
        return f"{threads}/{said.edit_of}/edit", {"fields": {"content": said.text}, "at": at}
    fields = {"subject": said.title, "content": said.text, "nickName": said.name or "网友"}
    return threads, {"fields": fields, "tid": int(said.number), "at": at}
