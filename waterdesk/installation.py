"""Where one installation keeps its data and secrets, and how its bus is reached."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import services
from shared.bus.protocol import Bus
from shared.bus.topics import ALL as ALL_TOPICS
from shared.embedded_postgres import embedded_postgres
from shared.privacy.vault import Vault
from shared.settings import CommonSettings
from waterdesk.kept_secrets import kept_secrets

SERVICES = ("intake", "dispatch", "reply")


def migrations_of(service: str) -> Path:
    return Path(services.__file__).parent / service / "migrations"


class MisconfiguredError(Exception):
    """A setting is missing or wrong; the text names it."""


@dataclass(frozen=True, slots=True)
class Installation:
    settings: CommonSettings
    secret: str
    vault: Vault
    _database_template: str

    def database_url(self, name: str) -> str:
        """`name`: a service, or `bus` for the embedded bus's log."""
        if name == "bus" and self.settings.bus_url:
            return self.settings.bus_url
        return self._database_template.replace("{service}", name)

    async def migrate(self, services: tuple[str, ...] = SERVICES) -> None:
        """Make the databases that are missing and bring them to their newest form."""
        # Here, because Alembic is 10 MB that a process which only serves does not need.
        from shared.migrations import make_database, migrate

        for service in services:
            url = self.database_url(service)
            await make_database(url)
            await migrate(url, migrations_of(service))
        if self.settings.bus == "embedded":
            await make_database(self.database_url("bus"))

    def new_bus(self) -> Bus:
        """The bus of the settings, not yet started."""
        if self.settings.bus == "kafka":
            from shared.bus.kafka import KafkaBus

            return KafkaBus(
                self.settings.kafka,
                partitions=self.settings.kafka_partitions,
                replication=self.settings.kafka_replication,
                retention=timedelta(days=self.settings.retention_days),
                timeout=self.settings.silence_seconds,
                session_timeout=self.settings.silence_seconds / 2,
            )
        from shared.bus.embedded import EmbeddedBus

        return EmbeddedBus(self.database_url("bus"), self.settings.limits)

    @asynccontextmanager
    async def open_bus(self) -> AsyncIterator[Bus]:
        """The bus of the settings, started, its topics made. Raises BusUnavailable."""
        bus = self.new_bus()
        try:
            await bus.start()
            await bus.ensure_topics(ALL_TOPICS)
            yield bus
        finally:
            await bus.close()


@contextmanager
def open_installation(
    settings: CommonSettings,
    postgres_settings: Mapping[str, str] | None = None,
    *,
    join: bool = True,
) -> Iterator[Installation]:
    """Start the embedded PostgreSQL unless the settings name another. Raises MisconfiguredError,
    SecretsLost and PostgresUnavailable.

    `join`: whether another process may serve the same home, as while a command runs beside
    `waterdesk run`. The embedded form makes its secrets on its first start and keeps them in its
    home, readable by its owner alone; the distributed form must be given them.
    """
    secret = settings.secret.get_secret_value() if settings.secret else ""
    keys = settings.privacy_keys.get_secret_value() if settings.privacy_keys else ""
    if settings.database_url is None:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (secret and keys):
            kept = kept_secrets(settings.home)
            secret, keys = secret or kept.secret, keys or kept.privacy_keys
    elif not (secret and keys):
        missing = "WATERDESK_PRIVACY_KEYS" if secret else "WATERDESK_SECRET"
        raise MisconfiguredError(
            f"设置有误 wrong setting: {missing}: 设了 WATERDESK_DATABASE_URL 就须设置"
            " must be set where that is"
        )
    try:
        vault = Vault(keys.split(","))
    except ValueError as error:
        raise MisconfiguredError(
            "设置有误 wrong setting: WATERDESK_PRIVACY_KEYS: 须为 base64 编码的 32 字节密钥，"
            f"多个用逗号隔开 {error}"
        ) from None
    with ExitStack() as stack:
        template = settings.database_url
        if template is None:
            data = settings.home / "postgres"
            url = stack.enter_context(embedded_postgres(data, postgres_settings, join=join))
            template = url.format("waterdesk_{service}")
        yield Installation(settings, secret, vault, template)
