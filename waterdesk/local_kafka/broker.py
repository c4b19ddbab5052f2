"""A local Apache Kafka: one node, KRaft, from Maven's jars. For tests, `make kafka` and the bench.

It needs java (17 or later) and, the first time, mvn. The broker ends with the process that
started it.
"""

import ctypes
import hashlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

POM = Path(__file__).resolve().parent / "pom.xml"

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_RETRY_SECONDS = 0.1
_PR_SET_PDEATHSIG = 1
_METADATA, _METADATA_VERSION = 3, 1

_CONFIG = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}
log.dirs={folder}/data
auto.create.topics.enable=false
# After a kill the controller lets the broker in again when its old session has run out.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
"""


class BrokerUnavailable(Exception):
    """Kafka cannot be started here; the text says what is missing, or which log to read."""


def missing_programs() -> list[str]:
    """What this machine lacks to start the broker: java, and mvn where the jars are not there."""
    wanted = ["java"] if _jar_folder().exists() else ["java", "mvn"]
    return [program for program in wanted if shutil.which(program) is None]


class LocalBroker:
    """One broker on one folder. `start` after `kill` goes on with what it had stored."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder = folder.absolute()
        self.port = port or _free_port()
        self.log = self.folder / "broker.log"
        self._controller_port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Return when the broker answers. Raises BrokerUnavailable."""
        jars = _jars()
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "server.properties"
        config.write_text(
            _CONFIG.format(
                port=self.port, controller_port=self._controller_port, folder=self.folder
            )
        )
        if not (self.folder / "data" / "meta.properties").exists():
            # 16 bytes as Kafka wants them; a dash in front would be taken for an option.
            cluster_id = urlsafe_b64encode(b"waterdesk" + os.urandom(7)).decode().rstrip("=")
            formatting = self._java(
                jars,
                *("kafka.tools.StorageTool", "format", "--standalone", "-t", cluster_id),
                *("-c", str(config)),
            )
            if formatting.wait() != 0:
                raise BrokerUnavailable(f"Kafka's storage could not be formatted; see {self.log}")
        self._process = self._java(jars, "kafka.Kafka", str(config))
        try:
            self._wait_until_it_answers(self._process)
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """End it at once, as a power cut would end the process."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=_STOP_SECONDS)
            self.kill()

    def wait(self) -> int:
        """Block until the broker ends by itself; its exit status."""
        if self._process is None:
            raise BrokerUnavailable("the broker is not running")
        return self._process.wait()

    def _java(self, jars: Path, main_class: str, *arguments: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [
                    *("java", "-Xms64m", "-Xmx384m", "-XX:+UseSerialGC"),
                    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                    *("-cp", f"{jars}/*", main_class, *arguments),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us; we then stop the broker
                preexec_fn=_die_with_parent(),
            )

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not _knows_a_broker(self.port):
            if process.poll() is not None:
                raise BrokerUnavailable(f"Kafka ended while starting; see {self.log}")
            if time.monotonic() > deadline:
                raise BrokerUnavailable(f"Kafka does not answer; see {self.log}")
            time.sleep(_RETRY_SECONDS)


@contextmanager
def local_broker(folder: Path, port: int | None = None) -> Iterator[LocalBroker]:
    """A running broker on `folder` (kept for the next time); `port` None: a free one.

    Raises BrokerUnavailable.
    """
    broker = LocalBroker(folder, port)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


def _jar_folder() -> Path:
    pom_digest = hashlib.sha256(POM.read_bytes()).hexdigest()[:16] if POM.exists() else "none"
    return POM.parent / "target" / f"jars-{pom_digest}"


def _jars() -> Path:
    """The folder of the server's jars: fetched by Maven once, then again when the pom changes."""
    if not POM.exists():
        raise BrokerUnavailable(f"{POM} is missing: the broker starts from a source checkout only")
    if missing := missing_programs():
        raise BrokerUnavailable(f"a local Kafka needs {' and '.join(missing)}: not installed")
    jars = _jar_folder()
    if jars.exists():
        return jars
    fetched = jars.with_name(f"{jars.name}.{os.getpid()}")
    maven = subprocess.run(
        [
            *("mvn", "--batch-mode", "--quiet", "--file", str(POM)),
            "dependency:copy-dependencies",
            *("-DincludeScope=runtime", f"-DoutputDirectory={fetched}"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if maven.returncode != 0:
        lines = (maven.stdout + maven.stderr).strip().splitlines() or ["mvn failed"]
        raise BrokerUnavailable(f"Maven could not fetch Kafka: {lines[0]}")
    try:
        fetched.rename(jars)
    except OSError:
        shutil.rmtree(fetched)  # another process was quicker
    return jars


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _die_with_parent() -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def before_exec() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return before_exec


def _knows_a_broker(port: int) -> bool:
    """Ask for metadata without topics (Kafka's protocol, Metadata v1): is a broker in service?"""
    no_client_id, no_topics = struct.pack(">h", -1), struct.pack(">i", 0)
    request = struct.pack(">hhi", _METADATA, _METADATA_VERSION, 0) + no_client_id + no_topics
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = connection.makefile("rb").read(12)
    except OSError:
        return False
    if len(answer) < 12:
        return False
    _size, _correlation, brokers = struct.unpack(">iii", answer)
    return bool(brokers)
