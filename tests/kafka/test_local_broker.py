"""`waterdesk kafka` (and so `make kafka`) as a process: it ends in order, and leaves no orphan."""

import asyncio
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tests.kafka.brokers import require_apache_kafka
from waterdesk.commands.kafka import kafka
from waterdesk.local_kafka import broker as local_broker

_COMMAND = "import typer; from waterdesk.commands.kafka import kafka; typer.run(kafka)"
_PATIENCE = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
async def running(tmp_path: Path, port: int) -> AsyncIterator[Process]:
    require_apache_kafka()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _COMMAND, "--port", str(port), "--folder", str(tmp_path)),
        stdout=PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_PATIENCE):
            first_line = (await process.stdout.readline()).decode()
        assert f"127.0.0.1:{port}" in first_line
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.kafka
async def test_the_broker_ends_when_the_command_is_ended(running: Process, port: int) -> None:
    assert listens(port)
    running.send_signal(signal.SIGTERM)
    async with asyncio.timeout(_PATIENCE):
        assert await running.wait() == 0
    assert not listens(port)


@pytest.mark.kafka
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
async def test_the_broker_ends_when_the_command_is_killed(running: Process, port: int) -> None:
    running.kill()
    async with asyncio.timeout(_PATIENCE):
        while listens(port):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def test_without_java_the_command_says_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    app = typer.Typer()
    app.command()(kafka)
    result = CliRunner().invoke(app, ["--folder", str(tmp_path / "kafka")])
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert "java" in result.stderr


def test_without_maven_only_the_first_start_is_impossible(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pom = tmp_path / "pom.xml"
    pom.write_text("<project/>")
    monkeypatch.setattr(local_broker, "POM", pom)
    programs = tmp_path / "bin"
    programs.mkdir()
    java = programs / "java"
    java.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(programs))
    assert local_broker.missing_programs() == ["mvn"]
    local_broker._jar_folder().mkdir(parents=True)
    assert local_broker.missing_programs() == []
