"""Run services in this process until they are told to stop."""

import asyncio
import errno
import os
import signal
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import structlog
import uvicorn

from shared.bus.backoff import Backoff, wait_out
from shared.bus.relay import run_relay
from shared.bus.transient_errors import is_transient
from shared.periodic import run_periodically
from shared.progress import Progress
from shared.service import PeriodicTask, Service
from waterdesk.bus_upkeep import BusUpkeep

_LOOKS_PER_SILENCE = 10
"""How often a service looks for frozen peers, in the time they may be silent."""

_STOP_SECONDS = 8.0

log = structlog.get_logger(__name__)


class _Server(uvicorn.Server):
    """Several of these share one process, which handles its signals itself."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def stop_on_signals(stopping: asyncio.Event, within: float = _STOP_SECONDS) -> None:
    """Set `stopping` on SIGINT and SIGTERM; end the process after `within` seconds if it still
    runs then, whatever it waits for. Nothing is lost by that: transactions are rolled back."""
    loop = asyncio.get_running_loop()

    def stop(number: int, _frame: object) -> None:
        if not stopping.is_set():
            deadline = threading.Timer(within, _end_at_once, (number, within))
            deadline.daemon = True
            deadline.start()
        loop.call_soon_threadsafe(stopping.set)

    # Not by the loop's own handlers: they wait for a loop that is blocked.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def _end_at_once(number: int, after_seconds: float) -> None:
    log.error("stop_forced", signal=signal.Signals(number).name, after_seconds=after_seconds)
    os._exit(1)


class PortTakenError(Exception):
    """Somebody listens there already; the text names the setting."""


def refuse_taken_ports(host: str, ports: Mapping[str, int]) -> None:
    """Before anything is started that takes time. `ports`: by what they are set with.

    Raises PortTakenError; OSError where `host` is no address of this machine.
    """
    for setting, port in ports.items():
        try:
            _listening(host, port).close()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise PortTakenError(f"端口已被占用 port in use: {host}:{port} ({setting})") from None


async def serve_http(app: object, host: str, port: int, stopping: asyncio.Event) -> None:
    """Serve one ASGI app until `stopping`. Raises OSError where the port is taken."""
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        log_config=None,
        access_log=False,
        proxy_headers=False,  # the console believes those proxies that its settings name
        timeout_graceful_shutdown=5,
        lifespan="on",
    )
    server = _Server(config)
    # Bound here: where uvicorn cannot bind, it ends the whole process.
    with _listening(host, port) as listening:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        stopped = asyncio.create_task(stopping.wait())
        try:
            await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:  # also where another part has failed and takes us down: in order, all the same
            stopped.cancel()
            server.should_exit = True
            await serving
    if not stopping.is_set():
        raise RuntimeError(f"the server on {host}:{port} ended by itself")


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2048)


async def run_service(
    service: Service, upkeep: BusUpkeep, host: str, port: int, stopping: asyncio.Event
) -> None:
    """Everything one service does: its HTTP server, relay, consumer and periodic tasks.

    No error of database or bus ends it: each part waits and tries again, and `/readyz` tells.
    Raises what `service.starting` raises.
    """
    for start in service.starting:
        await _until_it_works(start, stopping)
    relay = Progress("relay")
    peers = PeriodicTask(
        "frozen peers",
        service.database.end_silent_sessions,
        service.database.limits.silence / _LOOKS_PER_SILENCE,
    )
    periodic = [
        (task, Progress(task.name, every_seconds=task.every_seconds))
        for task in (*service.tasks, peers, upkeep.pruning(service.database))
    ]
    parts = [upkeep.progress, relay, *service.parts, *(progress for _, progress in periodic)]
    if service.consumer:
        parts.append(service.consumer.progress)
    service.app.state.parts = parts
    async with asyncio.TaskGroup() as running:
        running.create_task(serve_http(service.app, host, port, stopping))
        relaying = run_relay(service.database, upkeep.bus, stopping, relay)
        running.create_task(upkeep.when_open(relaying, stopping))
        if service.consumer:
            running.create_task(upkeep.when_open(service.consumer.run(stopping), stopping))
        for task, progress in periodic:
            running.create_task(run_periodically(task.once, task.every_seconds, stopping, progress))
        log.info("service_runs", service=service.name, port=port)


async def _until_it_works(start: Callable[[], Awaitable[None]], stopping: asyncio.Event) -> None:
    """Transient errors are waited out. Raises any other."""
    backoff = Backoff()
    while not stopping.is_set():
        try:
            await start()
        except Exception as error:
            if not is_transient(error):
                raise
            await wait_out(error, stopping, backoff, log, "start_waits")
        else:
            return


async def run_services(
    services: Sequence[tuple[Service, int]],
    upkeep: BusUpkeep,
    host: str,
    stopping: asyncio.Event,
) -> None:
    """Run all until `stopping`. Only an HTTP server that cannot listen ends them before that."""
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(upkeep.run(stopping))
            for service, port in services:
                tasks.create_task(run_service(service, upkeep, host, port, stopping))
    finally:
        stopping.set()
        for service, _ in services:
            await service.close()
