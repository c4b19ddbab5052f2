"""`waterdesk run` beside a home it must not start on: status 2, one line, within 20 seconds."""

import subprocess
from pathlib import Path

import pytest

from shared.embedded_postgres import embedded_postgres
from tests.journey.process_group import ROOT, WATERDESK, environment, ports_of_services

_ENDS_WITHIN = 20
_DATA = {"postgres/PG_VERSION": "18\n"}
_SECRETS = '{"secret": "SECRET-kept-for-32-characters-or-more", "privacy_keys": "KEYS"}'


def _refused(home: Path) -> str:
    """What `run` says on standard error: one line."""
    ended = subprocess.run(
        [WATERDESK, "run"],
        env=environment(home, ports_of_services()),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=_ENDS_WITHIN,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    (line,) = ended.stderr.splitlines()
    assert "SECRET" not in line.replace("WATERDESK_SECRET", "")
    return line


@pytest.mark.parametrize(
    ("files", "says"),
    [
        pytest.param(_DATA, "secrets.json", id="data without their secrets"),
        pytest.param({"secrets.json": _SECRETS[:-9]}, "damaged", id="secrets cut short"),
        pytest.param({"secrets.json": ""}, "damaged", id="secrets empty"),
        pytest.param({"secrets.json": '["SECRET"]'}, "damaged", id="secrets of another shape"),
        pytest.param({"secrets.json": '{"secret": 7}'}, "damaged", id="secrets without keys"),
        pytest.param(
            {"secrets.json": _SECRETS},
            "WATERDESK_PRIVACY_KEYS",
            id="secrets with a key that is none",
        ),
    ],
)
def test_it_is_refused(tmp_path: Path, files: dict[str, str], says: str) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert says in _refused(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {Path(name).parts[0] for name in files}


def test_data_of_an_older_postgresql_are_refused(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path / "postgres"):
        pass
    (tmp_path / "postgres" / "PG_VERSION").write_text("17\n")
    (tmp_path / "secrets.json").write_text(
        _SECRETS.replace("KEYS", "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=")
    )
    assert "PostgreSQL 17" in _refused(tmp_path)


def test_a_second_start_on_a_home_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text(
        _SECRETS.replace("KEYS", "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=")
    )
    with embedded_postgres(tmp_path / "postgres"):
        assert "in use by process" in _refused(tmp_path)
