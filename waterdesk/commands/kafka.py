"""`waterdesk kafka`: a local Apache Kafka in the foreground, without Docker."""

import signal
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from waterdesk.local_kafka.broker import BrokerUnavailable, local_broker


def kafka(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.", min=1, max=65535)] = 9092,
    folder: Annotated[
        Path,
        typer.Option(
            envvar="WATERDESK_KAFKA_FOLDER", help="Where the broker keeps its data and its log."
        ),
    ] = Path("var/kafka"),
) -> None:
    """启动本机 Kafka: one Apache Kafka node (KRaft) until Ctrl-C.

    Needs java (17 or later) and, the first time, mvn, which fetches the broker's jars.

    Example:  waterdesk kafka --port 9092
    """
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with local_broker(folder, port) as broker:
            typer.echo(f"Kafka: {broker.bootstrap}  (log: {broker.log}; Ctrl-C ends it)")
            status = broker.wait()
    except BrokerUnavailable as unavailable:
        typer.echo(f"waterdesk kafka: {unavailable}", err=True)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        return
    typer.echo(f"waterdesk kafka: Kafka ended with status {status}; see {broker.log}", err=True)
    raise typer.Exit(1)


def _interrupt(_signal: int, _frame: object) -> NoReturn:
    """End as by Ctrl-C, so that the broker is shut down."""
    raise KeyboardInterrupt
