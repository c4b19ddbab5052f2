"""Asks residents on WeChat whether it is solved: each question is sent once, or not at all."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import bindparam, select
from sqlmodel import col

from shared.db import Database
from shared.http import PlatformUnavailable

from .channels.channel import Ambiguous, Channel, OutgoingReply, Refused
from .context import Context, ReplyConfig, transaction
from .handlers.call_back_deadlines import meet_call_back
from .loading import CALL_BACKS, COMPLAINTS, rows
from .models import CallBack
from .resident_handle import ResidentHandles
from .rules.call_backs import QUESTION, CallBackState, WhyClosed

_AT_ONCE = 8
_DUE = (
    select(CallBack)
    .where(col(CallBack.due_at) <= bindparam("now"))
    .order_by(col(CallBack.due_at))
    .limit(_AT_ONCE)
    .with_for_update(skip_locked=True)
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Claimed:
    complaint_id: str
    county: str
    version: int
    tries: int


@dataclass(frozen=True, slots=True)
class QuestionSender:
    """`channel` None: nobody is asked by a message, and only waiting questions end."""

    database: Database
    config: ReplyConfig
    channel: Channel | None
    handles: ResidentHandles

    async def once(self) -> int:
        """Ask some of those that are due, and end what has waited too long. Returns how many."""
        async with transaction(self.database, self.config) as context:
            due = (await context.session.execute(_DUE, {"now": context.now})).scalars().all()
            claims = [
                claimed for each in due if (claimed := self._claim(context, each)) is not None
            ]
        await asyncio.gather(*map(self._ask, claims))
        return len(due)

    def _claim(self, context: Context, call_back: CallBack) -> _Claimed | None:
        """None: there is nothing to send."""
        now, policy = context.now, self.config.call_backs
        match CallBackState(call_back.state):
            case CallBackState.TO_ASK if self.channel is not None:
                call_back.claim(now + self.config.pace.lease)
                return _Claimed(
                    call_back.complaint_id, call_back.county, call_back.version, call_back.tries
                )
            case CallBackState.TO_ASK:
                context.tell(call_back.leave_to_call(now))
            case CallBackState.ASKING:  # its sender died: it may have been sent
                context.tell(call_back.sent(now, policy))
            case _:
                context.tell(call_back.close(WhyClosed.NO_ANSWER, now))
        return None

    async def _ask(self, claimed: _Claimed) -> None:
        result = await self._send(claimed)
        async with transaction(self.database, self.config) as context:
            (complaint,) = await rows(context.session, COMPLAINTS, [claimed.complaint_id])
            if result in ("sent", "ambiguous"):
                await meet_call_back(context, complaint, context.now)
            for each in await rows(context.session, CALL_BACKS, [claimed.complaint_id]):
                is_ours = each.version == claimed.version
                if is_ours and each.state == CallBackState.ASKING:
                    self._record(context, each, result)
        log.info("question", complaint_id=claimed.complaint_id, result=result)

    async def _send(self, claimed: _Claimed) -> str:
        assert self.channel is not None
        try:
            handle = await self.handles.asking(claimed.complaint_id, claimed.county)
            question = OutgoingReply(
                request_id=f"q-{claimed.complaint_id}-{claimed.version}",
                external_id="",
                text=QUESTION,
                solved=True,
                handle=handle,
            )
            await self.channel.send(question)
        except PlatformUnavailable:
            return "unavailable"
        except Refused:
            return "refused"
        except Ambiguous:
            return "ambiguous"
        return "sent"

    def _record(self, context: Context, call_back: CallBack, result: str) -> None:
        now = context.now
        match result:
            case "unavailable":
                call_back.postpone(_later(self.config, call_back.tries, now))
            case "refused":
                context.tell(call_back.leave_to_call(now))
            case _:  # an ambiguous one may have arrived: it is not sent again
                context.tell(call_back.sent(now, self.config.call_backs))


def _later(config: ReplyConfig, tries: int, now: datetime) -> datetime:
    return now + config.pace.wait_after(tries + 1)
