"""Composition of the demo: the three services, connected to simulated platforms."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
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
from waterdesk.audit.simulator_journal import JOURNAL
from waterdesk.demo.in_process_http import InProcessTransport
from waterdesk.installation import Installation
from waterdesk.simulators import sms
from waterdesk.simulators.app import build_app
from waterdesk.simulators.settings import SimulatorSettings
from waterdesk.simulators.simulators import Simulators

COUNTY = "610122"
CENTRE = "蓝田县农村饮水安全中心"
_POLL_SECONDS = 2.0
"""Shorter than for real platforms, so that the live demo reacts quickly."""
_BOARD_HOURS, _LIVE_BOARD_HOURS = 72, 20 / 3600
"""How long the board may review an answer. The live demo's board shows it at once; the
history reads the board hours apart and uses a real board's days."""


def _platform_settings(simulated: SimulatorSettings, root: str) -> dict[str, Any]:
    """Settings that intake and reply share: the platforms' addresses and keys."""
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
        hotline_poll_seconds=_POLL_SECONDS,
        board_poll_seconds=_POLL_SECONDS,
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


def dispatch_settings(
    installation: Installation, simulated: SimulatorSettings, root: str, *, is_live: bool
) -> DispatchSettings:
    """Staff are told by WeCom and by text message in the live demo only: nobody is woken by the
    history."""
    home = installation.settings.home
    if not is_live:
        return DispatchSettings(home=home)
    description = home / "sms-provider.yaml"
    description.write_text(sms.DESCRIPTION.format(root=root), encoding="utf-8")
    return DispatchSettings(
        home=home,
        wecom_url=f"{root}/wecom",
        wecom_corp_id=simulated.wecom_corp_id,
        wecom_agent_id=simulated.wecom_agent_id,
        wecom_secret=SecretStr(simulated.wecom_secret),
        wecom_token=SecretStr(simulated.wecom_token),
        wecom_aes_key=SecretStr(simulated.wecom_aes_key),
        sms_provider=description,
        sms_secret=SecretStr(simulated.sms_secret),
    )


@dataclass(frozen=True, slots=True)
class DemoComposition:
    installation: Installation
    bus: Bus
    clock: Clock
    services: Mapping[str, Service]
    simulators_app: FastAPI
    simulators_client: httpx.AsyncClient
    """Its base URL is the simulators' root."""
    service_clients: Mapping[str, httpx.AsyncClient]
    """By service name, for its HTTP API."""

    @property
    def simulators(self) -> Simulators:
        simulators = self.simulators_app.state.simulators
        assert isinstance(simulators, Simulators)
        return simulators

    async def rows(self, service: str, query: str) -> Sequence[Row[Any]]:
        async with self.services[service].database.connect() as connection:
            return (await connection.exec_driver_sql(query)).all()

    async def tell_simulators(self, path: str, body: dict[str, Any]) -> None:
        (await self.simulators_client.post(path, json=body)).raise_for_status()

    async def journal_entries(self) -> Iterable[tuple[str, Mapping[str, Any]]]:
        return ((entry.kind, entry.data) for entry in self.simulators.journal.entries())

    async def request(
        self,
        service: str,
        role: Role,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        crew_id: str | None = None,
    ) -> httpx.Response:
        """Call a service's HTTP API in this process as a member of staff.

        Raises httpx.HTTPStatusError for an error answer.
        """
        person = Person(f"demo-{role.value}", role, COUNTY, crew_id)
        token = issue_token(person, self.installation.secret, self.clock.now(), audience="service")
        answer = await self.service_clients[service].request(
            method, path, json=body, headers={"authorization": f"Bearer {token}"}
        )
        return answer.raise_for_status()


def _client_of(app: FastAPI, name: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"http://{name}")


@asynccontextmanager
async def compose_demo(
    installation: Installation, bus: Bus, clock: Clock, *, in_process: bool
) -> AsyncIterator[DemoComposition]:
    """Build everything without starting it.

    `in_process`: HTTP between services and platforms uses no sockets, so nothing must be served.
    Otherwise it uses the ports of the settings.
    """
    transport = InProcessTransport() if in_process else None
    intake_url = "http://intake" if in_process else installation.settings.intake_url
    port = installation.settings.simulators_port
    root = "http://simulators" if in_process else f"http://127.0.0.1:{port}"
    simulated = SimulatorSettings(
        journal_path=installation.settings.home / JOURNAL,
        push_to=intake_url,
        press_to=f"http://127.0.0.1:{installation.settings.dispatch_port}",
        hotline_decides_after=timedelta(minutes=2),
    )
    services = {
        "intake": composition.intake(
            installation, bus, clock, intake_settings(installation, simulated, root), transport
        ),
        "dispatch": composition.dispatch(
            installation,
            bus,
            clock,
            dispatch_settings(installation, simulated, root, is_live=not in_process),
            transport,
        ),
        "reply": composition.reply(
            installation,
            bus,
            clock,
            reply_settings(installation, simulated, root, intake_url, is_live=not in_process),
            transport,
        ),
    }
    simulators_app = build_app(simulated, clock, transport)
    if transport:
        transport.apps = {"intake": services["intake"].app, "simulators": simulators_app}
    simulators_client = _client_of(simulators_app, "simulators")
    service_clients = {name: _client_of(service.app, name) for name, service in services.items()}
    try:
        yield DemoComposition(
            installation, bus, clock, services, simulators_app, simulators_client, service_clients
        )
    finally:
        for client in (simulators_client, *service_clients.values()):
            await client.aclose()
        await simulators_app.state.simulators.close()
        for service in services.values():
            await service.close()
