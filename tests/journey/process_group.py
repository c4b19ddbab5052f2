"""A process in a session of its own, which can be killed with all its children."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_LOOK_AGAIN_SECONDS = 0.02
_ENDS_WITHIN_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Group:
    """`process` leads its session; the embedded PostgreSQL on `home` is in it."""

    process: Process
    home: Path

    def postmaster(self) -> int | None:
        """Pid of the server of this home, running or not; None: there was none yet."""
        noted = self.home / "postgres" / "postmaster.pid"
        return int(noted.read_text().split("\n", 1)[0]) if noted.exists() else None

    def holds_postgres(self) -> bool:
        postmaster = self.postmaster()
        return postmaster is not None and os.getsid(postmaster) == self.process.pid

    async def kill(self) -> None:
        """SIGKILL to all processes at once."""
        kill_session(self.process.pid)
        await self.is_dead()

    async def is_dead(self) -> None:
        """Return when the process and PostgreSQL have ended by SIGKILL."""
        async with asyncio.timeout(_ENDS_WITHIN_SECONDS):
            status = await self.process.wait()
            assert status == -signal.SIGKILL, f"it ended by itself, with status {status}"
            postmaster = self.postmaster()
            while postmaster is not None and _lives(postmaster):  # noqa: ASYNC110
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)


def kill_session(session: int) -> None:
    """SIGKILL to its processes at once, to the calling one last."""
    members = [pid for pid in _pids() if _session_of(pid) == session]
    for pid in sorted(members, key=lambda each: each == os.getpid()):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _pids() -> list[int]:
    return [int(each.name) for each in Path("/proc").iterdir() if each.name.isdecimal()]


def _session_of(pid: int) -> int | None:
    with suppress(ProcessLookupError):
        return os.getsid(pid)
    return None


def _lives(pid: int) -> bool:
    """A zombie counts as dead."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@asynccontextmanager
async def started(
    command: Sequence[str | Path], home: Path, settings: Mapping[str, str] | None = None
) -> AsyncIterator[Group]:
    """Start it, with standard error in `home`.log, and kill it at the end if it still runs.

    `settings`: its WATERDESK_ variables besides WATERDESK_HOME. Those of the tests are removed.
    """
    with home.with_suffix(".log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *map(str, command),
            stdin=PIPE,
            stdout=PIPE,
            stderr=log,
            cwd=ROOT,
            env=environment(home, settings),
            start_new_session=True,
        )
    group = Group(process, home)
    try:
        yield group
    finally:
        if process.returncode is None:
            await group.kill()


def free_ports(how_many: int) -> list[int]:
    """Different ports that are free now."""
    with ExitStack() as held:
        probes = [
            held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(how_many)
        ]
        return [probe.getsockname()[1] for probe in probes]


def ports_of_services() -> dict[str, str]:
    """Settings with free ports for the services and the simulators."""
    dispatch, intake, reply, simulators = free_ports(4)
    return {
        "WATERDESK_DISPATCH_PORT": str(dispatch),
        "WATERDESK_INTAKE_PORT": str(intake),
        "WATERDESK_INTAKE_URL": f"http://127.0.0.1:{intake}",
        "WATERDESK_REPLY_PORT": str(reply),
        "WATERDESK_REPLY_URL": f"http://127.0.0.1:{reply}",
        "WATERDESK_SIMULATORS_PORT": str(simulators),
    }


async def comes_true(
    what: Callable[[], Awaitable[bool]], within: float, unless_ended: Sequence[Group] = ()
) -> None:
    """Return as soon as `what` is true. `within`: seconds.

    Raises TimeoutError, or AssertionError if one of the processes ends before.
    """
    async with asyncio.timeout(within):
        while not await what():
            for group in unless_ended:
                assert group.process.returncode is None, f"it ended: see {group.home}.log"
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)


def environment(home: Path, settings: Mapping[str, str] | None = None) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("WATERDESK_")}
    return ours | {"WATERDESK_HOME": str(home)} | dict(settings or {})


WATERDESK = Path(sys.executable).with_name("waterdesk")


async def waterdesk(
    *words: str, home: Path, settings: Mapping[str, str] | None = None
) -> tuple[int | None, str]:
    """Run the installed command; returns exit status and output. Status 2 fails the test."""
    process = await asyncio.create_subprocess_exec(
        WATERDESK, *words, stdout=PIPE, stderr=PIPE, env=environment(home, settings), cwd=ROOT
    )
    out, err = await process.communicate()
    assert process.returncode in (0, 1), err.decode()
    return process.returncode, out.decode()
