"""A WeChat official account's server: users write to us, and we answer them."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx

from shared.clock import Clock
from shared.platform_kit import wechat_xml
from shared.platform_kit.wechat_crypto import (
    BadSignature,
    MessageCrypto,
    NotForUs,
    Undecipherable,
    url_signature,
)

from .failure_modes import FailureQueue, Rejected
from .journal import Entry, Journal
from .push_queue import PushQueue
from .settings import SimulatorSettings
from .wechat_tokens import WeChatTokens

NAME = "wechat"
CALLBACK = "/platforms/wechat/callback"
WINDOW = timedelta(hours=48)
MESSAGES_PER_WINDOW = 5


class WeChat:
    """State and operations of one account. `client` reaches our callback; None: no deliveries."""

    def __init__(
        self,
        settings: SimulatorSettings,
        journal: Journal,
        clock: Clock,
        client: httpx.AsyncClient | None,
    ) -> None:
        self.failures = FailureQueue(clock)
        self.tokens = WeChatTokens(settings, journal, clock, NAME)
        self.safe_mode = settings.wechat_safe_mode
        self._settings = settings
        self._journal = journal
        self._clock = clock
        self._client = client
        self._crypto = MessageCrypto(
            settings.wechat_token, settings.wechat_aes_key, settings.wechat_app_id
        )
        self.pushes = PushQueue(
            self.failures, clock, settings.wechat_retry_after, self._push, self._push_ended
        )
        self._messages: dict[str, Mapping[str, Any]] = {}
        self._last_wrote: dict[str, datetime] = {}
        self._sent_since: dict[str, int] = {}
        self._messages_to_users = 0
        for entry in journal.entries(NAME):
            self._apply(entry)

    # What users do

    def write_message(
        self, openid: str, content: str, message_id: str | None = None, at: datetime | None = None
    ) -> str:
        """A user writes one text message; returns its MsgId. A MsgId used before does nothing."""
        message_id = message_id or str(24_000_000_000_000_000 + len(self._messages) + 1)
        if message_id not in self._messages:
            written_at = at or self._clock.now()
            self._record(
                "user_wrote",
                {
                    "openid": openid,
                    "content": content,
                    "messageId": message_id,
                    "at": written_at.isoformat(),
                },
            )
        return message_id

    async def server_check(self) -> bool:
        """GET the callback with an `echostr`, as saving the server configuration does."""
        assert self._client is not None
        echo = secrets.token_hex(8)
        try:
            response = await self._client.get(CALLBACK, params=self._stamp() | {"echostr": echo})
        except httpx.HTTPError:
            return False
        return response.status_code == 200 and response.text == echo

    # What the account calls

    def send_customer_message(self, token: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """客服消息: five within 48 h of the user's last message. Raises Rejected."""
        self.tokens.check(token)
        openid = self._known_user(body)
        text = body.get("text")
        content = text.get("content") if isinstance(text, Mapping) else None
        if body.get("msgtype") != "text" or not isinstance(content, str) or not content:
            raise Rejected({"errcode": 40008, "errmsg": "invalid message type"})
        if self._clock.now() - self._last_wrote[openid] > WINDOW:
            raise Rejected({"errcode": 45015, "errmsg": "response out of time limit"})
        if self._sent_since[openid] >= MESSAGES_PER_WINDOW:
            raise Rejected({"errcode": 45047, "errmsg": "out of response count limit"})
        self._record("customer_message", {"openid": openid, "content": content})
        return {"errcode": 0, "errmsg": "ok"}

    def addresses(self, token: str) -> dict[str, Any]:
        """WeChat's own addresses: changes nothing. Raises Rejected."""
        self.tokens.check(token)
        return {"ip_list": ["127.0.0.1"]}

    def send_template(self, token: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """订阅消息 / 模板消息: at any time, in the words of a template. Raises Rejected."""
        self.tokens.check(token)
        openid = self._known_user(body)
        if not body.get("template_id"):
            raise Rejected({"errcode": 40037, "errmsg": "invalid template_id"})
        if not isinstance(body.get("data"), Mapping):
            raise Rejected({"errcode": 47003, "errmsg": "argument invalid"})
        self._record("template_message", {"openid": openid, "body": dict(body)})
        return {"errcode": 0, "errmsg": "ok", "msgid": self._messages_to_users}

    # State

    def _known_user(self, body: Mapping[str, Any]) -> str:
        openid = body.get("touser")
        if not isinstance(openid, str) or openid not in self._last_wrote:
            raise Rejected({"errcode": 40003, "errmsg": "invalid openid"})
        return openid

    def _record(self, kind: str, data: Mapping[str, Any]) -> None:
        self._apply(self._journal.append(NAME, kind, data))

    def _apply(self, entry: Entry) -> None:
        data = entry.data
        match entry.kind:
            case "user_wrote":
                self._messages[data["messageId"]] = data
                self._last_wrote[data["openid"]] = datetime.fromisoformat(data["at"])
                self._sent_since[data["openid"]] = 0
                if self._client is not None:
                    self.pushes.add(data["messageId"])
            case "customer_message":
                self._sent_since[data["openid"]] += 1
                self._messages_to_users += 1
            case "template_message":
                self._messages_to_users += 1
            case "push_ended":
                self.pushes.remove(data["messageId"])

    async def _push(self, message_id: str) -> bool:
        assert self._client is not None
        message = self._messages[message_id]
        body = wechat_xml.text_message(
            self._settings.wechat_account,
            message["openid"],
            datetime.fromisoformat(message["at"]),
            message["content"],
            message_id,
        )
        query = self._stamp() | {"openid": message["openid"]}
        if self.safe_mode:
            encrypted = self._crypto.encrypt(body)
            signature = self._crypto.signature(query["timestamp"], query["nonce"], encrypted)
            query |= {"encrypt_type": "aes", "msg_signature": signature}
            body = wechat_xml.encrypted_envelope(self._settings.wechat_account, encrypted)
        try:
            response = await self._client.post(
                CALLBACK,
                params=query,
                content=body.encode(),
                headers={"content-type": "text/xml"},
                timeout=self._settings.wechat_answer_within.total_seconds(),
            )
        except httpx.HTTPError:
            return False
        return response.status_code == 200 and self._understood(response.content, message["openid"])

    def _push_ended(self, message_id: str, accepted: bool) -> None:
        self._record("push_ended", {"messageId": message_id, "accepted": accepted})

    def _understood(self, answer: bytes, openid: str) -> bool:
        """Accepts `success`, an empty body or a readable passive reply, which is recorded."""
        if answer in (b"", b"success"):
            return True
        try:
            fields = wechat_xml.fields_of(answer)
            if self.safe_mode:
                opened = self._crypto.open(
                    fields["Encrypt"], fields["MsgSignature"], fields["TimeStamp"], fields["Nonce"]
                )
                fields = wechat_xml.fields_of(opened)
            content = fields["Content"]
        except (wechat_xml.MalformedXml, KeyError, BadSignature, NotForUs, Undecipherable):
            return False
        self._record("passive_reply", {"openid": openid, "content": content})
        return True

    def _stamp(self) -> dict[str, str]:
        timestamp = str(int(self._clock.now().timestamp()))
        nonce = secrets.token_hex(8)
        signature = url_signature(self._settings.wechat_token, timestamp, nonce)
        return {"signature": signature, "timestamp": timestamp, "nonce": nonce}
