"""The journal: nothing that was answered is lost, whatever moment the process dies at."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import ManualClock
from waterdesk.simulators.journal import Journal, JournalDamaged, JournalInUse

from ...conftest import NOW

CLOCK = ManualClock(NOW)
facts = st.lists(
    st.tuples(
        st.sampled_from(["hotline", "board"]),
        st.sampled_from(["posted", "answered"]),
        st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
            st.one_of(
                st.text(st.characters(exclude_categories=["Cs"])), st.integers(), st.booleans()
            ),
            max_size=4,
        ),
    ),
    max_size=8,
)


def kept(journal: Journal) -> list[tuple[str, str, Any]]:
    return [(entry.simulator, entry.kind, entry.data) for entry in journal.entries()]


@given(first=facts, more=facts)
def test_everything_comes_back_and_goes_on(first: list[Any], more: list[Any]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "kept" / "journal.jsonl"
        for part, expected in ((first, first), (more, first + more)):
            journal = Journal(path, CLOCK)
            for fact in part:
                journal.append(*fact)
            assert kept(journal) == expected
            journal.close()
        again = Journal(path, CLOCK)
        assert kept(again) == first + more
        assert [entry.number for entry in again.entries()] == list(
            range(1, len(first) + len(more) + 1)
        )
        again.close()


@given(first=facts.filter(bool), cut=st.integers(min_value=0))
def test_a_file_cut_anywhere_keeps_every_whole_line(first: list[Any], cut: int) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        journal = Journal(path, CLOCK)
        for fact in first:
            journal.append(*fact)
        journal.close()

        written = path.read_bytes()
        path.write_bytes(written[: cut % (len(written) + 1)])
        whole_lines = path.read_bytes().count(b"\n")

        journal = Journal(path, CLOCK)
        assert kept(journal) == first[:whole_lines]
        journal.append("hotline", "after", {})
        journal.close()
        lines = path.read_bytes().splitlines()
        assert [json.loads(line)["number"] for line in lines] == list(range(1, whole_lines + 2))


def test_a_damaged_line_in_the_middle_is_reported_and_nothing_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"number":1\n{"number":2}\n')
    with pytest.raises(JournalDamaged, match="line 1"):
        Journal(path, CLOCK)
    assert path.read_bytes() == b'{"number":1\n{"number":2}\n'


def test_two_cannot_keep_one_journal(tmp_path: Path) -> None:
    first = Journal(tmp_path / "journal.jsonl", CLOCK)
    with pytest.raises(JournalInUse):
        Journal(tmp_path / "journal.jsonl", CLOCK)
    first.close()
    Journal(tmp_path / "journal.jsonl", CLOCK).close()


def test_entries_can_be_asked_for_by_simulator_kind_and_number() -> None:
    journal = Journal(None, CLOCK)
    for simulator, kind in (("hotline", "posted"), ("board", "posted"), ("hotline", "answered")):
        journal.append(simulator, kind, {})
    assert [entry.number for entry in journal.entries("hotline")] == [1, 3]
    assert [entry.number for entry in journal.entries(kind="posted")] == [1, 2]
    assert [entry.number for entry in journal.entries(after=1)] == [2, 3]
