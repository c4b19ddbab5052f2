"""`waterdesk serve intake` while Kafka is unavailable: it starts, takes complaints, and says so."""

import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import httpx

from shared.auth.permissions import Role
from shared.auth.tokens import Person, issue_token
from shared.privacy.vault import new_key
from tests.journey.process_group import WATERDESK, comes_true, free_ports, started

STARTS_WITHIN = 60.0


async def test_intake_takes_complaints_and_keeps_their_events(
    postgres: str, migrated_template: Callable[[str], Awaitable[str]], tmp_path: Path
) -> None:
    name = f"no_kafka_{secrets.token_hex(4)}"
    server = await asyncpg.connect(postgres.format("postgres"))
    template = await migrated_template("intake")
    try:
        await server.execute(f"CREATE DATABASE {name}_intake TEMPLATE {template}")
    finally:
        await server.close()
    port, closed_port = free_ports(2)
    secret = secrets.token_urlsafe(48)
    settings = {
        "WATERDESK_DATABASE_URL": postgres.format(f"{name}_{{service}}"),
        "WATERDESK_BUS": "kafka",
        "WATERDESK_KAFKA": f"127.0.0.1:{closed_port}",
        "WATERDESK_INTAKE_PORT": str(port),
        "WATERDESK_SECRET": secret,
        "WATERDESK_PRIVACY_KEYS": new_key(),
    }
    person = Person("wang", Role.DISPATCHER, "610122")
    token = issue_token(person, secret, datetime.now(UTC), audience="service")
    async with (
        started([WATERDESK, "serve", "intake"], tmp_path / "home", settings) as group,
        httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
        ) as client,
    ):

        async def is_alive() -> bool:
            try:
                return (await client.get("/livez")).status_code == 200
            except httpx.TransportError:
                return False  # not listening yet

        async def is_waiting_for_its_bus() -> bool:
            parts = (await client.get("/readyz")).json()["parts"]
            return bool(parts["bus"]["error"])

        await comes_true(is_alive, STARTS_WITHIN, [group])
        answer = await client.post("/complaints", json={"text": "三里镇樊家村三组停水两天了"})
        assert answer.status_code == 201
        await comes_true(is_waiting_for_its_bus, STARTS_WITHIN, [group])

    database = await asyncpg.connect(postgres.format(f"{name}_intake"))
    try:
        assert await database.fetchval("SELECT count(*) FROM outbox") > 0
    finally:
        await database.close()
