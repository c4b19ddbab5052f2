"""Submit residents' messages to the simulators through their control API."""

from typing import Any

import httpx

from .submissions import Platform, Submission

Request = tuple[str, dict[str, Any]]
"""Path and JSON body of one POST."""


async def submit(client: httpx.AsyncClient, submission: Submission) -> None:
    """Enter it at the simulator of its platform; a second time does nothing.

    `client` reaches the simulators' root. Raises httpx.HTTPError.
    """
    path, body = control_request(submission)
    (await client.post(path, json=body)).raise_for_status()


def control_request(submission: Submission) -> Request:
    """The request to `/_control` that enters it."""
    match submission.platform:
        case Platform.HOTLINE:
            return _to_hotline(submission)
        case Platform.BOARD:
            return _to_board(submission)
        case Platform.WECHAT:
            return "/_control/wechat/messages", {
                "openid": submission.openid,
                "content": submission.text,
                "message_id": submission.number,
                "at": submission.at.isoformat(),
            }


def _to_hotline(submission: Submission) -> Request:
    tickets = "/_control/hotline/tickets"
    common = {"change_id": submission.key, "at": submission.at.isoformat()}
    if submission.chase_of:
        return f"{tickets}/{submission.chase_of}/chase", common | {"words": submission.text}
    if submission.edit_of:
        return f"{tickets}/{submission.edit_of}/edit", common | {
            "fields": {"issueDesc": submission.text}
        }
    fields = {
        "issueNumber": submission.number,
        "issueSubject": submission.title,
        "issueDesc": submission.text,
        "requestorName": submission.name or "",
        "requestorTel": submission.phone or "",
        "requestorAddress": submission.address or "",
        "timeLimit": submission.time_limit,
        "emrgencyLevel": "紧急" if submission.urgent else "一般",
    }
    return tickets, common | {"fields": fields}


def _to_board(submission: Submission) -> Request:
    threads, at = "/_control/board/threads", submission.at.isoformat()
    if submission.edit_of:
        return f"{threads}/{submission.edit_of}/edit", {
            "fields": {"content": submission.text},
            "at": at,
        }
    fields = {
        "subject": submission.title,
        "content": submission.text,
        "nickName": submission.name or "网友",
    }
    return threads, {"fields": fields, "tid": int(submission.number), "at": at}
