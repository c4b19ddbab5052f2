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
from waterdesk.simulators.feeding import feed
from waterdesk.simulators.said import Said, SpokenTo
from waterdesk.simulators.simulators import Simulators

END = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[3]
GAZETTEER = ROOT / "services" / "intake" / "gazetteer" / "lantian_villages.csv"
with GAZETTEER.open(encoding="utf-8") as file:
    VILLAGES = [(row["code"], row["village"], row["town"]) for row in csv.DictReader(file)]
SEEDS = range(5)


@pytest.fixture(scope="module", params=SEEDS)
def year(request: pytest.FixtureRequest) -> list[Said]:
    return county_year(request.param, END, villages=VILLAGES)


def test_a_year_has_the_complaints_asked_for_in_the_order_of_time(year: list[Said]) -> None:
    assert sum(said.is_complaint for said in year) == 401
    times = [said.at for said in year]
    assert times == sorted(times)
    assert END - timedelta(days=365) <= times[0]
    assert times[-1] < END
    assert all(said.at.microsecond == 0 for said in year)


@pytest.mark.parametrize("total", [20, 100, 4000])
def test_a_smaller_or_larger_county_has_its_own_number(total: int) -> None:
    year = county_year(3, END, total, villages=VILLAGES)
    assert sum(said.is_complaint for said in year) == total


def test_the_same_seed_gives_the_same_year_and_another_seed_another() -> None:
    first, again, other = (county_year(seed, END, villages=VILLAGES) for seed in (1, 1, 2))
    assert first == again != other


def test_numbers_and_keys_are_unique(year: list[Said]) -> None:
    assert len({said.key for said in year}) == len(year)
    numbers = [said.number for said in year if said.is_complaint]
    assert len(set(numbers)) == len(numbers)


def test_references_point_back_in_time(year: list[Said]) -> None:
    complaints = {said.number: said for said in year if said.is_complaint}
    for said in year:
        for number, same_platform in (
            (said.chase_of, True),
            (said.edit_of, True),
            (said.duplicate_of, False),
        ):
            if number is not None:
                first = complaints[number]
                assert first.at < said.at
                assert (first.platform is said.platform) is same_platform
                assert (first.category, first.village_code) == (said.category, said.village_code)


def test_the_year_holds_everything_that_makes_the_work_hard(year: list[Said]) -> None:
    assert {said.platform for said in year} == set(SpokenTo)
    assert all(
        count >= least
        for count, least in (
            (sum(said.chase_of is not None for said in year), 10),
            (sum(said.edit_of is not None for said in year), 3),
            (sum(said.duplicate_of is not None for said in year), 15),
            (sum(said.second_category is not None for said in year), 5),
            (sum(said.category == "not_ours" for said in year), 20),
            (sum(said.says_repeated for said in year), 5),
        )
    )


def test_one_village_speaks_at_once_on_three_platforms(year: list[Said]) -> None:
    bursts = [
        (said, last)
        for said, last in zip(year, year[19:], strict=False)
        if last.at - said.at <= timedelta(hours=2)
    ]
    assert bursts
    first, last = bursts[0]
    fault = Counter(said.fault for said in year if first.at <= said.at <= last.at).most_common(1)[
        0
    ][0]
    burst = [said for said in year if said.fault == fault and said.is_complaint]
    loud = [said for said in burst if said.duplicate_of is None]
    assert 20 <= len(loud) <= 40
    assert len({said.village_code for said in burst}) == 1
    assert {said.platform for said in loud} == set(SpokenTo)


def test_frost_comes_in_winter_and_mud_after_storms(year: list[Said]) -> None:
    def months(words: str) -> set[int]:
        found = (said for said in year if re.search(words, said.text) and said.is_complaint)
        return {said.at.astimezone(SHANGHAI).month for said in found}

    assert months("冻") <= {12, 1, 2, 3}
    assert months("泥汤|黄泥水|泥水") <= {7, 8, 9, 10}
    assert months("天旱|井里没水") <= {6, 7, 8, 9}


def test_some_schemes_fail_again_and_again(year: list[Said]) -> None:
    failures = Counter(
        (village, component)
        for village, component, _ in {
            (said.village_code, said.component, said.fault) for said in year if said.fault
        }
    )
    assert failures.most_common(1)[0][1] >= 4


def test_texts_are_varied_and_the_people_invented(year: list[Said]) -> None:
    complaints = [said for said in year if said.is_complaint]
    assert len({said.text for said in complaints}) > 0.95 * len(complaints)
    assert all(re.fullmatch(r"1380000\d{4}", said.phone) for said in year if said.phone)
    assert not any("{" in said.text + said.title for said in year)
    with_place = sum(
        village.removesuffix("委会") in said.text
        for said in complaints
        for code, village, _ in VILLAGES
        if code == said.village_code
    )
    assert 0.85 * len(complaints) < with_place < len(complaints)


@pytest.mark.parametrize(("total", "villages"), [(19, VILLAGES), (401, [])])
def test_an_impossible_year_is_refused(total: int, villages: list[tuple[str, str, str]]) -> None:
    with pytest.raises(ValueError, match="20 complaints and one village"):
        county_year(1, END, total, villages=villages)


def test_a_stream_goes_on_in_order_at_about_its_rate() -> None:
    said = list(islice(live_stream(4, 30.0, END, villages=VILLAGES), 3000))
    times = [one.at for one in said]
    assert times == sorted(times)
    assert len({one.key for one in said}) == len(said)
    per_minute = len(said) / ((times[-1] - END).total_seconds() / 60)
    assert 25 < per_minute < 36
    assert said == list(islice(live_stream(4, 30.0, END, villages=VILLAGES), 3000))


def test_a_stream_never_takes_a_number_that_was_given_before() -> None:
    given = {one.number for one in county_year(4, END, 4000, villages=VILLAGES)}
    for start in (END, END + timedelta(seconds=5), END + timedelta(days=1)):
        stream = islice(live_stream(4, 600.0, start, villages=VILLAGES), 1000)
        numbers = {one.number for one in stream}
        assert not numbers & given
        given |= numbers


async def test_a_year_fed_twice_is_in_the_simulators_once(
    simulators: Simulators, client: httpx.AsyncClient, signed: SignedRequests
) -> None:
    year = county_year(1, END, 60, villages=VILLAGES)
    for said in [*year, *year]:
        await feed(client, said)
    kinds = Counter((entry.simulator, entry.kind) for entry in simulators.journal.entries())
    of_platform = Counter(said.platform for said in year)
    assert kinds["hotline", "changed"] == of_platform[SpokenTo.HOTLINE]
    board = kinds["board", "posted"] + kinds["board", "edited"]
    assert board == of_platform[SpokenTo.BOARD]
    assert kinds["wechat", "user_spoke"] == of_platform[SpokenTo.WECHAT]
    response = await client.get("/12345/api/orders", params={"limit": 200}, auth=signed)
    changes = {order["changeId"]: order for order in response.json()["orders"]}
    for said in year:
        if said.platform is SpokenTo.HOTLINE:
            order = changes[said.key]
            assert order["issueNumber"] == said.number
            assert order["issueDesc"] == said.text
            time = said.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
            assert order["changeTime"] == time
