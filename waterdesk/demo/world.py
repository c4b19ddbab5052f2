"""The demo's world: the three services, wired to simulated platforms instead of real ones."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import Row

from services.dispatch.settings import DispatchSettings
from services.intake.settings import IntakeSettings
from services.reply.settings import ReplySettings
from shared.auth.permissions import Role
from shared.auth.tokens import Person, issue_token
from shared.bus.protocol import Bus
from shared.clock import Clock
from shared.service import Service
from waterdesk import composition
from waterdesk.audit.platforms import JOURNAL
from waterdesk.demo.in_process import ByHost
from waterdesk.installation import Installation
from waterdesk.simulators.app import build_app
from waterdesk.simulators.settings import SimulatorSettings
from waterdesk.simulators.simulators import Simulators

COUNTY = "610122"
CENTRE = "蓝田县农村饮水安全中心"
_QUICK = 2.0
"""Seconds between polls: real platforms are asked seldom, the demo shall look alive."""
_BOARD_HOURS, _LIVE_BOARD_HOURS = 72, 20 / 3600
"""How long the board may review an answer: the live demo's shows them at once; in the year's
history, where it may be read hours apart, it has the days of a real one."""


def _platform_settings(simulated: SimulatorSettings, root: str) -> dict[str, Any]:
    """Where both intake and reply find the platforms, and the keys they share with them."""
    return {
        "hotline_url": f"{root}/12345",
        "hotline_app_id": simulated.hotline_app_id,
        "hotline_secret": SecretStr(simulated.hotline_secret),
        "board_url": f"{root}/board",
        "board_app_code": SecretStr(simulated.board_app_code),
        "board_token": SecretStr(simulated.board_token),
        "wechat_app_id": simulated.wechat_app_id,
    }


def intake_settings(
    installation: Installation, simulated: SimulatorSettings, root: str
) -> IntakeSettings:
    return IntakeSettings(
        home=installation.settings.home,
        county=COUNTY,
        **_platform_settings(simulated, root),
        board_forum_id=simulated.board_fid,
        wechat_token=SecretStr(simulated.wechat_token),
        wechat_aes_key=SecretStr(simulated.wechat_aes_key),
        hotline_poll_seconds=_QUICK,
        board_poll_seconds=_QUICK,
    )


def reply_settings(
    installation: Installation,
    simulated: SimulatorSettings,
    root: str,
    intake_url: str,
    *,
    is_live: bool,
) -> ReplySettings:
    return ReplySettings(
        home=installation.settings.home,
        intake_url=intake_url,
        office_name=CENTRE,
        service_phone="029-8270 0000",
        **_platform_settings(simulated, root),
        board_organization=CENTRE,
        board_back_office_url=f"{root}/board",
        board_back_office_key=SecretStr(simulated.board_backoffice_key),
        wechat_url=f"{root}/wechat",
        wechat_app_secret=SecretStr(simulated.wechat_app_secret),
        wechat_template_id="reply",
        board_appears_within_hours=_LIVE_BOARD_HOURS if is_live else _BOARD_HOURS,
        sender_seconds=1,
    )


@dataclass(frozen=True, slots=True)
class World:
    installation: Installation
    bus: Bus
    clock: Clock
    services: Mapping[str, Service]
    simulators_app: FastAPI
    said_to: httpx.AsyncClient
    """Reaches the simulators' root: what residents say goes in here."""
    asked: Mapping[str, httpx.AsyncClient]
    """By service: reaches its HTTP API."""

    @property
    def simulators(self) -> Simulators:
        simulators = self.simulators_app.state.simulators
        assert isinstance(simulators, Simulators)
        return simulators

    async def rows(self, service: str, query: str) -> Sequence[Row[Any]]:
        async with self.services[service].database.connect() as connection:
            return (await connection.exec_driver_sql(query)).all()

    async def platforms_wrote(self) -> Iterable[tuple[str, Mapping[str, Any]]]:
        return ((entry.kind, entry.data) for entry in self.simulators.journal.entries())

    async def ask(
        self,
        service: str,
        role: Role,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        crew_id: str | None = None,
    ) -> httpx.Response:
        """Somebody of the centre at a service's HTTP API, in this process.

        Raises httpx.HTTPStatusError where the service refuses.
        """
        person = Person(f"demo-{role.value}", role, COUNTY, crew_id)
        token = issue_token(person, self.installation.secret, self.clock.now(), audience="service")
        answer = await self.asked[service].request(
            method, path, json=body, headers={"authorization": f"Bearer {token}"}
        )
        return answer.raise_for_status()


def _client_of(app: FastAPI, name: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"http://{name}")


@asynccontextmanager
async def open_world(
    installation: Installation, bus: Bus, clock: Clock, *, in_process: bool
) -> AsyncIterator[World]:
    """Build everything; nothing runs yet.

    `in_process`: all HTTP between services and platforms goes without sockets, so that nothing
    needs to be served. Else it goes to the ports of the settings.
    """
    between = ByHost() if in_process else None
    intake_url = "http://intake" if in_process else installation.settings.intake_url
    port = installation.settings.simulators_port
    root = "http://simulators" if in_process else f"http://127.0.0.1:{port}"
    simulated = SimulatorSettings(
        journal_path=installation.settings.home / JOURNAL, push_to=intake_url
    )
    services = {
        "intake": composition.intake(
            installation, bus, clock, intake_settings(installation, simulated, root), between
        ),
        "dispatch": composition.dispatch(
            installation, bus, clock, DispatchSettings(home=installation.settings.home)
        ),
        "reply": composition.reply(
            installation,
            bus,
            clock,
            reply_settings(installation, simulated, root, intake_url, is_live=not in_process),
            between,
        ),
    }
    simulators_app = build_app(simulated, clock, between)
    if between:
        between.answer({"intake": services["intake"].app, "simulators": simulators_app})
    said_to = _client_of(simulators_app, "simulators")
    asked = {name: _client_of(service.app, name) for name, service in services.items()}
    try:
        yield World(installation, bus, clock, services, simulators_app, said_to, asked)
    finally:
        for client in (said_to, *asked.values()):
            await client.aclose()
        await simulators_app.state.simulators.close()
        for service in services.values():
            await service.close()
