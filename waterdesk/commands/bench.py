"""`waterdesk bench`: the performance of the product on this machine."""

import asyncio
import json
from dataclasses import asdict
from typing import Annotated, Literal

import typer
import uvloop

from waterdesk.benchmarks.baseline import BaselineBus, BaselineKafka, BaselinePostgres
from waterdesk.benchmarks.callbacks import VegetaMissing
from waterdesk.benchmarks.callbacks import measure as measure_callbacks
from waterdesk.benchmarks.deadlines import POSTGRES_SETTINGS as FOR_DEADLINES
from waterdesk.benchmarks.deadlines import measure as measure_deadlines
from waterdesk.benchmarks.pipeline import BusInUseError, Measured, measure
from waterdesk.benchmarks.replicas import SERVICES as REPLICATED
from waterdesk.benchmarks.replicas import measure as measure_replicas
from waterdesk.benchmarks.temporary_installation import temporary_installation
from waterdesk.installation import Installation
from waterdesk.local_kafka.broker import BrokerUnavailable

bench = typer.Typer(help="量性能: measure the product on this machine.")


@bench.callback()
def _bench() -> None:
    """量性能: measure the product on this machine.

    Example:  waterdesk bench pipeline --bus embedded --complaints 20000
    """


@bench.command("pipeline")
def pipeline(
    bus: Annotated[Literal["embedded", "kafka"], typer.Option(help="embedded or kafka.")] = (
        "embedded"
    ),
    complaints: Annotated[int, typer.Option(min=100, help="How many.")] = 20_000,
    kafka: Annotated[
        str | None,
        typer.Option(
            help="HOST:PORT of a broker; default: a local one is started (needs java and mvn).",
            show_default=False,
        ),
    ] = None,
) -> None:
    """整条流程: send complaints through all three services, one process each, on new databases.

    One JSON line: complaints_per_s from stored at intake to crew assigned and deadlines set, p50_ms
    and p99_ms of that, raw_per_s (the same rows and messages by plain asyncpg and aiokafka, without
    rules) and peak_mb of the three processes together.

    Example:  waterdesk bench pipeline --bus kafka --complaints 20000
    """
    try:
        with temporary_installation(bus, kafka) as installation:
            measured = uvloop.run(_measure(installation, complaints))
    except (BrokerUnavailable, BusInUseError) as error:
        raise typer.BadParameter(str(error)) from None
    typer.echo(json.dumps({"bus": bus, **asdict(measured)}))


@bench.command("callbacks")
def callbacks(
    rate: Annotated[int, typer.Option(min=1, help="Callbacks a second.")] = 200,
    seconds: Annotated[int, typer.Option(min=1, max=240, help="For how long.")] = 20,
) -> None:
    """微信回调: how fast intake acknowledges WeChat's callbacks. Needs vegeta on the PATH.

    One JSON line: requests, acknowledged (answered with 200), p50_ms, p99_ms and max_ms.

    Example:  waterdesk bench callbacks --rate 200 --seconds 20
    """
    with temporary_installation() as installation:
        asyncio.run(installation.migrate(("intake",)))
        home = installation.settings.home
        try:
            measured = asyncio.run(measure_callbacks(installation, home, rate, seconds))
        except VegetaMissing as error:
            raise typer.BadParameter(str(error)) from None
    typer.echo(json.dumps(measured))


@bench.command("replicas")
def replicas() -> None:
    """多副本: what three replicas of dispatch and reply do against one, 20 ms from the database.

    One JSON line a service: {"service", "replicas", "per_second", "speedup"}.

    Example:  waterdesk bench replicas
    """
    with temporary_installation() as installation:
        asyncio.run(installation.migrate(REPLICATED))
        for service in REPLICATED:
            typer.echo(json.dumps(asyncio.run(measure_replicas(installation, service))))


@bench.command("deadlines")
def deadlines(
    rows: Annotated[int, typer.Option(min=0, help="Open deadlines far in the future.")] = 1_000_000,
    per_second: Annotated[int, typer.Option(min=1, help="How many fall due each second.")] = 1000,
    seconds: Annotated[int, typer.Option(min=2, help="For how long.")] = 60,
) -> None:
    """到期时限: two processes sweep deadlines that fall due; one is killed half-way.

    One JSON line: due (how many fell due), missed (of these, never recorded), twice (recorded more
    than once) and p99_late_ms: from the instant a deadline counts as past, one second after it is
    due, to the commit that records it.

    Example:  waterdesk bench deadlines --rows 1000000 --per-second 1000 --seconds 60
    """
    with temporary_installation(postgres_settings=FOR_DEADLINES) as installation:
        asyncio.run(installation.migrate(("reply",)))
        measured = asyncio.run(measure_deadlines(installation, rows, per_second, seconds))
    typer.echo(json.dumps(asdict(measured)))


async def _measure(installation: Installation, complaints: int) -> Measured:
    await installation.migrate()
    async with installation.open_bus() as bus:
        baseline_bus: BaselineBus = BaselineKafka(installation.settings.kafka, bus)
        if installation.settings.bus == "embedded":
            baseline_bus = BaselinePostgres(installation.database_url("bus"))
        return await measure(installation, bus, baseline_bus, complaints)
