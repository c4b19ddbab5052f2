"""Settings that every service has. Environment variables, prefix WATERDESK_."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from shared.connections import Limits


def _is_postgres(url: str) -> str:
    try:
        kind = make_url(url).get_backend_name()
    except (ArgumentError, ValueError):
        kind = ""
    if kind != "postgresql":
        raise ValueError("不是 PostgreSQL 地址 not the URL of a PostgreSQL database")
    return url


def _names_each_database(url: str) -> str:
    if "{service}" not in url:
        raise ValueError("地址里须有 {service} it must hold {service}: each service has its own")
    return url


def _is_web_address(url: str) -> str:
    try:
        at = urlsplit(url)
        sound = at.scheme in ("http", "https") and at.hostname and at.port != 0
    except ValueError:
        sound = False
    if url and not sound:
        raise ValueError("不是网址 not a URL such as https://host:8443")
    return url


WebAddress = Annotated[str, AfterValidator(_is_web_address)]
"""A base URL, or empty."""
_PostgresUrl = Annotated[str, AfterValidator(_is_postgres)]


class CommonSettings(BaseSettings):
    """Each field is the environment variable WATERDESK_<FIELD>; README's table is held to them."""

    model_config = SettingsConfigDict(env_prefix="WATERDESK_", extra="ignore", frozen=True)

    home: Path = Field(Path("var"), description="Folder of the embedded form's data and secrets.")
    database_url: Annotated[_PostgresUrl, AfterValidator(_names_each_database)] | None = Field(
        None,
        description="PostgreSQL URL; {service} in it becomes the service's name. "
        "None: the embedded PostgreSQL.",
    )
    pool_size: int = Field(8, ge=1, description="Connections a service keeps open to its database.")
    pool_overflow: int = Field(8, ge=0, description="More of them while there is much to do.")
    pool_wait_seconds: float = Field(
        10.0, gt=0, description="How long work waits for a connection before it is put off."
    )
    silence_seconds: float = Field(
        20.0,
        ge=1,
        description="After so long without a word a peer (frozen, cut off) loses its connection "
        "and its locks; also the longest time one statement may take.",
    )
    bus: Literal["embedded", "kafka"] = Field(
        "embedded", description="The bus: a log in PostgreSQL, or Kafka."
    )
    bus_url: _PostgresUrl | None = Field(
        None,
        description="PostgreSQL URL of the embedded bus's log. None: the embedded PostgreSQL.",
    )
    kafka: str = Field("127.0.0.1:9092", description="Kafka's bootstrap servers.")
    kafka_partitions: int = Field(12, ge=1, description="Partitions of a topic that is made.")
    kafka_replication: int = Field(1, ge=1, description="Replicas of a topic that is made.")
    retention_days: int = Field(
        400,
        ge=1,
        le=36_500,
        description="How many days events can be read or sent again: inbox, sent events, the "
        "embedded bus's log; Kafka's topics where they are made.",
    )
    secret: SecretStr | None = Field(
        None,
        min_length=32,
        description="Signs sign-ins and calls between services, 32 characters or more. "
        "Made on the first start of the embedded form.",
    )
    privacy_keys: SecretStr | None = Field(
        None,
        description="Keys (base64, 32 bytes, comma-separated; the first one writes) for residents' "
        "data. Made on the first start of the embedded form.",
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    dispatch_port: int = Field(8100, ge=0, le=65535, description="Port of dispatch's console.")
    intake_port: int = Field(8101, ge=0, le=65535, description="Port of intake.")
    reply_port: int = Field(8102, ge=0, le=65535, description="Port of reply.")
    simulators_port: int = Field(
        8110, ge=0, le=65535, description="Port of the demo's simulated platforms."
    )
    intake_url: WebAddress = Field(
        default_factory=lambda others: f"http://127.0.0.1:{others['intake_port']}",
        description="Where the console and reply reach intake. None: on this machine.",
    )
    reply_url: WebAddress = Field(
        default_factory=lambda others: f"http://127.0.0.1:{others['reply_port']}",
        description="Where the console reaches reply. None: on this machine.",
    )
    api_docs: bool = Field(
        default=False,
        description="Serve each API's /docs; the page loads Swagger UI from a public CDN.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="What is logged."
    )

    @property
    def limits(self) -> Limits:
        """What the settings say of connections to PostgreSQL."""
        return Limits(
            pool_size=self.pool_size,
            pool_overflow=self.pool_overflow,
            pool_wait=self.pool_wait_seconds,
            silence=self.silence_seconds,
            statement=self.silence_seconds,
        )
