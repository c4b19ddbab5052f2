"""Every command: help with an example; bad input is one clear line and exit status 2."""

import logging
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
import structlog
import typer

from shared.migrations import make_database, migrate
from tests.journey.process_group import ports_of_services
from waterdesk import cli
from waterdesk.audit.simulator_journal import JOURNAL
from waterdesk.installation import SERVICES

ROOT = Path(__file__).parents[2]
SECRET = "not-to-be-printed-" * 3
DISTRIBUTED: Mapping[str, str] = {
    "WATERDESK_SECRET": SECRET,
    "WATERDESK_PRIVACY_KEYS": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
}


def _commands(app: typer.Typer, *before: str) -> Iterator[tuple[str, ...]]:
    for command in app.registered_commands:
        assert command.name
        yield (*before, command.name)
    for group in app.registered_groups:
        assert group.name
        assert group.typer_instance
        yield from _commands(group.typer_instance, *before, group.name)


COMMANDS = [*_commands(cli.commands())]

FILES: Mapping[str, bytes] = {
    "letters.csv": "id,title,text\n1,停水,三组停水两天\n".encode(),
    "no_columns.csv": b"a,b\n1,2\n",
    "one_bad_row.csv": b"sent,term\nyesterday,5 working days\n",
    "binary.csv": b"\x00\xff\xfe\x80" * 9,
    "empty.csv": b"",
    "not_yaml.yaml": b"a: [1\n",
    "other.yaml": b"a: 1\n",
    "unclosed.csv": 'id,title,text\n1,停水,"两天\n2,停水,三组\n停水\n'.encode(),
}
BAD_INPUT: Sequence[str] = (
    "nonsense",
    "--nonsense",
    "due",
    "due --sent 2026-11-23",
    "due --sent yesterday --term 24小时",
    "due --sent 2026-11-23 --term soon",
    "due --sent 2026-11-23 --term 24小时 --csv letters.csv",
    "due --csv missing.csv",
    "due --sent 2026-11-23 --term 24小时 --county 蓝田县",
    "due --csv .",
    "due --csv no_columns.csv",
    "due --csv one_bad_row.csv",
    "due --csv binary.csv",
    "due --csv empty.csv",
    "due --sent 2026-11-23 --term 24小时 --calendar missing.yaml",
    "due --sent 2026-11-23 --term 24小时 --calendar not_yaml.yaml",
    "due --sent 2026-11-23 --term 24小时 --calendar other.yaml",
    "calendar",
    "calendar 2026-01-01",
    "calendar load",
    "calendar load missing.yaml",
    "calendar load binary.csv",
    "calendar 2026-01-01 2026-13-01",
    "calendar 2026-02-02 2026-02-01",
    "calendar 1066-01-01 1066-01-02",
    "calendar 2026-01-01 2026-01-02 --calendar missing.yaml",
    "calendar 2026-01-01 2026-01-02 --calendar binary.csv",
    "report",
    "report --from 2026-01-01 --to 2026-12-31",
    "report --from yesterday --to 2026-12-31 --out 2026.xlsx",
    "report --from 0001-01-01 --to 2026-12-31 --out 2026.xlsx",
    "report --from 2026-01-01 --to 9999-12-31 --out 2026.xlsx",
    "report --from 2026-02-01 --to 2026-01-31 --out 2026.xlsx",
    "report --from 2026-01-01 --to 2026-12-31 --out 2026.pdf",
    "report --from 2026-01-01 --to 2026-12-31 --out missing/2026.xlsx",
    "history import missing.xlsx",
    "history import no_columns.csv",
    "history undo h-none",
    "hotspots rank",
    "hotspots rank missing.csv out.csv --as-of 2026-01-01",
    "hotspots rank letters.csv out.csv --as-of 2026-01-01",
    "hotspots rank letters.csv out.csv --as-of someday",
    "triage",
    "triage letters.csv",
    "triage missing.csv out.csv",
    "triage . out.csv",
    "triage binary.csv out.csv",
    "triage no_columns.csv out.csv",
    "triage empty.csv out.csv",
    "triage letters.csv letters.csv",
    "triage letters.csv missing/out.csv",
    "triage letters.csv out.csv --gazetteer missing.csv",
    "triage letters.csv out.csv --gazetteer no_columns.csv",
    "triage letters.csv out.csv --gazetteer binary.csv",
    "triage unclosed.csv out.csv",
    "kafka --port 0",
    "kafka --port nonsense",
    "replay",
    "replay nonsense",
    "replay waterdesk.complaints --since yesterday",
    "replay waterdesk.complaints --since 0001-01-01T00:00",
    "replay waterdesk.complaints --since 0001-01-01T00:00+08:00",
    "replay waterdesk.complaints --since 1999-12-31",
    "replay waterdesk.complaints --since 9999-12-31T23:59:59-12:00",
    "replay waterdesk.complaints --since 9999-12-31T23:59:59",
    "republish",
    "republish --since 2001-01-01",
    "republish --since 2026-11-20 --service nonsense",
    "parked",
    "parked list --service nonsense",
    "parked release",
    "parked drop",
    "parked drop --service reply",
    "serve",
    "serve nonsense",
    "demo --rate nonsense",
    "demo --rate 0",
    "demo --seconds 0",
    "bench",
    "bench pipeline --bus nonsense",
    "bench pipeline --complaints 0",
    "bench deadlines --seconds 1",
    "verify",  # in a home where nothing was ever prepared
)
BAD_SETTINGS: Mapping[str, Mapping[str, str]] = {
    "a port that is no number": {"WATERDESK_DISPATCH_PORT": SECRET},
    "a port out of range": {"WATERDESK_REPLY_PORT": "65536"},
    "a bus there is not": {"WATERDESK_BUS": SECRET},
    "a secret too short": {"WATERDESK_SECRET": SECRET[:31]},
    "a database without its secrets": {"WATERDESK_DATABASE_URL": "postgresql://db/x_{service}"},
    "one database for all services": {**DISTRIBUTED, "WATERDESK_DATABASE_URL": "postgresql://db/x"},
    "another kind of database": {**DISTRIBUTED, "WATERDESK_DATABASE_URL": "mysql://db/{service}"},
    "a database at no port": {
        **DISTRIBUTED,
        "WATERDESK_DATABASE_URL": f"postgresql://db:{SECRET}/{{service}}",
    },
    "a log at no database": {"WATERDESK_BUS_URL": SECRET},
    "a service at no address": {"WATERDESK_INTAKE_URL": SECRET},
    "a key too short": {
        **DISTRIBUTED,
        "WATERDESK_DATABASE_URL": "postgresql://db/x_{service}",
        "WATERDESK_PRIVACY_KEYS": "AAAAAAAAAAAAAAAAAAAAAA==",
    },
    "a key that is none": {
        **DISTRIBUTED,
        "WATERDESK_DATABASE_URL": "postgresql://db/x_{service}",
        "WATERDESK_PRIVACY_KEYS": SECRET,
    },
}
NOT_AN_AES_KEY = "!" * 43
BAD_FILES: Mapping[str, Mapping[str, str]] = {
    "a county file that is missing": {"WATERDESK_COUNTY_FILE": "missing.yaml"},
    "a county file that is not YAML": {"WATERDESK_COUNTY_FILE": "not_yaml.yaml"},
    "a county file with other keys": {"WATERDESK_COUNTY_FILE": "other.yaml"},
    "a county file that is not text": {"WATERDESK_COUNTY_FILE": "binary.csv"},
    "a gazetteer that is missing": {"WATERDESK_GAZETTEER": "missing.csv"},
    "a gazetteer without its columns": {"WATERDESK_GAZETTEER": "no_columns.csv"},
    "a gazetteer that is not text": {"WATERDESK_GAZETTEER": "binary.csv"},
    "an AES key that is not base64": {
        "WATERDESK_WECHAT_APP_ID": "wx0",
        "WATERDESK_WECHAT_TOKEN": "token",
        "WATERDESK_WECHAT_AES_KEY": NOT_AN_AES_KEY,
    },
}
READS_SETTINGS = (
    "verify",
    "run",
    "serve intake",
    "migrate",
    "replay waterdesk.replies",
    "accounts",
)


@dataclass(frozen=True)
class Ended:
    status: int
    out: str
    err: str

    def refused(self) -> str:
        """The one line it says."""
        assert self.status == 2
        assert "Traceback" not in self.err
        assert self.err.endswith("\n")
        (line,) = self.err.splitlines()
        assert line.startswith("waterdesk")
        return line


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where commands are called: with some files, and nothing of Waterdesk's."""
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    for name in [name for name in os.environ if name.startswith("WATERDESK_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def logging_untouched() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before
    structlog.reset_defaults()


def call(
    command: Sequence[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Ended:
    monkeypatch.setattr(sys, "argv", ["waterdesk", *command])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    told = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return Ended(ended.value.code, told.out, told.err)


def start(command: str, folder: Path, settings: Mapping[str, str] | None = None) -> Ended:
    """As a user does: the installed command, in a process of its own."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("waterdesk")), *command.split()],
        cwd=folder,
        env=dict(os.environ) | dict(settings or {}),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_with_an_example(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = call([*command, "--help"], monkeypatch, capsys)
    assert (ended.status, ended.err) == (0, "")
    example = ended.out.partition("Example:")[2]
    assert f"waterdesk {' '.join(command)}" in example


def test_alone_it_prints_its_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = call([], monkeypatch, capsys)
    assert (ended.status, ended.err) == (0, "")
    assert all(command[0] in ended.out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("more", ["--nonsense", "one two three four"])
def test_every_command_refuses_what_it_does_not_know(
    command: tuple[str, ...],
    more: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ended = call([*command, *more.split()], monkeypatch, capsys)
    ended.refused()
    assert ended.out == ""


@pytest.mark.parametrize("command", BAD_INPUT)
def test_bad_input_is_one_clear_line_and_status_2(
    command: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    logging_untouched: None,
) -> None:
    ended = call(command.split(), monkeypatch, capsys)
    ended.refused()
    assert ended.out == ""
    assert {path.name for path in folder.iterdir()} == set(FILES), "nothing was made or changed"


@pytest.mark.parametrize("settings", BAD_SETTINGS.values(), ids=BAD_SETTINGS)
@pytest.mark.parametrize("command", READS_SETTINGS)
def test_a_bad_setting_is_named_and_its_value_kept_quiet(
    command: str,
    settings: Mapping[str, str],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    logging_untouched: None,
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    line = call(command.split(), monkeypatch, capsys).refused()
    named = set(re.findall(r"WATERDESK_\w+", line))
    assert named
    assert named <= {*settings, "WATERDESK_SECRET"}, "nothing is named that only follows from it"
    assert SECRET[:31] not in line


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"WATERDESK_DATABASE_URL": "nonsense"}, "WATERDESK_DATABASE_URL"),
        ({"WATERDESK_DATABASE_URL": "postgresql://127.0.0.1:1/x_{service}"}, "127.0.0.1"),
    ],
    ids=["no URL", "nobody there"],
)
@pytest.mark.parametrize("command", ["verify", "migrate"])
def test_a_database_that_is_away_is_one_clear_line(
    command: str, settings: Mapping[str, str], said: str, folder: Path
) -> None:
    line = start(command, folder, {**DISTRIBUTED, **settings}).refused()
    assert said in line


def test_from_nothing_to_a_ledger_that_holds(folder: Path, postgres: str) -> None:
    at = {**DISTRIBUTED, "WATERDESK_DATABASE_URL": postgres.format("command_line_{service}")}
    assert "migrate" in start("verify", folder, at).refused()
    assert start("migrate", folder, at).status == 0
    ledger = start("verify --json", folder, at)
    assert (ledger.status, ledger.err) == (0, "")
    assert ledger.out.startswith('{"holds": true, "counts": {"complaints": 0, ')
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        quiet = {"WATERDESK_DISPATCH_PORT": port, "WATERDESK_LOG_LEVEL": "ERROR"}
        line = start("serve dispatch", folder, at | quiet).refused()
        assert f"{port} (WATERDESK_DISPATCH_PORT)" in line
        fresh = {"WATERDESK_DISPATCH_PORT": port, "WATERDESK_HOME": "fresh"}
        for command in ("run", "demo"):
            line = start(command, folder, fresh).refused()
            assert f"{port} (WATERDESK_DISPATCH_PORT)" in line
    assert not (folder / "fresh").exists(), "it is refused before anything is made"


@pytest.fixture(scope="session")
async def migrated(postgres: str) -> Mapping[str, str]:
    """Settings of a prepared installation, with free ports."""
    for service in SERVICES:
        url = postgres.format(f"bad_files_{service}")
        await make_database(url)
        await migrate(url, ROOT / "services" / service / "migrations")
    return {
        **DISTRIBUTED,
        **ports_of_services(),
        "WATERDESK_DATABASE_URL": postgres.format("bad_files_{service}"),
        "WATERDESK_LOG_LEVEL": "ERROR",
    }


@pytest.fixture(scope="session")
async def of_another_version(postgres: str) -> Mapping[str, str]:
    """Settings of databases with a revision that this version does not know."""
    for service in SERVICES:
        url = postgres.format(f"other_version_{service}")
        await make_database(url)
        connection = await asyncpg.connect(url)
        await connection.execute("CREATE TABLE alembic_version (version_num text PRIMARY KEY)")
        await connection.execute("INSERT INTO alembic_version VALUES ('of_another_version')")
        await connection.close()
    database = {"WATERDESK_DATABASE_URL": postgres.format("other_version_{service}")}
    return {**DISTRIBUTED, **ports_of_services(), **database}


def call_with(
    command: str,
    settings: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Ended:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return call(command.split(), monkeypatch, capsys)


@pytest.mark.usefixtures("folder", "logging_untouched")
@pytest.mark.parametrize("settings", BAD_FILES.values(), ids=BAD_FILES)
def test_a_bad_file_or_key_in_the_settings_is_one_clear_line(
    settings: Mapping[str, str],
    migrated: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = call_with("run", {**migrated, **settings}, monkeypatch, capsys).refused()
    value = [*settings.values()][-1]
    if value == NOT_AN_AES_KEY:
        assert "WATERDESK_WECHAT_AES_KEY" in line
        assert value not in line
    else:
        assert value in line


@pytest.mark.usefixtures("logging_untouched")
def test_accounts_reads_the_county_file_before_it_makes_anything(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = {"WATERDESK_COUNTY_FILE": "not_yaml.yaml"}
    assert "not_yaml.yaml" in call_with("accounts", bad, monkeypatch, capsys).refused()
    assert {path.name for path in folder.iterdir()} == set(FILES)


@pytest.mark.usefixtures("folder", "logging_untouched")
@pytest.mark.parametrize("command", ["run", "migrate", "accounts", "replay waterdesk.replies"])
def test_data_of_another_version_are_refused_in_one_line(
    command: str,
    of_another_version: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = call_with(command, of_another_version, monkeypatch, capsys).refused()
    assert "of another version" in line


@pytest.mark.usefixtures("logging_untouched")
@pytest.mark.parametrize("content", [b'{"year', b"{}", b"[]", b"\xff"])
@pytest.mark.parametrize("name", ["demo.json", "demo-year.json"])
def test_a_damaged_file_of_the_demo_is_named(
    name: str,
    content: bytes,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    home = folder / "home"
    home.mkdir()
    (home / name).write_bytes(content)
    settings = {**ports_of_services(), "WATERDESK_HOME": "home"}
    assert name in call_with("demo", settings, monkeypatch, capsys).refused()
    assert [path.name for path in home.iterdir()] == [name]


@pytest.mark.usefixtures("logging_untouched")
def test_verify_names_a_damaged_journal(
    migrated: Mapping[str, str],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder / JOURNAL).write_bytes(b"{}\n")
    settings = {**migrated, "WATERDESK_HOME": str(folder)}
    assert f"{JOURNAL}: line 1" in call_with("verify", settings, monkeypatch, capsys).refused()


def test_a_wrong_file_is_refused_by_the_installed_command_too(folder: Path) -> None:
    assert "missing.csv" in start("due --csv missing.csv", folder).refused()
