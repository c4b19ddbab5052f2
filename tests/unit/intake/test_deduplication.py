"""What a delivery is, against what is known: nothing twice, nothing dropped, nothing set back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.rules.deduplication import (
    CHASE_WITHIN,
    DeliveryResult,
    Message,
    Version,
    chased_by,
    content_hash,
    result_of,
)
from shared.vocabulary import Category

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
WORDS = content_hash("停水", "三组停水")
OTHER_WORDS = content_hash("停水", "三组停水，四组也停了")
STORED = Version(WORDS, NOON)


def version(words: bytes = WORDS, *, hours: float = 0) -> Version:
    return Version(words, NOON + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("delivered", "is_chase", "expected"),
    [
        pytest.param(version(), False, DeliveryResult.DUPLICATE, id="same words again"),
        pytest.param(version(hours=-1), False, DeliveryResult.DUPLICATE, id="same words, older"),
        pytest.param(version(OTHER_WORDS, hours=1), False, DeliveryResult.EDITED, id="new words"),
        pytest.param(version(OTHER_WORDS), False, DeliveryResult.EDITED, id="no change time"),
        pytest.param(
            version(OTHER_WORDS, hours=-1),
            False,
            DeliveryResult.OUTDATED,
            id="older words come late",
        ),
        pytest.param(version(), True, DeliveryResult.CHASED, id="chase"),
    ],
)
def test_result_of_a_later_delivery(
    delivered: Version, is_chase: bool, expected: DeliveryResult
) -> None:
    assert result_of(delivered, STORED, is_chase=is_chase) is expected


@given(st.permutations(range(6)), st.lists(st.integers(0, 5), max_size=6))
def test_in_any_order_and_any_number_of_times_the_newest_words_win(
    order: list[int], again: list[int]
) -> None:
    versions = [version(content_hash("", str(i)), hours=i) for i in range(6)]
    stored, *later = (versions[i] for i in (*order, *again))
    for delivered in later:
        if result_of(delivered, stored, is_chase=False) is DeliveryResult.EDITED:
            stored = delivered
    assert stored.content_hash == versions[5].content_hash


FIRST = Message("c1", b"someone", Category.OUTAGE, "610122107226", NOON)


def later(**changes: object) -> Message:
    message = replace(FIRST, number="c2", stated_at=NOON + timedelta(hours=5))
    return replace(message, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("message", "is_chase"),
    [
        pytest.param(later(), True, id="the same again"),
        pytest.param(later(category=None, village_code=None), True, id="when will they come?"),
        pytest.param(later(village_code=None), True, id="no village this time"),
        pytest.param(later(category=Category.BILLING), False, id="another matter"),
        pytest.param(later(village_code="610122119200"), False, id="another village"),
        pytest.param(later(person_key=b"other"), False, id="another person"),
        pytest.param(later(stated_at=NOON + CHASE_WITHIN), True, id="just within"),
        pytest.param(
            later(stated_at=NOON + CHASE_WITHIN + timedelta(seconds=1)), False, id="too long after"
        ),
        pytest.param(later(stated_at=NOON - timedelta(minutes=1)), False, id="said before it"),
        pytest.param(FIRST, False, id="itself"),
    ],
)
def test_where_nothing_is_numbered(message: Message, is_chase: bool) -> None:
    assert chased_by(message, [FIRST]) == (FIRST if is_chase else None)


def test_the_latest_of_several_is_chased() -> None:
    second = replace(FIRST, number="c9", stated_at=NOON + timedelta(hours=1))
    assert chased_by(later(), [second, FIRST]) == second
    assert chased_by(later(), [FIRST, second]) == second


def test_white_space_and_full_width_are_not_another_content() -> None:
    assert content_hash("停水 ", "三组\r\n停水，已经３天") == content_hash(
        "停水", "三组停水,已经3天"
    )
    assert content_hash("停水", "三组") != content_hash("停水三", "组")


def test_a_keyed_hash_cannot_be_had_without_the_key() -> None:
    assert content_hash("停水", "", key=b"k") not in (content_hash("停水", ""), WORDS)


@given(st.text(), st.text())
def test_any_text_has_a_hash_of_32_bytes(title: str, text: str) -> None:
    assert len(content_hash(title, text)) == 32
