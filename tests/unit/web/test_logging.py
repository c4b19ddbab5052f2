"""Logs say where and what kind, never whose."""

import asyncio
import gc
import json
import logging
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest
import structlog
from pydantic import BaseModel
from sqlalchemy.exc import IntegrityError

from shared.http import PlatformRejected
from shared.logging import configure_logging
from shared.telemetry import continue_trace

NAME, PHONE, ADDRESS = "张三", "13800001111", "三里镇樊家村三组5号"
PRIVATE = (NAME, PHONE, ADDRESS, "Zhang")


@pytest.fixture
def logged(capfd: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """`logged()`: the lines so far, parsed; none of them may hold what is private."""

    def lines() -> list[dict[str, Any]]:
        text = capfd.readouterr().err
        assert not [each for each in PRIVATE if each in text], text
        return [json.loads(line) for line in text.splitlines()]

    yield lines
    structlog.reset_defaults()
    logging.basicConfig(handlers=[], force=True)


class _Resident(BaseModel):
    phone: int


def _pydantic() -> None:
    _Resident.model_validate({"phone": f"{NAME} {PHONE}"})


def _postgres() -> None:
    cause = asyncpg.UniqueViolationError(f"Key (name)=({NAME}) already exists.")
    cause.constraint_name = "complaint_pkey"
    cause.sqlstate = "23505"
    raise IntegrityError(f"INSERT {ADDRESS}", {"name": NAME}, cause)


def _python() -> None:
    try:
        int(f"{PHONE} Zhang")
    except ValueError as error:
        raise KeyError(ADDRESS) from error


def _ours() -> None:
    raise PlatformRejected(f"code 40001 for {NAME}, {PHONE}", 400, "40001")


def _group() -> None:
    raise ExceptionGroup(NAME, [ValueError(PHONE), ExceptionGroup(ADDRESS, [KeyError("Zhang")])])


@pytest.mark.parametrize(
    ("fails", "told"),
    [
        (_pydantic, ["pydantic_core._pydantic_core.ValidationError: phone int_parsing"]),
        (_postgres, ["sqlalchemy.exc.IntegrityError: 23505 complaint_pkey"]),
        (_python, ["builtins.KeyError", "caused by:", "builtins.ValueError", "in _python"]),
        (_ours, ["shared.http.PlatformRejected: code … for …, …"]),
        (_group, ["builtins.ExceptionGroup", "builtins.ValueError", "builtins.KeyError"]),
    ],
)
def test_an_exception_is_told_by_class_and_frames(logged: Any, fails: Any, told: list[str]) -> None:
    configure_logging("INFO")
    for log in (structlog.get_logger("ours"), logging.getLogger("a library")):
        try:
            fails()
        except Exception:
            log.exception("failed")
    ours, librarys = logged()
    for line in (ours, librarys):
        assert all(each in line["exception"] for each in told), line["exception"]
        assert f"test_logging.py:{fails.__code__.co_firstlineno}"[:-2] in line["exception"]


async def test_a_task_nobody_awaited_is_told_without_its_message(logged: Any) -> None:
    configure_logging("INFO")

    async def fails() -> None:
        raise ValueError(f"Zhang {PHONE}")

    task = asyncio.create_task(fails())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    gc.collect()
    (line,) = logged()
    assert line["event"] == "Task exception was never retrieved"
    assert "builtins.ValueError" in line["exception"]


async def test_a_line_carries_its_trace(logged: Any) -> None:
    configure_logging("INFO")

    async def work() -> None:
        continue_trace("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        structlog.get_logger().info("step", to=f"call {PHONE}")
        logging.getLogger("a library").info("step")

    await asyncio.create_task(work())
    structlog.get_logger().info("elsewhere")
    *inside, outside = logged()
    assert {line["trace_id"] for line in inside} == {"0af7651916cd43dd8448eb211c80319c"}
    assert inside[0]["to"] == "call [phone]"
    assert "trace_id" not in outside
