"""The sender on the platforms' simulators; their journal says what they have taken."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import httpx
from fastapi import FastAPI, HTTPException
from pydantic import SecretStr
from sqlalchemy import func, select
from sqlmodel import col

from services.reply.channel_registry import Channels, open_channels
from services.reply.channels.channel import Channel
from services.reply.commands import ApproveReply, NoteTold, WriteDraft
from services.reply.context import ReplyConfig, transaction
from services.reply.extension_sender import ExtensionSender
from services.reply.handlers.acknowledge_tickets import acknowledge_due
from services.reply.handlers.review import approve, note_told, write_draft
from services.reply.models import Reply
from services.reply.question_sender import QuestionSender
from services.reply.resident_handle import ResidentHandles
from services.reply.residents_sms import open_residents_sms
from services.reply.sender import Sender
from services.reply.settings import ReplySettings
from shared.auth.permissions import Role
from shared.auth.tokens import Person
from shared.bus.tables import outbox as outbox_table
from shared.pace import Pace
from tests.integration.reply.events import COUNTY, NOT_OURS, linked, received, repaired
from tests.integration.reply.harness import OFFICE, Harness
from waterdesk.simulators.app import build_app
from waterdesk.simulators.failure_modes import FailureQueue
from waterdesk.simulators.settings import SimulatorSettings
from waterdesk.simulators.simulators import Simulators

THEIRS = SimulatorSettings()
SECRET = "a secret of more than thirty-two characters"
PACE = Pace()
BOARD_APPEARS_WITHIN = timedelta(hours=6)


def settings(**changes: Any) -> ReplySettings:
    """Every platform, on the simulators."""
    return ReplySettings(
        _env_file=None,
        service_phone=OFFICE.service_phone,
        intake_url="http://platforms/intake",
        hotline_url="http://platforms/12345",
        hotline_app_id=THEIRS.hotline_app_id,
        hotline_secret=SecretStr(THEIRS.hotline_secret),
        board_url="http://platforms/board",
        board_app_code=SecretStr(THEIRS.board_app_code),
        board_token=SecretStr(THEIRS.board_token),
        board_back_office_url="http://platforms/board",
        board_back_office_key=SecretStr(THEIRS.board_backoffice_key),
        board_organization="蓝田县水利局",
        board_appears_within_hours=BOARD_APPEARS_WITHIN / timedelta(hours=1),
        wechat_url="http://platforms/wechat",
        wechat_app_id=THEIRS.wechat_app_id,
        wechat_app_secret=SecretStr(THEIRS.wechat_app_secret),
        **changes,
    )


@dataclass(repr=False)
class Intake:
    """Answers one question: how the platform calls the resident."""

    handles: dict[str, str] = field(default_factory=dict)
    phones: dict[str, str] = field(default_factory=dict)
    unavailable: bool = False
    asked: list[str] = field(default_factory=list)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.get("/complaints/{complaint_id}/handle")
        @app.post("/complaints/{complaint_id}/question")
        async def handle(complaint_id: str) -> dict[str, str]:
            self.asked.append(complaint_id)
            if self.unavailable:
                raise HTTPException(401)
            if complaint_id not in self.handles:
                raise HTTPException(404)
            return {"handle": self.handles[complaint_id]}

        @app.get("/complaints/{complaint_id}/resident")
        async def resident(complaint_id: str) -> dict[str, str | None]:
            self.asked.append(complaint_id)
            return {"name": None, "phone": self.phones.get(complaint_id), "address_line": None}

        return app


@dataclass(repr=False)
class Postbox:
    harness: Harness
    simulators: Simulators
    intake: Intake
    channels: Channels
    handles: ResidentHandles
    transport: httpx.AsyncBaseTransport
    sms: Channel | None = None

    @property
    def sender(self) -> Sender:
        by_platform = self.channels.by_platform
        return Sender(self.harness.database, self.config, by_platform, self.handles, self.sms)

    @property
    def questions(self) -> QuestionSender:
        channel = self.channels.by_platform["wechat"]
        return QuestionSender(self.harness.database, self.config, channel, self.handles)

    @property
    def extension_sender(self) -> ExtensionSender:
        channels = self.channels
        return ExtensionSender(
            self.harness.database,
            self.config,
            channels.by_platform,
            channels.extending,
            self.handles,
        )

    @property
    def config(self) -> ReplyConfig:
        return replace(self.harness.config, channels=frozenset(self.channels.by_platform))

    async def reopen(self, **changes: Any) -> None:
        """Other settings count from now on."""
        await self.channels.close()
        changed = settings(**changes)
        self.channels = open_channels(changed, self.harness.clock, self.transport)
        self.sms = open_residents_sms(changed, self.harness.clock, self.transport)

    async def acknowledge(self) -> int:
        """Tell platforms of accepted tickets once."""
        return await acknowledge_due(
            self.harness.database, self.config, self.channels.acknowledging
        )

    def with_channel(self, platform: str, channel: Channel) -> Sender:
        return replace(self.sender, channels={**self.channels.by_platform, platform: channel})

    def failures_of(self, platform: str) -> FailureQueue:
        return {
            "hotline_12345": self.simulators.hotline.failures,
            "message_board": self.simulators.board.failures,
            "wechat": self.simulators.wechat.failures,
        }[platform]

    async def approved(self, complaint_id: str = "c1", platform: str = "hotline_12345") -> None:
        """A complaint that the platform knows, repaired, its draft approved."""
        external_id = self.asks(complaint_id, platform)
        await self.harness.receives(
            received(complaint_id, platform=platform, external_id=external_id, sent_at=self.now),
            linked(complaint_id, work_order_id=f"w-{complaint_id}", at=self.now),
            repaired(f"w-{complaint_id}", at=self.now),
        )
        await self.approves(complaint_id)

    async def answered_unrepaired(self, platform: str) -> None:
        """A complaint that the platform knows, its answer written and approved by people before
        anything is repaired."""
        external_id = self.asks("c1", platform)
        await self.harness.receives(
            received("c1", platform=platform, external_id=external_id, sent_at=self.now)
        )
        await self.approves("c1", await self.writes("配件明日到货。", version=0))

    async def not_ours(self) -> None:
        """A ticket of 12345 that is not ours, its return approved."""
        number = self.simulators.hotline.add_ticket({"issueDesc": "屋顶漏水"})
        await self.harness.receives(received(external_id=number, decision=NOT_OURS))
        version = await self.writes("该问题由县住建局负责。", responsible="县住建局", version=1)
        await self.approves("c1", version)

    async def told(self, complaint_id: str, version: int) -> None:
        """A person has phoned it."""
        async with transaction(self.harness.database, self.config) as context:
            caller = Person("zhao", Role.REVIEWER, COUNTY)
            await note_told(context, complaint_id, NoteTold(version=version), caller)

    async def approves(self, complaint_id: str, version: int = 1) -> None:
        reviewer = Person("li", Role.REVIEWER, COUNTY)
        async with transaction(self.harness.database, self.config) as context:
            await approve(context, complaint_id, ApproveReply(version=version), reviewer)

    async def writes(
        self,
        text: str,
        *,
        version: int,
        responsible: str = "",
        complaint_id: str = "c1",
        interim: bool = False,
    ) -> int:
        writer = Person("zhao", Role.REVIEWER, COUNTY)
        command = WriteDraft(
            text=text, solved=False, version=version, responsible=responsible, interim=interim
        )
        async with transaction(self.harness.database, self.config) as context:
            return await write_draft(context, complaint_id, command, writer)

    async def recorded(self) -> list[str]:
        """The types of all events that have committed, in order."""
        async with self.harness.database.reading() as session:
            found = await session.execute(select(outbox_table).order_by(outbox_table.c.id))
            return [row.headers["ce_type"] for row in found]

    def asks(self, complaint_id: str, platform: str) -> str:
        """A resident asks there; returns the number."""
        if platform == "hotline_12345":
            return self.simulators.hotline.add_ticket({"issueDesc": "没水"})
        if platform == "message_board":
            return str(self.simulators.board.post_thread({"content": "没水"}))
        self.intake.handles[complaint_id] = f"o-{complaint_id}"
        return self.simulators.wechat.write_message(f"o-{complaint_id}", "没水")

    def taken(self) -> list[Mapping[str, object]]:
        """Every reply that any platform has taken, each time it took it."""
        kinds = ("replied", "returned", "answered", "customer_message", "template_message")
        return [entry.data for entry in self.simulators.journal.entries() if entry.kind in kinds]

    @property
    def now(self) -> datetime:
        return self.harness.clock.now()

    async def until_quiet(self) -> None:
        """Time goes by and the sender goes on, until nothing is due any more."""
        for _ in range(200):
            await self.sender.once()
            async with self.harness.database.reading() as session:
                next_due = await session.scalar(
                    select(func.min(col(Reply.next_attempt_at))).where(
                        col(Reply.state).in_(["approved", "sending", "awaiting_receipt"])
                    )
                )
            if next_due is None:
                return
            self.harness.clock.move_to(next_due)
        raise AssertionError("the sender never comes to an end")

    async def close(self) -> None:
        await self.channels.close()
        if self.sms is not None:
            await self.sms.close()
        await self.handles.close()
        await self.simulators.close()


def open_postbox(harness: Harness) -> Postbox:
    app = build_app(THEIRS, harness.clock)
    intake = Intake()
    app.mount("/intake", intake.app())
    transport = httpx.ASGITransport(app=app)
    handles = ResidentHandles("http://platforms/intake", SECRET, harness.clock, transport=transport)
    return Postbox(
        harness,
        app.state.simulators,
        intake,
        open_channels(settings(), harness.clock, transport),
        handles,
        transport,
    )
