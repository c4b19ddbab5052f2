"""Dispatch telling staff, by the simulators of WeCom and of a provider of text messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr
from sqlalchemy import select, update
from sqlmodel import col

from services.dispatch.models import CardUpdate, Staff, StaffMessage
from services.dispatch.notices.cards import update_cards
from services.dispatch.notices.deliveries import SendingRules
from services.dispatch.notices.queueing import Notice, queue
from services.dispatch.notices.sender import MessageSender
from services.dispatch.notices.ways import open_ways, profiles_of
from services.dispatch.rules.staff_messages import Button
from services.dispatch.service import build
from services.dispatch.settings import DispatchSettings
from shared.bus.embedded import EmbeddedBus
from shared.service import Service
from tests.integration.dispatch.harness import Dispatch
from waterdesk.simulators.settings import SimulatorSettings
from waterdesk.simulators.simulators import Simulators
from waterdesk.simulators.sms import DESCRIPTION

ROOT = "http://simulators"
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
PHONE = "13900000001"


def settings_for(simulated: SimulatorSettings, folder: Path) -> DispatchSettings:
    """Both ways lead to the simulators."""
    description = folder / "provider.yaml"
    description.write_text(DESCRIPTION.format(root=ROOT), encoding="utf-8")
    return DispatchSettings(
        wecom_url=f"{ROOT}/wecom",
        wecom_corp_id=simulated.wecom_corp_id,
        wecom_agent_id=simulated.wecom_agent_id,
        wecom_secret=SecretStr(simulated.wecom_secret),
        wecom_token=SecretStr(simulated.wecom_token),
        wecom_aes_key=SecretStr(simulated.wecom_aes_key),
        sms_provider=description,
        sms_secret=SecretStr(simulated.sms_secret),
    )


@dataclass(repr=False)
class Telling:
    """`sender` is one process of dispatch; `another_sender` makes a second one."""

    dispatch: Dispatch
    simulators: Simulators
    transport: httpx.AsyncBaseTransport
    settings: DispatchSettings

    def __post_init__(self) -> None:
        self.sender = self.another_sender()

    def another_sender(self) -> MessageSender:
        database = self.dispatch.database
        ways = open_ways(self.settings, database.clock, self.transport)
        return MessageSender(database, SendingRules(profiles_of(ways)), ways)

    def service(self) -> Service:
        bus = EmbeddedBus("postgresql://127.0.0.1:1/unused")
        return build(
            self.settings,
            self.dispatch.database,
            bus,
            secret="a secret of the tests, long enough",
            transport=self.transport,
        )

    async def reaches(self, name: str, **columns: object) -> None:
        """`columns` of the person's row: wecom_userid, phone, declined_ways."""
        async with self.dispatch.database.work() as (session, _):
            await session.execute(
                update(Staff).where(col(Staff.sign_in_name) == name).values(**columns)
            )

    async def tells(
        self,
        name: str = "li",
        *,
        alert: str = "alert-1",
        urgent: bool = False,
        work_order_id: str | None = None,
        buttons: Sequence[Button] = (),
    ) -> None:
        now = self.dispatch.clock.now()
        notice = Notice(
            alert, name, "新任务 WX-001", "岭上村三组停水", now, urgent, work_order_id, buttons
        )
        async with self.dispatch.database.work() as (session, _):
            await queue(session, [notice], tuple(self.sender.ways), now)

    async def sends_for(self, length: timedelta, *, every: timedelta = 30 * SECOND) -> None:
        """As the periodic task, for so long."""
        ends = self.dispatch.clock.now() + length
        while self.dispatch.clock.now() < ends:
            await self.sends()
            self.dispatch.clock.advance(every)
        await self.sends()

    async def sends(self) -> None:
        for _ in range(20):
            if not await self.sender.once():
                return

    async def changes_cards(self) -> None:
        while await update_cards(self.sender):
            pass

    async def messages(self) -> Sequence[StaffMessage]:
        async with self.dispatch.database.reading() as session:
            found = await session.execute(
                select(StaffMessage).order_by(
                    col(StaffMessage.queued_at),
                    col(StaffMessage.instead_of).is_not(None),
                    col(StaffMessage.id),
                )
            )
            return found.scalars().all()

    async def states(self) -> list[tuple[str, str, str | None]]:
        return [(each.way, each.state, each.why) for each in await self.messages()]

    async def cards(self) -> Sequence[CardUpdate]:
        async with self.dispatch.database.reading() as session:
            found = await session.execute(select(CardUpdate))
            return found.scalars().all()

    def seen(self, way: str, kind: str = "delivered") -> list[dict[str, Any]]:
        """What people have got, by the simulators' journal."""
        return [dict(entry.data) for entry in self.simulators.journal.entries(way, kind)]


async def presses(telling: Telling, card: str, button: str) -> None:
    telling.simulators.wecom.press(card, button)
    assert await telling.simulators.deliver_pushes(everything=True) == 1
    await telling.changes_cards()


def shown(telling: Telling, card: str) -> dict[str, Any]:
    (held,) = telling.simulators.wecom.cards()["LiJie"]
    assert held["taskId"] == card
    return dict(held["card"])
