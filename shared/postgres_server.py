"""One PostgreSQL server on one data folder: make it, start it, stop it.

It listens on a Unix socket in a folder that only its owner may enter, and lets in nobody but the
account that started it (peer authentication). It lives in our session, in a process group of its
own: Ctrl-C does not reach it, and it ends with us (postgres_programs.py). The wheel's own start-up
is not used because it detaches the server from us.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from shared import postgres_programs
from shared.postgres_programs import MAJOR_VERSION, PostgresUnavailable, account, programs

_SOCKET = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH = 100  # sun_path holds 108 bytes on Linux, 104 on macOS
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_HERE = "/proc/self/cwd" if sys.platform == "linux" else ""
"""The data folder as the server names it: its account may not cross the folders above."""
_OLD_SERVER_STILL_THERE = (b"shared memory", b"already exists")
"""Last words of a server that did not start."""

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Without DETAIL and CONTEXT: they quote rows, and rows are personal.
    "log_error_verbosity": "terse",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
}


class PostgresServer:
    """`data`: its folder; `settings` override SETTINGS."""

    def __init__(self, data: Path, settings: Mapping[str, str]) -> None:
        self.data = data.absolute()
        self.log = self.data.with_suffix(".log")
        self._settings = {**SETTINGS, **settings}
        self._inside = _HERE or str(self.data)
        self._own_socket_folder: Path | None = None

    @property
    def url(self) -> str:
        """Of its databases, `{}` where a name goes."""
        return f"postgresql://postgres@/{{}}?host={self._socket_folder()}"

    def answers(self) -> bool:
        """Whether a server, of whichever process, accepts connections on this data folder."""
        try:
            noted = (self.data / "postmaster.pid").read_text().splitlines()
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(self._socket_folder() / _SOCKET))
        except OSError:
            return False
        return len(noted) > 7 and noted[7].strip() == "ready"

    def initialise(self) -> None:
        """Make the data folder where there is none. Raises PostgresUnavailable."""
        if not self.data.exists():
            self._make()
        self._check()
        self._let_in_only_us()

    def _make(self) -> None:
        """Under another name first, so that what bears its name is whole."""
        unfinished = self.data.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        if (user := account()) is not None:
            os.chown(unfinished, user.pw_uid, user.pw_gid)
        try:
            postgres_programs.run(
                programs() / "initdb",
                f"--pgdata={_HERE or unfinished}",
                "--username=postgres",
                "--auth=peer",
                "--encoding=UTF8",
                "--no-locale",
                "--no-instructions",
                cwd=unfinished,
            )
        except subprocess.CalledProcessError as error:
            raise PostgresUnavailable(f"initdb failed: {error.stderr.strip()}") from None
        unfinished.rename(self.data)

    def _check(self) -> None:
        """Raises PostgresUnavailable for data that this PostgreSQL cannot serve."""
        try:
            version = (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            raise PostgresUnavailable(
                f"{self.data}: 不是 PostgreSQL 的数据 holds no data of PostgreSQL"
            ) from None
        if version != MAJOR_VERSION:
            raise PostgresUnavailable(
                f"{self.data}: 数据属于 PostgreSQL {version}，本程序带的是 {MAJOR_VERSION}"
                f" the data are of PostgreSQL {version}, and this program brings {MAJOR_VERSION}:"
                " upgrade them with pg_upgrade, or name another WATERDESK_HOME"
            )
        user = account()
        owner = user.pw_uid if user is not None else os.geteuid()
        if self.data.stat().st_uid != owner:
            raise PostgresUnavailable(
                f"{self.data}: 不属于运行本程序的账号 belongs to another account:"
                " start as that account, or change the owner of the folder and all in it"
            )

    def _let_in_only_us(self) -> None:
        """At each start: the data may have been moved to another account."""
        us = pwd.getpwuid(os.geteuid()).pw_name
        self._write("pg_hba.conf", "local all postgres peer map=waterdesk\n")
        self._write("pg_ident.conf", f'waterdesk "{us}" postgres\n')

    def _write(self, name: str, text: str) -> None:
        # Never through a link that the server's account may have laid.
        flags = os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW
        with open(os.open(self.data / name, flags), "w") as file:  # noqa: PTH123
            file.write(text)

    def _socket_folder(self) -> Path:
        """Where it listens: the data folder, or another one where that path is too long."""
        if self._own_socket_folder is not None:
            return self._own_socket_folder
        try:
            noted = (self.data / "postmaster.pid").read_text().splitlines()[4]
        except (OSError, IndexError):
            return self.data
        return self.data if noted == self._inside else Path(noted)

    def _make_socket_folder(self) -> None:
        """Where the data folder's path is too long for a socket: a new, closed one."""
        if len(str(self.data / _SOCKET)) >= _LONGEST_SOCKET_PATH and not self._own_socket_folder:
            self._own_socket_folder = Path(tempfile.mkdtemp(prefix="waterdesk-"))
            if (user := account()) is not None:
                os.chown(self._own_socket_folder, user.pw_uid, user.pw_gid)

    def start(self) -> subprocess.Popen[bytes]:
        """Start and wait until it answers. Raises PostgresUnavailable."""
        self._make_socket_folder()
        settings = {
            **self._settings,
            "unix_socket_directories": str(self._own_socket_folder or self._inside),
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        deadline = time.monotonic() + _START_SECONDS
        while True:
            self._forget_a_dead_server()
            log = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                process = postgres_programs.start(
                    programs() / "postgres", "-D", self._inside, *options, cwd=self.data, log=log
                )
            finally:
                os.close(log)
            while process.poll() is None:
                if self.answers():
                    return process
                if time.monotonic() > deadline:
                    process.terminate()
                    raise PostgresUnavailable(f"PostgreSQL does not answer; see {self.log}")
                time.sleep(0.02)
            # The old server may be shutting down still and, after a kill, its last backends live a
            # moment longer and hold its shared memory; a new server then refuses to start.
            # Anything else is final.
            waits = any(sign in self._last_words() for sign in _OLD_SERVER_STILL_THERE)
            if not waits or time.monotonic() > deadline:
                raise PostgresUnavailable(f"PostgreSQL does not start; see {self.log}")
            time.sleep(0.2)

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._own_socket_folder is not None:
            shutil.rmtree(self._own_socket_folder, ignore_errors=True)

    def _last_words(self) -> bytes:
        with self.log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 500))
            return log.read()

    def _forget_a_dead_server(self) -> None:
        """Remove the lock files of a server that was killed, where PostgreSQL itself would not.

        It believes in the old server while any process has its number: a zombie that nobody has
        waited for yet, or, after the machine was started again, somebody else.
        """
        if sys.platform != "linux":
            return  # only Linux tells whose a number is
        for lock in (self.data / "postmaster.pid", self.data / f"{_SOCKET}.lock"):
            try:
                pid = int(lock.read_text().split("\n", 1)[0])
            except (FileNotFoundError, ValueError):
                continue  # PostgreSQL knows what to do
            if not self._is_served_by(pid):
                lock.unlink(missing_ok=True)

    def _is_served_by(self, pid: int) -> bool:
        try:
            folder = Path(f"/proc/{pid}/cwd").readlink()
            command = Path(f"/proc/{pid}/comm").read_text().strip()
        except OSError:
            return False
        return command == "postgres" and folder == self.data.resolve()
