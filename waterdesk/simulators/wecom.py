"""WeCom's (企业微信) server for one application: cards to members, pressed buttons to us."""

import json
import secrets
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx

from shared.clock import Clock
from shared.platform_kit import wechat_xml
from shared.platform_kit.wechat_crypto import MessageCrypto

from .failure_modes import FailureQueue, Rejected
from .journal import Entry, Journal
from .push_queue import PushQueue
from .settings import SimulatorSettings

NAME = "wecom"
CALLBACK = "/platforms/wecom/callback"
TOKEN_LIVES = timedelta(seconds=7200)
CODE_USABLE_FOR = timedelta(hours=72)
PER_MINUTE = 30


class WeCom:
    """State and operations of one application. `client` reaches dispatch; None: no presses."""

    def __init__(
        self,
        settings: SimulatorSettings,
        journal: Journal,
        clock: Clock,
        client: httpx.AsyncClient | None,
    ) -> None:
        self.failures = FailureQueue(clock)
        self._settings = settings
        self._journal = journal
        self._clock = clock
        self._client = client
        self._crypto = MessageCrypto(
            settings.wecom_token, settings.wecom_aes_key, settings.wecom_corp_id
        )
        self.pushes = PushQueue(
            self.failures, clock, settings.wechat_retry_after, self._push, self._push_ended
        )
        self._token, self._token_ends = "", clock.now()
        self._cards: dict[str, Mapping[str, Any]] = {}
        """What each member holds, by task id."""
        self._bodies: dict[str, datetime] = {}
        """When a request with this content was taken last."""
        self._codes: dict[str, tuple[str, datetime]] = {}
        """Task id and issue of each response code that is not used up."""
        self._presses: dict[str, Mapping[str, Any]] = {}
        self._sent_to: dict[str, list[datetime]] = defaultdict(list)
        for entry in journal.entries(NAME):
            self._apply(entry)

    # What the application calls

    def get_token(self, query: Mapping[str, str]) -> dict[str, Any]:
        """gettoken: the same token until it ends. Raises Rejected."""
        if query.get("corpid") != self._settings.wecom_corp_id:
            raise Rejected({"errcode": 40013, "errmsg": "invalid corpid"})
        if query.get("corpsecret") != self._settings.wecom_secret:
            raise Rejected({"errcode": 40001, "errmsg": "invalid credential"})
        if self._clock.now() >= self._token_ends:
            ends = self._clock.now() + TOKEN_LIVES
            token = f"wecom-{secrets.token_hex(24)}"
            self._record("token_issued", {"token": token, "ends": ends.isoformat()})
        left = self._token_ends - self._clock.now()
        return {
            "errcode": 0,
            "errmsg": "ok",
            "access_token": self._token,
            "expires_in": int(left.total_seconds()),
        }

    def addresses(self, token: str) -> dict[str, Any]:
        """WeCom's own addresses: changes nothing. Raises Rejected."""
        self._check(token)
        return {"errcode": 0, "errmsg": "ok", "ip_list": ["127.0.0.1"]}

    def send(self, token: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """message/send, of cards with buttons. Raises Rejected."""
        self._check(token)
        card, user = body.get("template_card"), body.get("touser")
        if body.get("agentid") != self._settings.wecom_agent_id:
            raise Rejected({"errcode": 40056, "errmsg": "invalid agentid"})
        if body.get("msgtype") != "template_card" or not isinstance(card, Mapping):
            raise Rejected({"errcode": 40008, "errmsg": "invalid message type"})
        if card.get("card_type") != "button_interaction" or not card.get("button_list"):
            raise Rejected({"errcode": 41065, "errmsg": "missing button list"})
        members = self._settings.wecom_members
        if not isinstance(user, str) or (members is not None and user not in members):
            raise Rejected({"errcode": 81013, "errmsg": "user & party & tag all invalid"})
        done = {"errcode": 0, "errmsg": "ok", "msgid": secrets.token_hex(16)}
        if self._is_repetition(body):
            return done
        if card.get("task_id") in self._cards or not card.get("task_id"):
            raise Rejected({"errcode": 42014, "errmsg": "taskid has existed or empty"})
        minute_ago = self._clock.now() - timedelta(minutes=1)
        if sum(at > minute_ago for at in self._sent_to[user]) >= PER_MINUTE:
            self._record("dropped", {"userId": user, "taskId": card["task_id"]})
            return done
        code = secrets.token_urlsafe(24)
        shown = {"userId": user, "taskId": card["task_id"], "responseCode": code, "card": card}
        self._record("delivered", shown | {"body": _content(body)})
        return done | {"response_code": code}

    def update_card(self, token: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """update_template_card: once for each code, within 72 hours. Raises Rejected."""
        self._check(token)
        code = body.get("response_code")
        task_id, issued = self._codes.get(str(code), ("", self._clock.now()))
        if not task_id or self._clock.now() - issued > CODE_USABLE_FOR:
            raise Rejected({"errcode": 42017, "errmsg": "response_code invalid or expired"})
        change = {
            "taskId": task_id,
            "responseCode": code,
            "replaceName": (body.get("button") or {}).get("replace_name"),
            "card": body.get("template_card"),
        }
        self._record("card_updated", change)
        return {"errcode": 0, "errmsg": "ok", "invaliduser": []}

    # What members do

    def press(self, task_id: str, button: str) -> str:
        """Whoever holds the card presses a button of it. Returns the press's response code. Raises
        LookupError for a card or button that is not there."""
        held = self._cards[task_id]
        if button not in [each["key"] for each in held["card"]["button_list"]]:
            raise KeyError(button)
        code = secrets.token_urlsafe(24)
        pressed = {"taskId": task_id, "userId": held["userId"], "key": button, "responseCode": code}
        self._record("pressed", pressed)
        return code

    def cards(self) -> Mapping[str, list[Mapping[str, Any]]]:
        """The cards each member holds, as they now look, the oldest first."""
        held: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        for card in self._cards.values():
            held[card["userId"]].append(card)
        return held

    def expire_token(self) -> None:
        """As WeCom does at times before its end."""
        self._record("token_expired", {})

    # State

    def _check(self, token: str) -> None:
        if token != self._token:
            raise Rejected({"errcode": 40014, "errmsg": "invalid access_token"})
        if self._clock.now() >= self._token_ends:
            raise Rejected({"errcode": 42001, "errmsg": "access_token expired"})

    def _is_repetition(self, body: Mapping[str, Any]) -> bool:
        """The same request within the interval it names itself is answered, and not delivered."""
        taken = self._bodies.get(_content(body))
        interval = timedelta(seconds=body.get("duplicate_check_interval", 1800))
        return bool(
            self._settings.wecom_drops_repetitions
            and body.get("enable_duplicate_check")
            and taken is not None
            and self._clock.now() - taken <= interval
        )

    def _record(self, kind: str, data: Mapping[str, Any]) -> None:
        self._apply(self._journal.append(NAME, kind, data))

    def _apply(self, entry: Entry) -> None:
        data = entry.data
        match entry.kind:
            case "token_issued":
                self._token = data["token"]
                self._token_ends = datetime.fromisoformat(data["ends"])
            case "token_expired":
                self._token_ends = entry.at
            case "delivered":
                self._cards[data["taskId"]] = data
                self._codes[data["responseCode"]] = (data["taskId"], entry.at)
                self._bodies[data["body"]] = entry.at
                self._sent_to[data["userId"]].append(entry.at)
            case "card_updated":
                del self._codes[data["responseCode"]]
                held = self._cards[data["taskId"]]
                closed = {**held["card"], "button_list": [], "replace_text": data["replaceName"]}
                self._cards[data["taskId"]] = {**held, "card": data["card"] or closed}
            case "pressed":
                self._presses[data["responseCode"]] = data
                self._codes[data["responseCode"]] = (data["taskId"], entry.at)
                if self._client is not None:
                    self.pushes.add(data["responseCode"])
            case "push_ended":
                self.pushes.remove(data["responseCode"])

    async def _push(self, code: str) -> bool:
        assert self._client is not None
        press = self._presses[code]
        event = wechat_xml.to_xml(
            {
                "ToUserName": self._settings.wecom_corp_id,
                "FromUserName": press["userId"],
                "CreateTime": int(self._clock.now().timestamp()),
                "MsgType": "event",
                "Event": "template_card_event",
                "EventKey": press["key"],
                "TaskId": press["taskId"],
                "CardType": "button_interaction",
                "ResponseCode": code,
                "AgentID": self._settings.wecom_agent_id,
            }
        )
        encrypted = self._crypto.encrypt(event)
        timestamp, nonce = str(int(self._clock.now().timestamp())), secrets.token_hex(8)
        query = {
            "msg_signature": self._crypto.signature(timestamp, nonce, encrypted),
            "timestamp": timestamp,
            "nonce": nonce,
        }
        try:
            response = await self._client.post(
                CALLBACK,
                params=query,
                content=wechat_xml.encrypted_envelope(
                    self._settings.wecom_corp_id, encrypted
                ).encode(),
                headers={"content-type": "text/xml"},
                timeout=self._settings.wechat_answer_within.total_seconds(),
            )
        except httpx.HTTPError:
            return False
        return response.status_code == 200

    def _push_ended(self, code: str, accepted: bool) -> None:
        self._record("push_ended", {"responseCode": code, "accepted": accepted})


def _content(body: Mapping[str, Any]) -> str:
    return json.dumps(body, sort_keys=True, ensure_ascii=False)
