"""Category, place and doubts together."""

from datetime import UTC, datetime, timedelta

import pytest

from services.intake.gazetteer import load_gazetteer
from services.intake.rules import dates
from services.intake.rules.classification import Classification, classify, contradicts

LANTIAN = load_gazetteer()
NOW = datetime(2026, 10, 12, 4, 0, tzinfo=UTC)


def classified(text: str, address_line: str | None = None) -> Classification:
    return classify(LANTIAN, "", text, address_line=address_line)


def test_the_village_is_named_as_people_say_it() -> None:
    found = classified("三里镇马河村三组停水五天了")
    assert LANTIAN.villages[found.village_code or ""].name == "马河村委会"
    assert (found.town, found.village, found.group) == ("三里镇", "马河村", "三组")


def test_the_address_places_what_the_words_do_not() -> None:
    found = classified("水龙头没水了", "蓝田县三里镇马河村3组")
    assert (found.village, found.group, found.needs_human) == ("马河村", "三组", False)
    assert classified("水龙头没水了").needs_human


def test_a_doubt_known_before_needs_a_person_and_is_named() -> None:
    text = "三里镇马河村三组停水五天了"
    found = classify(LANTIAN, "", text, doubts=("impossible_date",))
    assert found.needs_human
    assert "impossible_date" in found.reasons
    assert found.category_is_clear


@pytest.mark.parametrize(
    ("decided", "expected"),
    [
        pytest.param((True, "outage", "610122107226"), False, id="the same"),
        pytest.param((True, "billing", "610122107226"), True, id="another matter"),
        pytest.param((True, "outage", "610122119200"), True, id="another village"),
        pytest.param((False, "not_ours", None), True, id="ours after all"),
    ],
)
def test_newer_words_contradict_a_decision(
    decided: tuple[bool, str, str | None], expected: bool
) -> None:
    found = classified("三里镇樊家村三组停水两天了，一滴水都没有")
    is_ours, category, village_code = decided
    assert (
        contradicts(found, is_ours=is_ours, category=category, village_code=village_code)
        is expected
    )


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (NOW, True),
        (NOW + timedelta(hours=23), True),
        (NOW + timedelta(hours=25), False),
        (datetime(2199, 1, 1, tzinfo=UTC), False),
        (datetime(1999, 12, 31, tzinfo=UTC), False),
        (datetime(2001, 1, 1, tzinfo=UTC), True),
    ],
)
def test_which_dates_can_be(moment: datetime, expected: bool) -> None:
    assert dates.can_be(moment, NOW) is expected


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        (None, True),
        ("5个工作日", True),
        ("2026年11月30日前", True),
        ("2027-01-05 18:00", True),
        ("2206年11月30日前", False),
        ("1926-11-30", False),
        ("20261-1-1", False),
        ("电话 0912-4000-1234", True),
    ],
)
def test_which_printed_limits_can_be(printed: str | None, expected: bool) -> None:
    assert dates.limit_can_be(printed, NOW) is expected
