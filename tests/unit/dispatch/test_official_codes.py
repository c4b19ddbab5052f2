"""Our categories in official codes."""

import csv
from io import StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.dispatch.rules.official_codes import (
    BadCodes,
    OfficialCode,
    as_rows,
    checked,
    empty_table,
    labels,
    read_csv,
)
from shared.vocabulary import Category


def test_what_is_shipped_says_nothing_and_is_unverified() -> None:
    assert {line.category for line in empty_table()} == set(Category)
    assert not any(line.verified or line.label for line in empty_table())


def test_a_code_without_a_source_says_so_wherever_it_is_shown() -> None:
    sourced = OfficialCode("billing", "2", "", "p. 3", verified=True)
    table = checked([OfficialCode("outage", "0101", "供水"), sourced])
    assert labels(table)["outage"] == "0101 供水（未核实）"
    assert labels(table)["billing"] == "2"
    assert len(table) == len(Category)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ([OfficialCode("roofs", "1")], "unknown_category"),
        ([OfficialCode("outage", "1"), OfficialCode("outage", "2")], "category_twice"),
        ([OfficialCode("outage", "1" * 101)], "too_long"),
        ([OfficialCode("outage", "1", verified=True)], "verified_without_source"),
        ([OfficialCode("outage", source="p. 1", verified=True)], "verified_without_source"),
    ],
)
def test_a_table_that_cannot_stand_is_refused(lines: list[OfficialCode], why: str) -> None:
    with pytest.raises(BadCodes) as refused:
        checked(lines)
    assert refused.value.why == why


def test_a_file_without_its_columns_is_refused() -> None:
    with pytest.raises(BadCodes, match="no_columns"):
        read_csv("outage,1")


_words = st.text('供水A1,"- ', max_size=8).map(str.strip)


@given(st.lists(st.tuples(_words, _words, _words), min_size=9, max_size=9))
@settings(max_examples=30)
def test_a_table_comes_back_from_csv_as_it_went(texts: list[tuple[str, str, str]]) -> None:
    table = [
        OfficialCode(line.category, *three, verified=bool(three[0] and three[2]))
        for line, three in zip(empty_table(), texts, strict=True)
    ]
    written = StringIO()
    writer = csv.DictWriter(written, as_rows(table)[0])
    writer.writeheader()
    writer.writerows(as_rows(table))
    assert read_csv("\ufeff" + written.getvalue()) == table
