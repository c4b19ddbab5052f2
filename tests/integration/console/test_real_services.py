"""The console with the real intake and reply behind it, instead of stand-ins."""

from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from services.dispatch.policy import Policy
from services.dispatch.subscriptions import handlers
from services.intake import service as intake_service
from services.intake.settings import IntakeSettings
from services.reply import service as reply_service
from services.reply.settings import ReplySettings
from shared.bus import parking
from shared.bus.consumer import Consumer
from shared.bus.embedded import EmbeddedBus
from shared.bus.protocol import Message, Position, Received
from shared.bus.relay import message_of
from shared.bus.tables import outbox, parked
from shared.bus.topics import COMPLAINTS
from shared.clock import ManualClock
from shared.db import Database
from shared.privacy.vault import Vault, new_key
from tests.integration.console.conftest import SECRET, Reachable, SignedIn
from tests.integration.console.county import COUNTY

BUS = EmbeddedBus("postgresql:///none")  # events are handed over by the tests
NAME, WORDS = "测试丙", "三里镇樊家村三组停水两天了，一滴水都没有"
ENTERED = {"text": WORDS, "name": NAME, "phone": "13900000003", "entry_id": "e-1"}


@pytest.fixture
async def intake_database(new_database: Callable[[str], Awaitable[Database]]) -> Database:
    return await new_database("intake")


@pytest.fixture
async def reply_database(new_database: Callable[[str], Awaitable[Database]]) -> Database:
    return await new_database("reply")


@pytest.fixture
def intake(intake_database: Database) -> Reachable:
    settings, vault = IntakeSettings(county=COUNTY), Vault([new_key()])
    service = intake_service.build(settings, intake_database, BUS, secret=SECRET, vault=vault)
    return Reachable(service.app)


@pytest.fixture
async def reply(reply_database: Database) -> AsyncIterator[Reachable]:
    service = reply_service.build(ReplySettings(), reply_database, BUS, secret=SECRET)
    service.app.state.consumer = service.consumer
    yield Reachable(service.app)
    for close in service.closing:
        await close()


@pytest.fixture
async def complaint(signed_in: SignedIn, intake_database: Database, database: Database) -> str:
    """The address of a complaint's page: entered at the console, and its event handled."""
    answer = await (await signed_in("wang.diaodu")).post("/complaints/new", data=ENTERED)
    assert answer.status_code == 303, answer.text
    async with intake_database.connect() as connection:
        sent = (await connection.execute(select(outbox))).all()
    consumer = Consumer("dispatch", database, BUS, (COMPLAINTS,), handlers(Policy()))
    await consumer.handle([Received(message_of(row), Position(row.topic, 0, 0)) for row in sent])
    return urlsplit(answer.headers["location"]).path


async def test_opening_a_residents_data_is_recorded_and_shown(
    signed_in: SignedIn, complaint: str
) -> None:
    assert NAME in (await (await signed_in("wang.diaodu")).post(f"{complaint}/resident")).text

    supervisor = await signed_in("chen.zhuguan")
    typed = {"viewer": "wang.diaodu", "phone": ENTERED["phone"]}
    newest = await supervisor.get("/disclosures")
    found = await supervisor.post("/disclosures", data=typed)
    for page in (newest, found):
        assert f'href="{complaint}"' in page.text
        assert "wang.diaodu" in page.text


async def test_an_erased_complaint_has_no_words_and_no_resident_any_more(
    signed_in: SignedIn, complaint: str
) -> None:
    admin = await signed_in("admin")
    assert WORDS in (await admin.get(complaint)).text

    why = {"reason": "居民本人要求", "sure": "true"}
    erased = await admin.post(f"{complaint}/erasure", data=why)
    assert erased.headers["location"] == f"{complaint}?done=erased"

    assert WORDS not in (await admin.get(complaint)).text
    assert NAME not in (await admin.post(f"{complaint}/resident")).text


async def test_an_event_that_reply_has_parked_is_listed_and_dropped(
    signed_in: SignedIn, reply_database: Database, clock: ManualClock
) -> None:
    headers = {"ce_type": "cn.waterdesk.complaint.chased.v1", "ce_id": "e", "ce_sequence": "1"}
    message = Message(COMPLAINTS, "c-parked", headers, f'{{"county": "{COUNTY}"}}'.encode())
    async with reply_database.work() as (session, _):
        await parking.park(session, "reply", [message], "UnknownComplaint", clock.now())

    admin = await signed_in("admin")
    assert "c-parked" in (await admin.get("/parked?service=reply")).text
    dropped = await admin.post("/parked/reply/drop", data={"key": "c-parked"})
    assert dropped.headers["location"] == "/parked?service=reply&done=dropped"

    async with reply_database.reading() as session:
        assert (await session.execute(select(parked.c.key))).all() == []
