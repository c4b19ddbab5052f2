"""What makes two replies one wording, as a table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.reply.rules.drafting import Answering, DraftFacts, said_by
from services.reply.rules.wording import wording_of

NOW = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)
FACTS = DraftFacts(
    Answering.SOLVED,
    category="outage",
    place="樊家村",
    crew="维修一队",
    found="水泵电机烧毁",
    done="更换电机",
    repaired_at=NOW,
)


def wording(**changes: Any) -> str:
    facts = replace(FACTS, **changes)
    return wording_of("the platform's form", said_by(facts), facts.place)


@pytest.mark.parametrize(
    "changes",
    [{"place": "乔村"}, {"repaired_at": NOW + timedelta(days=3)}, {"category": "low_pressure"}],
)
def test_place_and_date_make_no_other_wording(changes: dict[str, Any]) -> None:
    assert wording(**changes) == wording()


@pytest.mark.parametrize(
    "changes",
    [
        {"found": "管道渗漏"},
        {"done": "更换水泵"},
        {"answering": Answering.NOT_SOLVED},
        {"contacted_at": NOW},
    ],
)
def test_what_was_found_and_done_makes_another(changes: dict[str, Any]) -> None:
    assert wording(**changes) != wording()


def test_a_persons_own_words_count_without_place_and_date() -> None:
    assert wording_of("乔村 10月12日 已修好。", "", "乔村") == "已修好。"
    assert wording_of("孟村 10月13日 已修好。", "", "孟村") == "已修好。"
