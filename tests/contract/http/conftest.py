"""The three services on real sockets, databases and the embedded bus, with a day's work in them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from services.dispatch.service import build as build_dispatch
from services.dispatch.settings import DispatchSettings
from services.intake.service import build as build_intake
from services.intake.settings import IntakeSettings
from services.reply.service import build as build_reply
from services.reply.settings import ReplySettings
from shared.auth.permissions import Role
from shared.auth.tokens import Person, issue_token
from shared.bus.embedded import EmbeddedBus
from shared.bus.topics import ALL as ALL_TOPICS
from shared.clock import ManualClock
from shared.db import Database
from shared.migrations import make_database, migrate
from shared.privacy.vault import Vault, new_key
from shared.service import Service
from tests.conftest import NOW
from tests.journey.process_group import free_ports
from waterdesk.bus_upkeep import BusUpkeep
from waterdesk.runner import run_services

SECRET = "a secret of the tests, long enough"
COUNTY = "610122"
_SERVICES = Path(__file__).parents[3] / "services"


@dataclass
class County:
    """`known`: ids that exist, by the name of the path parameter they fit."""

    services: Mapping[str, Service]
    urls: Mapping[str, str]
    token: str
    known: dict[str, str]

    @property
    def authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@pytest.fixture(scope="package")
async def county(postgres: str) -> AsyncIterator[County]:
    """Made once: no test here counts what another one has changed."""
    clock = ManualClock(NOW)

    async def database_of(service: str) -> Database:
        url = postgres.format(f"http_{service}")
        await make_database(url)
        await migrate(url, _SERVICES / service / "migrations")
        return Database(url, service, clock)

    await make_database(postgres.format("http_bus"))
    bus = EmbeddedBus(postgres.format("http_bus"))
    await bus.start()
    await bus.ensure_topics(ALL_TOPICS)
    ports = dict(zip(("intake", "dispatch", "reply"), free_ports(3), strict=True))
    urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
    services = {
        "intake": build_intake(
            IntakeSettings(
                county=COUNTY, hotline_secret=SecretStr("theirs"), wechat_token=SecretStr("token")
            ),
            await database_of("intake"),
            bus,
            secret=SECRET,
            vault=Vault([new_key()]),
        ),
        "dispatch": build_dispatch(
            DispatchSettings(intake_url=urls["intake"], reply_url=urls["reply"]),
            await database_of("dispatch"),
            bus,
            secret=SECRET,
        ),
        "reply": build_reply(
            ReplySettings(intake_url=urls["intake"]),
            await database_of("reply"),
            bus,
            secret=SECRET,
        ),
    }
    admin = Person("chen", Role.ADMIN, COUNTY)
    token = issue_token(admin, SECRET, clock.now(), audience="service")
    made = County(services, urls, token, {})
    stopping = asyncio.Event()
    listening = [(services[name], port) for name, port in ports.items()]
    running = asyncio.create_task(
        run_services(listening, BusUpkeep(bus, timedelta(days=400)), "127.0.0.1", stopping)
    )
    try:
        await _work(made)
        yield made
    finally:
        stopping.set()
        await running
        await bus.close()


async def _work(county: County) -> None:
    """One complaint waits for a decision; another one is repaired, and its reply drafted."""
    call = {"name": "测试乙", "phone": "13900000002", "address_line": "三里镇樊家村三组5号"}
    async with httpx.AsyncClient(headers=county.authorization) as client:

        async def asks(service: str, method: str, path: str, body: object = None) -> httpx.Response:
            return await client.request(method, county.urls[service] + path, json=body)

        async def until(
            service: str, path: str, is_wanted: Callable[[Any], object] = bool
        ) -> httpx.Response:
            """The answer, as soon as it is a success that holds what is wanted."""
            async with asyncio.timeout(30):
                while True:
                    try:
                        answer = await asks(service, "GET", path)
                        if answer.is_success and is_wanted(answer.json()):
                            return answer
                    except httpx.TransportError:
                        pass
                    await asyncio.sleep(0.1)

        def is_assigned(work_orders: list[dict[str, Any]]) -> bool:
            return [each["state"] for each in work_orders] == ["assigned"]

        await until("intake", "/villages?limit=1")
        vague = await asks("intake", "POST", "/complaints", {"text": "喂？你好"})
        said = {"text": "三里镇樊家村三组停水两天了，一滴水都没有", **call}
        clear = await asks("intake", "POST", "/complaints", said)
        (order,) = (await until("dispatch", "/api/work-orders", is_assigned)).json()
        for step, body in (
            ("accept", {}),
            ("arrive", {}),
            ("repair", {"component": "pump", "found": "电机烧毁", "done": "更换电机"}),
        ):
            path = f"/api/work-orders/{order['id']}/{step}"
            (await asks("dispatch", "POST", path, body)).raise_for_status()
        complaint_id = clear.json()["complaint_id"]
        await until("reply", f"/replies/{complaint_id}")
        county.known |= {
            "complaint_id": complaint_id,
            "work_order_id": order["id"],
            "scheme_id": order["scheme_id"],
            "raw_id": vague.json()["complaint_id"],
        }
