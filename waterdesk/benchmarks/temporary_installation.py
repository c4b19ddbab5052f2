"""An installation for one benchmark."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from shared.logging import configure_logging
from shared.settings import CommonSettings
from waterdesk.installation import Installation, open_installation
from waterdesk.local_kafka.broker import local_broker


@contextmanager
def temporary_installation(
    bus: Literal["embedded", "kafka"] = "embedded",
    kafka: str | None = None,
    postgres_settings: Mapping[str, str] | None = None,
) -> Iterator[Installation]:
    """On an embedded PostgreSQL, without databases yet; gone at the end.

    `kafka`: HOST:PORT of a broker; None: a local one is started for the bus that needs one. Raises
    BrokerUnavailable.
    """
    configure_logging("ERROR")
    with TemporaryDirectory(prefix="waterdesk-bench-") as folder, ExitStack() as stack:
        home = Path(folder)
        if bus == "kafka" and kafka is None:
            kafka = stack.enter_context(local_broker(home / "kafka")).bootstrap
        settings = CommonSettings(
            home=home, database_url=None, bus=bus, bus_url=None, kafka=kafka or ""
        )
        yield stack.enter_context(open_installation(settings, postgres_settings))
