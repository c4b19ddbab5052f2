"""Access tokens as WeChat issues them: valid 7200 s, or five minutes once replaced."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from shared.clock import Clock

from .failure_modes import Rejected
from .journal import Entry, Journal
from .settings import SimulatorSettings

LIFETIME = timedelta(seconds=7200)
OVERLAP = timedelta(minutes=5)


class WeChatTokens:
    """The tokens of one account, in the journal under `name`."""

    def __init__(
        self, settings: SimulatorSettings, journal: Journal, clock: Clock, name: str
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._clock = clock
        self._name = name
        self._expires: dict[str, datetime] = {}
        self._latest = ""
        for entry in journal.entries(name):
            self._apply(entry)

    def stable(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """stable_token: the same token until five minutes before its end. Raises Rejected."""
        self._check(body)
        ends = self._expires.get(self._latest, self._clock.now())
        if body.get("force_refresh") or ends - self._clock.now() <= OVERLAP:
            self._issue()
        return self._answer()

    def plain(self, query: Mapping[str, Any]) -> dict[str, Any]:
        """token: a new one every time. Raises Rejected."""
        self._check(query)
        self._issue()
        return self._answer()

    def expire_all(self) -> None:
        """Expire every token issued so far."""
        self._record("tokens_expired", {})

    def check(self, token: str) -> None:
        """Raises Rejected: 40001 for an unknown token, 42001 for an expired one."""
        if token not in self._expires:
            raise Rejected({"errcode": 40001, "errmsg": "invalid credential"})
        if self._clock.now() >= self._expires[token]:
            raise Rejected({"errcode": 42001, "errmsg": "access_token expired"})

    def _check(self, sent: Mapping[str, Any]) -> None:
        if sent.get("grant_type") != "client_credential":
            raise Rejected({"errcode": 40002, "errmsg": "invalid grant_type"})
        if sent.get("appid") != self._settings.wechat_app_id:
            raise Rejected({"errcode": 40013, "errmsg": "invalid appid"})
        if sent.get("secret") != self._settings.wechat_app_secret:
            raise Rejected({"errcode": 40125, "errmsg": "invalid appsecret"})

    def _issue(self) -> None:
        ends = self._clock.now() + LIFETIME
        token = f"token-{secrets.token_hex(24)}"
        self._record("token_issued", {"token": token, "expires": ends.isoformat()})

    def _answer(self) -> dict[str, Any]:
        left = self._expires[self._latest] - self._clock.now()
        return {"access_token": self._latest, "expires_in": int(left.total_seconds())}

    def _record(self, kind: str, data: Mapping[str, Any]) -> None:
        self._apply(self._journal.append(self._name, kind, data))

    def _apply(self, entry: Entry) -> None:
        if entry.kind == "tokens_expired":
            self._expires = dict.fromkeys(self._expires, entry.at)
        elif entry.kind == "token_issued":
            if self._latest:
                ends = self._expires[self._latest]
                self._expires[self._latest] = min(ends, entry.at + OVERLAP)
            self._latest = entry.data["token"]
            self._expires[self._latest] = datetime.fromisoformat(entry.data["expires"])
