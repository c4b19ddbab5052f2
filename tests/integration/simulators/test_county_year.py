"""A county's year: as many as asked for, the same for the same seed, and shaped like a year."""

import csv
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import httpx
import pytest

from shared.clock import SHANGHAI
from shared.platform_kit.request_signing import SignedRequests
from waterdesk.simulators.county_year import county_year, live_stream
from waterdesk.simulators.simulators import Simulators
from waterdesk.simulators.submissions import Platform, Submission
from waterdesk.simulators.submit import submit

END = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[3]
GAZETTEER = ROOT / "services" / "intake" / "gazetteer" / "lantian_villages.csv"
with GAZETTEER.open(encoding="utf-8") as file:
    VILLAGES = [(row["code"], row["village"], row["town"]) for row in csv.DictReader(file)]
SEEDS = range(5)


@pytest.fixture(scope="module", params=SEEDS)
def year(request: pytest.FixtureRequest) -> list[Submission]:
    return county_year(request.param, END, villages=VILLAGES)


def test_a_year_has_the_complaints_asked_for_in_time_order(year: list[Submission]) -> None:
    assert sum(one.is_complaint for one in year) == 401
    times = [one.at for one in year]
    assert times == sorted(times)
    assert END - timedelta(days=365) <= times[0]
    assert times[-1] < END
    assert all(one.at.microsecond == 0 for one in year)


@pytest.mark.parametrize("total", [20, 100, 4000])
def test_a_smaller_or_larger_county_has_its_own_number(total: int) -> None:
    year = county_year(3, END, total, villages=VILLAGES)
    assert sum(one.is_complaint for one in year) == total


def test_the_same_seed_gives_the_same_year_and_another_seed_another() -> None:
    first, again, other = (county_year(seed, END, villages=VILLAGES) for seed in (1, 1, 2))
    assert first == again != other


def test_numbers_and_keys_are_unique(year: list[Submission]) -> None:
    assert len({one.key for one in year}) == len(year)
    numbers = [one.number for one in year if one.is_complaint]
    assert len(set(numbers)) == len(numbers)


def test_references_point_back_in_time(year: list[Submission]) -> None:
    complaints = {one.number: one for one in year if one.is_complaint}
    for one in year:
        for number, same_platform in (
            (one.chase_of, True),
            (one.edit_of, True),
            (one.duplicate_of, False),
        ):
            if number is not None:
                first = complaints[number]
                assert first.at < one.at
                assert (first.platform is one.platform) is same_platform
                assert (first.category, first.village_code) == (one.category, one.village_code)


def test_the_year_has_every_difficult_kind_of_submission(year: list[Submission]) -> None:
    assert {one.platform for one in year} == set(Platform)
    assert all(
        count >= least
        for count, least in (
            (sum(one.chase_of is not None for one in year), 10),
            (sum(one.edit_of is not None for one in year), 3),
            (sum(one.duplicate_of is not None for one in year), 15),
            (sum(one.second_category is not None for one in year), 5),
            (sum(one.category == "not_ours" for one in year), 20),
            (sum(one.says_repeated for one in year), 5),
        )
    )


def test_one_village_complains_at_once_on_three_platforms(year: list[Submission]) -> None:
    bursts = [
        (one, last)
        for one, last in zip(year, year[19:], strict=False)
        if last.at - one.at <= timedelta(hours=2)
    ]
    assert bursts
    first, last = bursts[0]
    fault = Counter(one.fault for one in year if first.at <= one.at <= last.at).most_common(1)[0][0]
    burst = [one for one in year if one.fault == fault and one.is_complaint]
    first_ones = [one for one in burst if one.duplicate_of is None]
    assert 20 <= len(first_ones) <= 40
    assert len({one.village_code for one in burst}) == 1
    assert {one.platform for one in first_ones} == set(Platform)


def test_frost_comes_in_winter_and_mud_after_storms(year: list[Submission]) -> None:
    def months(words: str) -> set[int]:
        found = (one for one in year if re.search(words, one.text) and one.is_complaint)
        return {one.at.astimezone(SHANGHAI).month for one in found}

    assert months("冻") <= {12, 1, 2, 3}
    assert months("泥汤|黄泥水|泥水") <= {7, 8, 9, 10}
    assert months("天旱|井里没水") <= {6, 7, 8, 9}


def test_some_schemes_fail_again_and_again(year: list[Submission]) -> None:
    failures = Counter(
        (village, component)
        for village, component, _ in {
            (one.village_code, one.component, one.fault) for one in year if one.fault
        }
    )
    assert failures.most_common(1)[0][1] >= 4


def test_texts_are_varied_and_the_people_invented(year: list[Submission]) -> None:
    complaints = [one for one in year if one.is_complaint]
    assert len({one.text for one in complaints}) > 0.95 * len(complaints)
    assert all(re.fullmatch(r"1380000\d{4}", one.phone) for one in year if one.phone)
    assert not any("{" in one.text + one.title for one in year)
    with_place = sum(
        village.removesuffix("委会") in one.text
        for one in complaints
        for code, village, _ in VILLAGES
        if code == one.village_code
    )
    assert 0.85 * len(complaints) < with_place < len(complaints)


@pytest.mark.parametrize(("total", "villages"), [(19, VILLAGES), (401, [])])
def test_an_impossible_year_is_refused(total: int, villages: list[tuple[str, str, str]]) -> None:
    with pytest.raises(ValueError, match="20 complaints and one village"):
        county_year(1, END, total, villages=villages)


def test_a_stream_goes_on_in_order_at_about_its_rate() -> None:
    stream = list(islice(live_stream(4, 30.0, END, villages=VILLAGES), 3000))
    times = [one.at for one in stream]
    assert times == sorted(times)
    assert len({one.key for one in stream}) == len(stream)
    per_minute = len(stream) / ((times[-1] - END).total_seconds() / 60)
    assert 25 < per_minute < 36
    assert stream == list(islice(live_stream(4, 30.0, END, villages=VILLAGES), 3000))


def test_a_stream_never_reuses_a_number() -> None:
    given = {one.number for one in county_year(4, END, 4000, villages=VILLAGES)}
    for start in (END, END + timedelta(seconds=5), END + timedelta(days=1)):
        stream = islice(live_stream(4, 600.0, start, villages=VILLAGES), 1000)
        numbers = {one.number for one in stream}
        assert not numbers & given
        given |= numbers


async def test_a_year_submitted_twice_is_in_the_simulators_once(
    simulators: Simulators, client: httpx.AsyncClient, signed: SignedRequests
) -> None:
    year = county_year(1, END, 60, villages=VILLAGES)
    for one in [*year, *year]:
        await submit(client, one)
    kinds = Counter((entry.simulator, entry.kind) for entry in simulators.journal.entries())
    of_platform = Counter(one.platform for one in year)
    assert kinds["hotline", "changed"] == of_platform[Platform.HOTLINE]
    board = kinds["board", "posted"] + kinds["board", "edited"]
    assert board == of_platform[Platform.BOARD]
    assert kinds["wechat", "user_wrote"] == of_platform[Platform.WECHAT]
    response = await client.get("/12345/api/orders", params={"limit": 200}, auth=signed)
    changes = {ticket["changeId"]: ticket for ticket in response.json()["orders"]}
    for one in year:
        if one.platform is Platform.HOTLINE:
            ticket = changes[one.key]
            assert ticket["issueNumber"] == one.number
            assert ticket["issueDesc"] == one.text
            time = one.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
            assert ticket["changeTime"] == time
