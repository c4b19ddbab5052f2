"""Where one installation keeps its data and secrets, and how its bus is reached."""

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import services
from shared.bus.protocol import Bus
from shared.bus.topics import ALL as ALL_TOPICS
from shared.embedded_postgres import embedded_postgres
from shared.privacy.vault import Vault, new_key
from shared.settings import CommonSettings

SERVICES = ("intake", "dispatch", "reply")
_SERVICES = Path(services.__file__).parent


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
            await migrate(url, _SERVICES / service / "migrations")
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
                timeout=self.settings.silence_seconds,
                session_timeout=self.settings.silence_seconds / 2,
            )
        from shared.bus.embedded import EmbeddedBus

        return EmbeddedBus(self.database_url("bus"), self.settings.limits)

    async def open_bus(self) -> Bus:
        """The bus of the settings, started, its topics made. Raises BusUnavailable."""
        bus = self.new_bus()
        await bus.start()
        await bus.ensure_topics(ALL_TOPICS)
        return bus


@contextmanager
def open_installation(
    settings: CommonSettings, postgres_settings: Mapping[str, str] | None = None
) -> Iterator[Installation]:
    """Start the embedded PostgreSQL unless the settings name another. Raises MisconfiguredError.

    The embedded form makes its secrets on its first start and keeps them in its home, readable by
    its owner alone; the distributed form must be given them.
    """
    with ExitStack() as stack:
        if settings.database_url is None:
            settings.home.mkdir(parents=True, exist_ok=True)
            url = stack.enter_context(
                embedded_postgres(settings.home / "postgres", postgres_settings)
            )
            template = url.format("waterdesk_{service}")
            kept = _kept_secrets(settings.home / "secrets.json")
        else:
            template = settings.database_url
            kept = {}
        secret = settings.secret.get_secret_value() if settings.secret else kept.get("secret")
        keys = (
            settings.privacy_keys.get_secret_value()
            if settings.privacy_keys
            else kept.get("privacy_keys")
        )
        if not secret or not keys:
            missing = "WATERDESK_SECRET" if not secret else "WATERDESK_PRIVACY_KEYS"
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
        yield Installation(settings, secret, vault, template)


def _kept_secrets(path: Path) -> dict[str, str]:
    if not path.exists():
        made = {"secret": secrets.token_urlsafe(48), "privacy_keys": new_key()}
        half_made = path.with_suffix(".new")
        descriptor = os.open(half_made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(made, file)
            file.flush()
            os.fsync(file.fileno())
        half_made.rename(path)  # whole or not at all: lost keys would be lost complaints
    kept: dict[str, str] = json.loads(path.read_text())
    return kept
