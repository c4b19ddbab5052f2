"""What makes two replies one wording, as a table."""

from datetime import UTC, datetime, timedelta

import pytest

from services.reply.channel_registry import known_profiles
from services.reply.rules.drafting import HandledFacts, Signature, draft_reply
from services.reply.rules.wording import wording_of

NOW = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)
PROFILES = known_profiles()
FACTS = {
    "category": "outage",
    "place": "樊家村",
    "crew": "维修一队",
    "found": "水泵电机烧毁",
    "done": "更换电机",
    "repaired_at": NOW,
    "contacted_at": None,
    "solved": True,
}


def wording(changes: dict[str, object], platform: str = "hotline_12345") -> str:
    facts = HandledFacts(**{**FACTS, **changes})  # type: ignore[arg-type]
    signature = Signature("供水中心", "029-82700000", NOW.date())
    return wording_of(
        draft_reply(facts, PROFILES[platform], signature), PROFILES[platform], facts.place
    )


@pytest.mark.parametrize("platform", PROFILES)
@pytest.mark.parametrize(
    "changes",
    [{}, {"place": "乔村"}, {"repaired_at": NOW + timedelta(days=3)}, {"category": "low_pressure"}],
)
def test_platform_place_and_date_make_no_other_wording(
    platform: str, changes: dict[str, object]
) -> None:
    assert wording(changes, platform) == wording({})


@pytest.mark.parametrize(
    "changes",
    [{"found": "管道渗漏"}, {"done": "更换水泵"}, {"solved": False}, {"contacted_at": NOW}],
)
def test_what_was_found_and_done_makes_another(changes: dict[str, object]) -> None:
    assert wording(changes) != wording({})


def test_a_persons_own_words_count_without_place_and_date() -> None:
    profile = PROFILES["phone"]
    assert wording_of("乔村 10月12日 已修好。", profile, "乔村") == "已修好。"
    assert wording_of("孟村 10月13日 已修好。", profile, "孟村") == "已修好。"
