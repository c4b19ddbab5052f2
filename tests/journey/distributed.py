"""The distributed form: each service a process of its own, with its database, over Kafka."""

import json
import secrets
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import yaml
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.dispatch.county_file import DEMO_COUNTY
from shared.auth.permissions import Role
from shared.auth.tokens import Person, issue_token
from shared.db import async_engine
from shared.health import READY
from shared.privacy.vault import new_key
from tests.journey.process_group import (
    WATERDESK,
    Group,
    comes_true,
    ports_of_services,
    started,
    waterdesk,
)
from tests.journey.records import Rows, read_journal
from tests.journey.simulators_process import SIMULATED
from waterdesk.audit.simulator_journal import JOURNAL
from waterdesk.demo.composition import COUNTY
from waterdesk.installation import SERVICES

CENTRE = "蓝田县农村饮水安全中心"
_READY_WITHIN_SECONDS = 60.0


def settings_of(database_url: str, kafka: str) -> dict[str, str]:
    """What compose.yaml would give all of them; platforms are the simulators."""
    ports = ports_of_services()
    platforms = f"http://127.0.0.1:{ports['WATERDESK_SIMULATORS_PORT']}"
    return ports | {
        "WATERDESK_DATABASE_URL": database_url,
        "WATERDESK_BUS": "kafka",
        "WATERDESK_KAFKA": kafka,
        "WATERDESK_KAFKA_PARTITIONS": "3",
        "WATERDESK_SECRET": secrets.token_urlsafe(48),
        "WATERDESK_PRIVACY_KEYS": new_key(),
        "WATERDESK_LOG_LEVEL": "WARNING",
        "WATERDESK_HOTLINE_URL": f"{platforms}/12345",
        "WATERDESK_HOTLINE_APP_ID": SIMULATED.hotline_app_id,
        "WATERDESK_HOTLINE_SECRET": SIMULATED.hotline_secret,
        "WATERDESK_HOTLINE_POLL_SECONDS": "0.5",
        "WATERDESK_BOARD_URL": f"{platforms}/board",
        "WATERDESK_BOARD_APP_CODE": SIMULATED.board_app_code,
        "WATERDESK_BOARD_FORUM_ID": str(SIMULATED.board_fid),
        "WATERDESK_BOARD_POLL_SECONDS": "0.5",
        "WATERDESK_BOARD_BACK_OFFICE_URL": f"{platforms}/board",
        "WATERDESK_BOARD_BACK_OFFICE_KEY": SIMULATED.board_backoffice_key,
        "WATERDESK_BOARD_ORGANIZATION": CENTRE,
        "WATERDESK_WECHAT_APP_ID": SIMULATED.wechat_app_id,
        "WATERDESK_WECHAT_TOKEN": SIMULATED.wechat_token,
        "WATERDESK_WECHAT_AES_KEY": SIMULATED.wechat_aes_key,
        "WATERDESK_WECHAT_URL": f"{platforms}/wechat",
        "WATERDESK_WECHAT_APP_SECRET": SIMULATED.wechat_app_secret,
        "WATERDESK_WECHAT_TEMPLATE_ID": "reply",
        "WATERDESK_ASSIGN_EVERY_SECONDS": "0.5",
        "WATERDESK_SENDER_SECONDS": "0.2",
        "WATERDESK_SEND_FIRST_WAIT_SECONDS": "0.5",
    }


def county_with_crews_round_the_clock(folder: Path) -> Path:
    """Write the demo county with shifts of 24 hours to `folder`: these services use the real
    time, and at night a work order that is not urgent waits for a crew."""
    county = yaml.safe_load(DEMO_COUNTY.read_text(encoding="utf-8"))
    for table in ("schemes", "villages"):
        county[table] = str(DEMO_COUNTY.with_name(county[table]))
    for crew in county["crews"]:
        crew["shifts"] = [{"days": "mon-sun", "from": "00:00", "to": "24:00"}]
    written = folder / "county.yaml"  # JSON is YAML too
    written.write_text(json.dumps(county), encoding="utf-8")
    return written


@dataclass
class Distributed:
    """All its processes. Also a `waterdesk.demo.simulated_staff.Office`: staff use HTTP only."""

    home: Path
    settings: Mapping[str, str]
    platforms: httpx.AsyncClient
    _stack: AsyncExitStack
    _engines: Mapping[str, AsyncEngine]
    running: dict[str, Group] = field(default_factory=dict)

    def port(self, service: str) -> int:
        return int(self.settings[f"WATERDESK_{service.upper()}_PORT"])

    async def start(self, services: Iterable[str] = SERVICES) -> None:
        """Return when they are ready."""
        for name in services:
            self.running[name] = await self._stack.enter_async_context(
                started([WATERDESK, "serve", name], self.home.with_name(name), self.settings)
            )
        await self.answer(*services)

    async def kill(self, *services: str) -> None:
        for name in services:
            await self.running.pop(name).kill()

    async def answer(self, *services: str) -> None:
        async with httpx.AsyncClient() as client:

            async def ready() -> bool:
                try:
                    answers = [
                        await client.get(f"http://127.0.0.1:{self.port(name)}{READY}")
                        for name in services
                    ]
                except httpx.TransportError:
                    return False  # not listening yet
                return all(answer.status_code == httpx.codes.OK for answer in answers)

            await comes_true(ready, _READY_WITHIN_SECONDS, list(self.running.values()))

    @property
    def server(self) -> str:
        """URL of the databases with `{}` for the service's name."""
        return self.settings["WATERDESK_DATABASE_URL"].replace("{service}", "{}")

    def journal(self) -> Rows:
        return read_journal(self.home / JOURNAL)

    async def count(self, service: str, query: str) -> int:
        ((count,),) = await self.rows(service, query)
        return int(count)

    async def rows(self, service: str, query: str) -> Sequence[Row[Any]]:
        async with self._engines[service].connect() as connection:
            return (await connection.execute(text(query))).all()

    async def tell_simulators(self, path: str, body: dict[str, Any]) -> None:
        (await self.platforms.post(path, json=body)).raise_for_status()

    async def journal_entries(self) -> Iterable[tuple[str, Mapping[str, Any]]]:
        return [(entry["kind"], entry["data"]) for entry in self.journal()]

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
        person = Person(f"test-{role.value}", role, COUNTY, crew_id)
        secret = self.settings["WATERDESK_SECRET"]
        token = issue_token(person, secret, datetime.now(UTC), audience="service")
        address = f"http://127.0.0.1:{self.port(service)}{path}"
        async with httpx.AsyncClient(timeout=30) as client:
            answer = await client.request(
                method, address, json=body, headers={"authorization": f"Bearer {token}"}
            )
        return answer.raise_for_status()


@asynccontextmanager
async def distributed(home: Path, server: str, kafka: str) -> AsyncIterator[Distributed]:
    """New databases in the PostgreSQL at `server`, the simulators and the three services."""
    home.mkdir()  # noqa: ASYNC240
    database = server.format(f"journey_{secrets.token_hex(4)}_{{service}}")
    settings = settings_of(database, kafka)
    settings["WATERDESK_COUNTY_FILE"] = str(county_with_crews_round_the_clock(home))
    assert (await waterdesk("migrate", home=home, settings=settings))[0] == 0
    engines = {name: async_engine(database.replace("{service}", name)) for name in SERVICES}
    simulators = [sys.executable, "-m", "tests.journey.simulators_process"]
    simulators += [settings["WATERDESK_SIMULATORS_PORT"], str(home / JOURNAL)]
    simulators += [settings["WATERDESK_INTAKE_URL"]]
    async with AsyncExitStack() as stack:
        for engine in engines.values():
            stack.push_async_callback(engine.dispose)
        outside = await stack.enter_async_context(started(simulators, home.with_name("simulators")))
        root = f"http://127.0.0.1:{settings['WATERDESK_SIMULATORS_PORT']}"
        platforms = await stack.enter_async_context(httpx.AsyncClient(base_url=root))
        services = Distributed(home, settings, platforms, stack, engines)
        services.running["simulators"] = outside
        await services.start()
        yield services
