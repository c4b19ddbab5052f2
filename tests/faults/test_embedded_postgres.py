"""The embedded PostgreSQL: started again when it is killed, one owner a home, closed to others."""

import os
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from shared import postgres_programs
from shared.embedded_postgres import embedded_postgres
from shared.postgres_programs import PostgresUnavailable
from tests.journey.process_group import comes_true

_AGAIN_WITHIN = 30.0
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs it as another account")


async def _answers(url: str) -> bool:
    try:
        connection = await asyncpg.connect(url.format("postgres"), timeout=5)
        try:
            return bool(await connection.fetchval("SELECT true"))
        finally:
            await connection.close()
    except (OSError, asyncpg.PostgresError):
        return False


def _postmaster(data: Path) -> int:
    return int((data / "postmaster.pid").read_text().split("\n", 1)[0])


def _socket_folder(url: str) -> Path:
    return Path(parse_qs(urlsplit(url).query)["host"][0])


async def test_a_killed_server_is_started_again_under_the_same_address(tmp_path: Path) -> None:
    data = tmp_path / "postgres"
    with embedded_postgres(data) as url:
        assert await _answers(url)
        killed = _postmaster(data)
        os.kill(killed, signal.SIGKILL)

        async def another_answers() -> bool:
            return await _answers(url) and _postmaster(data) != killed

        await comes_true(another_answers, _AGAIN_WITHIN)
    assert not await _answers(url), "it ends with its owner"


async def test_a_home_in_use_is_joined_by_commands_and_refused_to_a_second_owner(
    tmp_path: Path,
) -> None:
    data = tmp_path / "postgres"
    with embedded_postgres(data) as url:
        with pytest.raises(PostgresUnavailable, match=f"in use by process {os.getpid()}"):
            embedded_postgres(data, join=False).__enter__()
        with embedded_postgres(data) as joined:
            assert joined == url
        assert await _answers(url), "who joined it leaves it running"


@pytest.fixture
def far_away(tmp_path: Path) -> Path:
    """A data folder whose path is too long for a socket."""
    return tmp_path / ("long" * 25) / "postgres"


async def test_a_long_path_gets_a_closed_socket_folder_that_nobody_can_foresee(
    far_away: Path,
) -> None:
    with embedded_postgres(far_away) as url:
        folder = _socket_folder(url)
        assert folder != far_away
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert await _answers(url)
        with embedded_postgres(far_away) as joined:
            assert joined == url
    assert not folder.exists()
    with embedded_postgres(far_away) as url:
        assert _socket_folder(url) != folder


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """One that every account may enter, as pytest's are not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@needs_root
def test_another_account_is_not_let_in(open_folder: Path) -> None:
    with embedded_postgres(open_folder / "postgres") as url:
        folder = _socket_folder(url)
        psql = [str(postgres_programs.programs() / "psql"), "-h", str(folder), "-U", "postgres"]
        for account in ("nobody", "pgserver"):
            refused = subprocess.run(
                [*psql, "-c", "SELECT 1"],
                user=account,
                extra_groups=[],
                cwd="/",
                capture_output=True,
                text=True,
                check=False,
            )
            assert refused.returncode != 0
            assert "1 row" not in refused.stdout


@needs_root
async def test_folders_of_people_stay_closed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    before = {folder: folder.stat().st_mode for folder in (home, *home.parents)}
    with embedded_postgres(home / "postgres") as url:
        assert await _answers(url)
    assert {folder: folder.stat().st_mode for folder in before} == before


@needs_root
async def test_programs_in_a_closed_folder_are_copied_and_the_folder_stays_closed(
    tmp_path: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install = postgres_programs.programs().parent
    package, closed = install.parent, tmp_path / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(install, closed / package.name / install.name, symlinks=True)
    shutil.copytree(package.with_name(f"{package.name}.libs"), closed / f"{package.name}.libs")
    (closed / package.name / "__init__.py").touch()
    monkeypatch.syspath_prepend(closed)
    monkeypatch.setattr(postgres_programs, "_OPEN_COPY", open_folder)
    postgres_programs.programs.cache_clear()
    try:
        assert postgres_programs.programs().is_relative_to(open_folder)
        with embedded_postgres(tmp_path / "postgres") as url:
            assert await _answers(url)
    finally:
        postgres_programs.programs.cache_clear()
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_data_of_an_older_version_are_refused_in_one_line(tmp_path: Path) -> None:
    data = tmp_path / "postgres"
    data.mkdir(mode=0o700)
    (data / "PG_VERSION").write_text("17\n")
    with (
        pytest.raises(PostgresUnavailable, match="PostgreSQL 17") as refused,
        embedded_postgres(data),
    ):
        pass
    assert "\n" not in str(refused.value)


def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    precious = tmp_path / "postgres" / "precious"
    precious.parent.mkdir()
    precious.touch()
    with pytest.raises(PostgresUnavailable, match="no data"):
        embedded_postgres(precious.parent).__enter__()
    assert precious.exists()
