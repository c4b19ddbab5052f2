"""What platforms send to the callbacks, for the OpenAPI document.

Nothing here is checked by FastAPI: signature and time come first, and a body that does not fit is
stored for a person, not refused.
"""

from typing import Any

from services.intake.platforms.fields import MAX_NUMBER, MAX_TEXT

_TEXT = {"type": "string", "maxLength": MAX_TEXT}
_NUMBER = {"type": "string", "maxLength": MAX_NUMBER}
_TIME = {"type": "string", "maxLength": 40, "example": "2026-11-23 09:15:00"}
_HEX = "^[0-9a-f]{%d}$"
_SECONDS = r"^\d+$"


def _parameter(
    where: str, name: str, meaning: str, *, pattern: str = "", required: bool = True
) -> dict[str, Any]:
    return {
        "in": where,
        "name": name,
        "description": meaning,
        "required": required,
        "schema": {"type": "string"} | ({"pattern": pattern} if pattern else {}),
    }


HOTLINE_PUSH: dict[str, Any] = {
    "parameters": [
        _parameter("header", "X-App-Id", "Who sends; not looked at.", required=False),
        _parameter(
            "header", "X-Timestamp", "Unix seconds; at most 5 minutes off.", pattern=_SECONDS
        ),
        _parameter("header", "X-Nonce", "Any text; a part of what is signed."),
        _parameter(
            "header",
            "X-Signature",
            "hex(HMAC-SHA256(secret, METHOD \\n PATH?QUERY \\n X-Timestamp \\n X-Nonce \\n "
            "hex(SHA256(body))))",
            pattern=_HEX % 64,
        ),
    ],
    "requestBody": {
        "required": True,
        "description": "One change of one ticket. One that does not fit waits for a person.",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["issueNumber", "changeId", "changeType", "issueTime"],
                    "anyOf": [{"required": ["issueSubject"]}, {"required": ["issueDesc"]}],
                    "properties": {
                        "issueNumber": _NUMBER,
                        "changeId": _NUMBER,
                        "changeType": {
                            "enum": [
                                "new",
                                "edit",
                                "chase",
                                "supervise",
                                "evaluate",
                                "rework",
                            ]
                        },
                        "evaluationStatus": {"enum": ["", "1", "2"]},
                        "issueTime": _TIME,
                        "changeTime": _TIME,
                        "issueSubject": _TEXT,
                        "issueDesc": _TEXT,
                        "timeLimit": _NUMBER,
                        "emrgencyLevel": _TEXT,
                        "requestorName": _NUMBER,
                        "requestorTel": _NUMBER,
                        "addrDesc": _TEXT,
                        "requestorAddress": _TEXT,
                    },
                }
            }
        },
    },
}

_STAMP = [
    _parameter("query", "signature", "SHA-1 over token, timestamp and nonce.", pattern=_HEX % 40),
    _parameter("query", "timestamp", "Unix seconds.", pattern=_SECONDS),
    _parameter("query", "nonce", "Any text; a part of what is signed."),
]

WECHAT_SERVER_CHECK: dict[str, Any] = {
    "parameters": [*_STAMP, _parameter("query", "echostr", "What to answer.")]
}

WECHAT_MESSAGE: dict[str, Any] = {
    "parameters": [
        *_STAMP,
        _parameter("query", "openid", "Who writes; not looked at.", required=False),
        _parameter("query", "encrypt_type", "`aes` in safe mode; not looked at.", required=False),
        _parameter(
            "query",
            "msg_signature",
            "In safe mode: SHA-1 over token, timestamp, nonce and `Encrypt`.",
            pattern=_HEX % 40,
            required=False,
        ),
    ],
    "requestBody": {
        "required": True,
        "description": "A message or event, or in safe mode `Encrypt`, which holds one.",
        "content": {
            "text/xml": {
                "schema": {
                    "type": "object",
                    "xml": {"name": "xml"},
                    "properties": {
                        name: {"type": "string"}
                        for name in (
                            *("ToUserName", "Encrypt", "FromUserName", "CreateTime", "MsgType"),
                            *("MsgId", "Content", "Recognition", "Label", "Title", "Description"),
                        )
                    },
                }
            }
        },
    },
}
