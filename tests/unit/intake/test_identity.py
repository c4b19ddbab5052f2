"""What a delivery is, against what is known: nothing twice, nothing dropped, nothing set back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.rules.identity import (
    CHASE_WITHIN,
    Decision,
    Delivery,
    Known,
    Recognised,
    Spoken,
    chased_by,
    content_hash,
    recognise,
)
from shared.vocabulary import Category

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
WORDS = content_hash("停水", "三组停水")
OTHER_WORDS = content_hash("停水", "三组停水，四组也停了")
KNOWN = Known(WORDS, NOON, frozenset({"d1"}))


def delivery(
    id_: str = "d2", *, words: bytes = WORDS, hours: float = 0, chase: bool = False
) -> Delivery:
    return Delivery(id_, chase, words, NOON + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("arrives", "known", "expected"),
    [
        pytest.param(delivery(), None, Recognised(Decision.NEW), id="never seen"),
        pytest.param(delivery("d1"), KNOWN, Recognised(Decision.DUPLICATE), id="same delivery"),
        pytest.param(delivery(), KNOWN, Recognised(Decision.DUPLICATE), id="same words again"),
        pytest.param(
            delivery(words=OTHER_WORDS, hours=1), KNOWN, Recognised(Decision.EDIT), id="new words"
        ),
        pytest.param(
            delivery(words=OTHER_WORDS), KNOWN, Recognised(Decision.EDIT), id="no change time"
        ),
        pytest.param(
            delivery(words=OTHER_WORDS, hours=-1),
            KNOWN,
            Recognised(Decision.OUTDATED),
            id="older words come late",
        ),
        pytest.param(delivery(chase=True), KNOWN, Recognised(Decision.CHASE), id="chase"),
        pytest.param(
            delivery("d1", chase=True), KNOWN, Recognised(Decision.DUPLICATE), id="chase twice"
        ),
    ],
)
def test_recognise(arrives: Delivery, known: Known | None, expected: Recognised) -> None:
    assert recognise(arrives, known) == expected


def test_a_chase_on_an_unknown_number_waits_for_a_person() -> None:
    assert recognise(delivery(chase=True), None) == Recognised(Decision.NEW, waits_for_person=True)


@given(
    st.permutations(range(6)),
    st.lists(st.integers(0, 5), max_size=6),
)
def test_in_any_order_and_any_number_of_times_the_newest_words_win(
    order: list[int], again: list[int]
) -> None:
    versions = [delivery(f"v{i}", words=content_hash("", str(i)), hours=i) for i in range(6)]
    known: Known | None = None
    for i in (*order, *again):
        arrives = versions[i]
        decision = recognise(arrives, known).decision
        assert (decision is Decision.NEW) == (known is None)
        if known is None:
            known = Known(arrives.content_hash, arrives.changed_at, frozenset())
        elif decision is Decision.EDIT:
            known = replace(known, content_hash=arrives.content_hash, changed_at=arrives.changed_at)
        known = replace(known, delivery_ids=known.delivery_ids | {arrives.delivery_id})
    assert known is not None
    assert known.content_hash == versions[5].content_hash


FIRST = Spoken("c1", b"someone", Category.OUTAGE, "610122107226", NOON)


def later(**changes: object) -> Spoken:
    said = replace(FIRST, complaint_id="c2", said_at=NOON + timedelta(hours=5))
    return replace(said, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("spoken", "is_chase"),
    [
        pytest.param(later(), True, id="the same again"),
        pytest.param(later(category=None, village_code=None), True, id="when will they come?"),
        pytest.param(later(village_code=None), True, id="no village this time"),
        pytest.param(later(category=Category.BILLING), False, id="another matter"),
        pytest.param(later(village_code="610122119200"), False, id="another village"),
        pytest.param(later(person_key=b"other"), False, id="another person"),
        pytest.param(later(said_at=NOON + CHASE_WITHIN), True, id="just within"),
        pytest.param(
            later(said_at=NOON + CHASE_WITHIN + timedelta(seconds=1)), False, id="too long after"
        ),
        pytest.param(later(said_at=NOON - timedelta(minutes=1)), False, id="said before it"),
        pytest.param(FIRST, False, id="itself"),
    ],
)
def test_where_nothing_is_numbered(spoken: Spoken, is_chase: bool) -> None:
    assert chased_by(spoken, [FIRST]) == (FIRST if is_chase else None)


def test_the_latest_of_several_is_chased() -> None:
    second = replace(FIRST, complaint_id="c9", said_at=NOON + timedelta(hours=1))
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
