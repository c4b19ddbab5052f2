"""A provider of text messages, with a query for what became of each. Its form is invented."""

import secrets
from collections.abc import Mapping
from typing import Any

from shared.clock import Clock

from .failure_modes import FailureQueue, Rejected
from .journal import Entry, Journal
from .settings import SimulatorSettings

NAME = "sms"
DESCRIPTION = """\
# How messages reach the simulated provider (services/dispatch/README.md explains the fields).
url: {root}/sms/send
body: {{mobile: "{{phone}}", content: "{{text}}", outId: "{{id}}"}}
auth: {{kind: header, name: Authorization, value: "Bearer {{secret}}"}}
success: {{path: code, equals: ["0"]}}
busy: {{path: code, equals: ["FLOW_CONTROL"]}}
number: data.msgId
status:
  url: {root}/sms/status?outId={{id}}
  has_it: {{path: data.status, equals: [DELIVERED, SENDING]}}
  has_it_not: {{path: data.status, equals: [UNKNOWN]}}
  appears_within_seconds: 60
"""


class Sms:
    """It stores the same message twice, so that a test notices a second sending."""

    def __init__(self, settings: SimulatorSettings, journal: Journal, clock: Clock) -> None:
        self.failures = FailureQueue(clock)
        self._settings = settings
        self._journal = journal
        self._known: set[str] = set()
        for entry in journal.entries(NAME):
            self._apply(entry)

    def send(self, authorization: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Raises Rejected."""
        self._check(authorization)
        phone, content, number = (
            str(body.get(name, "")) for name in ("mobile", "content", "outId")
        )
        if not (len(phone) == 11 and phone.isdecimal()):
            raise Rejected({"code": "INVALID_MOBILE", "message": "号码错误"})
        if not content or len(content) > self._settings.sms_longest:
            raise Rejected({"code": "CONTENT_LENGTH", "message": "内容过长"})
        sent = {"mobile": phone, "content": content, "outId": number}
        self._apply(self._journal.append(NAME, "delivered", sent))
        return {"code": "0", "message": "OK", "data": {"msgId": secrets.token_hex(8)}}

    def status(self, authorization: str, number: str) -> dict[str, Any]:
        """Whether it has the message. Raises Rejected."""
        self._check(authorization)
        status = "DELIVERED" if number in self._known else "UNKNOWN"
        return {"code": "0", "data": {"status": status}}

    def _check(self, authorization: str) -> None:
        if authorization != f"Bearer {self._settings.sms_secret}":
            raise Rejected({"code": "UNAUTHORIZED"}, 401)

    def _apply(self, entry: Entry) -> None:
        self._known.add(entry.data["outId"])
