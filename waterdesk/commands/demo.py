"""`waterdesk demo`: everything on one machine, with simulated platforms."""

import asyncio
import os
from datetime import UTC, datetime
from typing import Annotated

import httpx
import typer
import uvloop
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from shared.bus.backoff import wait_for
from shared.clock import SHANGHAI
from shared.health import READY
from shared.logging import configure_logging
from shared.settings import CommonSettings
from waterdesk.commands.verify import audit_installation, shown
from waterdesk.composition import ports_of
from waterdesk.demo.county import SHOWN_ACCOUNTS
from waterdesk.demo.history import POSTGRES_SETTINGS, history_is_made, make_history
from waterdesk.demo.live import run_live
from waterdesk.demo.state import DemoState
from waterdesk.installation import SERVICES, Installation, open_installation
from waterdesk.runner import refuse_taken_ports, stop_on_signals
from waterdesk.simulators.county_year import YEAR

_READY_SECONDS = 30


def demo(
    seconds: Annotated[
        float | None,
        typer.Option(
            min=1,
            help="End after so many seconds and print the result of verify.",
            show_default=False,
        ),
    ] = None,
    rate: Annotated[float, typer.Option(min=0.01, max=6000, help="Complaints a minute.")] = 6.0,
) -> None:
    """演示: everything embedded, a demo county with a year of history, simulated platforms.

    Prints the console's address and the sign-ins. The data are in WATERDESK_HOME (./var); the next
    start continues where this one stopped. Ctrl-C ends it.

    Example:  waterdesk demo --seconds 60 --rate 30
    """
    settings = CommonSettings()
    configure_logging("WARNING")
    ports = {**ports_of(SERVICES, settings), "WATERDESK_SIMULATORS_PORT": settings.simulators_port}
    refuse_taken_ports(settings.host, ports)
    state = DemoState(settings.home, datetime.now(UTC))
    holds = True
    if not history_is_made(settings.home, state):
        with open_installation(settings, POSTGRES_SETTINGS, join=False) as installation:
            uvloop.run(_make_history(installation, state))
        os.sync()
    with open_installation(settings, join=False) as installation:
        uvloop.run(_run(installation, state, seconds, rate))
        if seconds is not None:
            result = asyncio.run(audit_installation(installation))
            typer.echo(shown(result))
            holds = not result.findings
    if not holds:
        raise typer.Exit(1)


async def _run(
    installation: Installation, state: DemoState, seconds: float | None, rate: float
) -> None:
    stopping = asyncio.Event()
    stop_on_signals(stopping)
    await installation.migrate()
    async with (
        installation.open_bus() as bus,
        run_live(installation, bus, state, rate, stopping) as demo,
    ):
        await _wait_until_ready(installation, stopping)
        _print_sign_ins(installation, state)
        if seconds is None:
            await stopping.wait()
        elif not await wait_for(stopping, seconds):
            await demo.run_until_idle()


async def _make_history(installation: Installation, state: DemoState) -> None:
    """With a progress bar on a terminal."""
    await installation.migrate()
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[day]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as bar:
        task = bar.add_task("演示县的一年 a year of the demo county", total=YEAR.days, day="")

        def on_step(now: datetime) -> None:
            done = (now - (state.year_end - YEAR)).days
            bar.update(task, completed=done, day=f"{now.astimezone(SHANGHAI):%Y-%m-%d}")

        async with installation.open_bus() as bus:
            await make_history(installation, bus, state, on_step)


async def _wait_until_ready(installation: Installation, stopping: asyncio.Event) -> None:
    """Wait until all three services are ready. Raises TimeoutError."""
    settings = installation.settings
    async with asyncio.timeout(_READY_SECONDS), httpx.AsyncClient() as client:
        for port in (settings.intake_port, settings.reply_port, settings.dispatch_port):
            while not stopping.is_set():
                try:
                    answer = await client.get(f"http://{settings.host}:{port}{READY}")
                    if answer.status_code == httpx.codes.OK:
                        break
                except httpx.TransportError:
                    pass  # not listening yet
                await wait_for(stopping, 0.05)


def _print_sign_ins(installation: Installation, state: DemoState) -> None:
    address = f"http://{installation.settings.host}:{installation.settings.dispatch_port}"
    typer.echo(f"\n控制台 console:  {address}\n")
    for name, what in SHOWN_ACCOUNTS.items():
        typer.echo(f"  {name:<12}{state.passwords.get(name, ''):<20}{what}")
    phones = f"http://127.0.0.1:{installation.settings.simulators_port}/phones"
    typer.echo(f"\n工作人员的手机（企业微信、短信）what staff get on their phones:  {phones}")
    typer.echo(f"\n数据 data: {installation.settings.home}   Ctrl-C 结束 ends it\n")
