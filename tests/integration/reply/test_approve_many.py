"""The drafts of a fault are read and approved together, each by its own version."""

import pytest

from shared.auth.permissions import Role
from tests.integration.reply.conftest import Caller
from tests.integration.reply.events import HOUR, linked, received, repaired
from tests.integration.reply.harness import Harness

PLATFORMS = {"c1": "hotline_12345", "c2": "message_board", "c3": "wechat", "c4": "phone"}


@pytest.fixture
async def burst(harness: Harness) -> Harness:
    """One repaired fault with a complaint from each platform."""
    await harness.receives(
        *(received(each, platform=platform) for each, platform in PLATFORMS.items()),
        linked(*PLATFORMS),
        repaired(),
    )
    return harness


def _versions(**versions: int) -> dict[str, object]:
    return {
        "replies": [{"complaint_id": each, "version": number} for each, number in versions.items()]
    }


async def test_drafts_of_all_platforms_are_one_wording(burst: Harness, call: Caller) -> None:
    drafts = (await call("POST", "/replies/drafts", {"complaint_ids": list(PLATFORMS)})).json()
    assert [draft["complaint_id"] for draft in drafts] == sorted(PLATFORMS)
    assert len({draft["text"] for draft in drafts}) > 1
    assert len({draft["wording"] for draft in drafts}) == 1


async def test_one_command_approves_all(burst: Harness, call: Caller) -> None:
    answer = await call("POST", "/replies/approve", _versions(c1=1, c2=1, c3=1, c4=1))
    assert [one["outcome"] for one in answer.json()] == ["approved"] * 4
    for complaint_id in PLATFORMS:
        assert (await burst.live_reply(complaint_id)).state == "approved"
    assert (await call("POST", "/replies/drafts", {"complaint_ids": ["c1"]})).json() == []


async def test_a_version_that_changed_since_is_not_approved_and_the_others_are(
    burst: Harness, call: Caller
) -> None:
    await call("PUT", "/replies/c2/draft", {"text": "已修好。", "solved": True, "version": 1})
    answer = await call("POST", "/replies/approve", _versions(c1=1, c2=1, c9=1, c3=1))
    assert [(one["complaint_id"], one["outcome"]) for one in answer.json()] == [
        ("c1", "approved"),
        ("c2", "changed"),
        ("c9", "not_allowed"),
        ("c3", "approved"),
    ]
    assert "更新的版本" in answer.json()[1]["why"]
    assert ((await burst.live_reply("c2")).state, (await burst.live_reply("c3")).state) == (
        "draft",
        "approved",
    )


async def test_many_are_approved_by_whom_one_is(burst: Harness, call: Caller) -> None:
    refused = await call("POST", "/replies/approve", _versions(c1=1), role=Role.DISPATCHER)
    assert refused.status_code == 403
    elsewhere = await call("POST", "/replies/approve", _versions(c1=1), county="610125")
    assert elsewhere.json()[0]["outcome"] == "not_allowed"


async def test_who_did_not_answer_the_phone_is_called_again_later(
    burst: Harness, call: Caller
) -> None:
    await call("POST", "/replies/approve", _versions(c4=1))
    missed = await call("POST", "/replies/c4/not-reached", {"version": 1, "again_in": "PT3H"})
    assert missed.status_code == 204
    reply = await burst.live_reply("c4")
    assert (reply.state, reply.next_attempt_at) == ("approved", burst.clock.now() + 3 * HOUR)
    refused = await call("POST", "/replies/c1/not-reached", {"version": 1})
    assert refused.status_code == 409
