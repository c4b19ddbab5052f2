"""The embedded PostgreSQL starts again after a SIGKILL, whoever has its old number now."""

import os
import signal
import sys
from pathlib import Path

import asyncpg
import pytest

from shared.embedded_postgres import embedded_postgres
from shared.postgres_server import PostgresServer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells whose a pid is")


async def _what_is_kept(url: str) -> int:
    connection = await asyncpg.connect(url.format("postgres"))
    try:
        await connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        await connection.execute("INSERT INTO kept VALUES (1)")
        kept: int = await connection.fetchval("SELECT count(*) FROM kept")
    finally:
        await connection.close()
    return kept


def _is_a_zombie(pid: int) -> None:
    """Returns when it is dead, and leaves it in the list of processes."""
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


async def test_it_starts_beside_its_own_zombie(tmp_path: Path) -> None:
    server = PostgresServer(tmp_path / "postgres", {})
    server.initialise()
    killed = server.start()
    assert await _what_is_kept(server.url) == 1
    os.kill(killed.pid, signal.SIGKILL)
    _is_a_zombie(killed.pid)
    try:
        with embedded_postgres(tmp_path / "postgres") as again:
            assert await _what_is_kept(again) == 2
    finally:
        killed.wait()


async def test_it_starts_where_somebody_else_has_its_old_number(tmp_path: Path) -> None:
    data = tmp_path / "postgres"
    with embedded_postgres(data) as url:
        await _what_is_kept(url)
        lock, socket_lock = data / "postmaster.pid", data / ".s.PGSQL.5432.lock"
        locks = {path: path.read_text().split("\n", 1)[1] for path in (lock, socket_lock)}
    for path, rest in locks.items():  # as they lie there after a power cut and a new start
        path.write_text(f"{os.getpid()}\n{rest}")
        path.chmod(0o644)
    with embedded_postgres(data) as url:
        assert await _what_is_kept(url) == 2
