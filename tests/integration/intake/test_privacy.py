"""Nothing a resident said or is leaves intake, or stands in it unsealed."""

import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from shared.db import Database
from shared.logging import configure_logging
from tests.integration.intake.conftest import Intake
from tests.integration.intake.requests import DRY, PULL, enter, push

# Two characters that no name of ours has, so that finding them proves a leak.
_MARK = "麤龘"
_NAMES = st.text("甲乙丙丁戊己庚辛", min_size=1, max_size=4).map(lambda name: _MARK + name)
_PHONES = st.from_regex(r"1[3-9]\d{9}", fullmatch=True)
_TEXTS = st.builds(
    lambda said, name, phone: f"{said}{name}，电话{phone}",
    st.sampled_from(["停水三天了，", "三里镇樊家村三组水费不对，", "你们", "\x00"]),
    _NAMES,
    _PHONES,
)


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    """Everything logged meanwhile, at the finest level of our own."""
    lines = io.StringIO()
    configure_logging("INFO")
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(lines)
    yield lines
    if before is not None:
        handler.setStream(before)


async def everything_stored(database: Database) -> str:
    """Every row of every table as PostgreSQL prints it, and bytes as text too."""
    async with database.reading() as session:
        tables = await session.scalars(
            text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        )
        printed = []
        for table in tables.all():
            rows = await session.execute(text(f'SELECT * FROM "{table}"'))
            for row in rows:
                printed += [
                    value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                    for value in row
                ]
    return "\n".join(printed)


@settings(
    max_examples=20,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(name=_NAMES, phone=_PHONES, said=_TEXTS)
async def test_no_word_name_phone_or_address_is_published_logged_or_stored_in_the_clear(
    intake: Intake,
    database: Database,
    log_lines: io.StringIO,
    name: str,
    phone: str,
    said: str,
) -> None:
    order = DRY | {"issueDesc": said, "requestorName": name, "requestorTel": phone}
    intake.simulators.hotline.add_ticket(order | {"addrDesc": f"三里镇樊家村{name}家"})
    intake.simulators.wechat.write_message(f"o{_MARK}{phone}", said + name)
    await intake.simulators.deliver_pushes(everything=True)
    await intake.drain(PULL)
    answers = [
        await enter(intake, text=said, name=name, phone=phone),
        await enter(intake, text=said, name=name, phone=f"x{phone}"),
        await enter(intake, text={"said": said}, name=[name], phone=int(phone)),
        await push(intake, json.dumps({"issueDesc": said, "issueNumber": [name]}).encode()),
        await push(intake, json.dumps({"issueDesc": said}).encode(), secret="wrong"),
        await push(intake, said.encode()),
        await intake.client.get("/waiting", headers=intake.signed_in()),
    ]

    answered = "\n".join(answer.text for answer in answers)
    for where in (await everything_stored(database), log_lines.getvalue(), answered):
        assert where
        assert _MARK not in where
        assert phone not in where


@asynccontextmanager
async def nothing_said_can_be_stored(database: Database) -> AsyncIterator[None]:
    """PostgreSQL's own error names the row that it refuses."""
    async with database.connect() as connection:
        await connection.execute(
            text("ALTER TABLE words ADD CONSTRAINT too_late CHECK (stated_at < '2000-01-01')")
        )
        try:
            yield
        finally:
            await connection.execute(text("ALTER TABLE words DROP CONSTRAINT too_late"))


async def test_an_error_while_storing_tells_nothing_of_the_resident(
    intake: Intake, database: Database, log_lines: io.StringIO
) -> None:
    intake.simulators.hotline.add_ticket(
        DRY | {"issueDesc": f"{_MARK}停水，电话13900000009", "requestorName": f"{_MARK}甲"}
    )
    async with nothing_said_can_be_stored(database):
        await intake.run(PULL)

    logged = log_lines.getvalue()
    assert "delivery_set_aside" in logged
    assert _MARK not in logged
    assert "13900000009" not in logged
