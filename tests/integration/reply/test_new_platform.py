"""A platform is added by one file in channels/: its profile, and how its channel is opened."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.reply import channels
from services.reply.channel_registry import known_profiles, open_channels
from services.reply.models import ReplyState
from services.reply.sender import Sender
from shared.events.complaints import ComplaintReceived
from tests.integration.reply.events import linked, received, repaired
from tests.integration.reply.harness import Harness
from tests.integration.reply.postbox import Postbox, settings

_NAME = "county_app"
_FILE = """
from datetime import timedelta

from services.reply.channels.channel import Receipt
from services.reply.rules.platform_profile import PlatformProfile

PROFILE = PlatformProfile("county_app", longest_reply=300)
PROFILES = (PROFILE,)


class CountyApp:
    profile = PROFILE
    appears_within = timedelta(0)

    def __init__(self, clock):
        self.clock, self.taken = clock, []

    async def probe(self):
        pass

    async def send(self, reply):
        self.taken.append(reply.text)
        return Receipt("7", self.clock.now())

    async def look(self, reply):
        return None

    async def close(self):
        pass


def open_channel(settings, clock, transport):
    return CountyApp(clock)
"""


@pytest.fixture
def county_app(tmp_path: Path) -> Iterator[None]:
    (tmp_path / "county_app.py").write_text(_FILE, encoding="utf-8")
    channels.__path__.append(str(tmp_path))
    yield
    channels.__path__.remove(str(tmp_path))


@pytest.mark.usefixtures("county_app")
async def test_a_new_file_drafts_sends_and_ends(harness: Harness, postbox: Postbox) -> None:
    opened = open_channels(settings(), harness.clock).by_platform
    harness.config = replace(harness.config, profiles=known_profiles(), channels=frozenset(opened))
    event = received().model_copy(update={"platform": _NAME})
    await harness.receives(event, linked(), repaired())
    assert (await harness.live_reply()).text.startswith("办理情况：")
    await postbox.approves("c1")
    only_this = {_NAME: opened[_NAME]}
    await Sender(harness.database, harness.config, only_this, postbox.handles).once()
    reply = await harness.live_reply()
    assert (reply.state, reply.receipt) == (ReplyState.DELIVERED, "7")


def test_every_platform_a_complaint_may_come_from_has_a_profile() -> None:
    platforms = ComplaintReceived.model_json_schema()["properties"]["platform"]["enum"]
    assert set(platforms) <= known_profiles().keys()
