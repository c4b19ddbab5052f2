"""The files people edit: what is shipped loads, and a mistake is named by line and field."""

from datetime import date, datetime, time
from pathlib import Path

import pytest

from services.reply.calendar_file import SHIPPED as SHIPPED_CALENDAR
from services.reply.calendar_file import load_calendars
from services.reply.policy_file import SHIPPED as SHIPPED_POLICIES
from services.reply.policy_file import load_policies
from services.reply.rules.calendar import SHANGHAI
from services.reply.rules.counting import count_deadlines
from services.reply.rules.deadlines import TicketFacts
from shared.yaml_file import FileInvalid

CALENDAR = """\
office_hours: ["09:00-12:00", "13:30-17:30"]
unverified: true
day_ends_at: "24:00"
counties:
  "610122": {office_hours: ["08:30-12:00", "14:00-17:30"]}
years:
  2026:
    published: true
    holidays: [2026-01-01..2026-01-03, 2026-05-01]
    make_up_workdays: [2026-01-04]
"""
POLICIES = """\
ladders: [{id: all, name: 一般, source: x, unverified: true, steps: [{at: missed, tell: bureau}]}]
policies:
  - id: all
    name: 一般诉求
    source: test
    unverified: true
    in_force: {from: 2020-01-01}
    stages:
      reply: {within: "5个工作日"}
    extensions_allowed: 1
"""
SECOND_POLICY = POLICIES.partition("policies:\n")[2].replace("id: all", "id: other")


def test_every_shipped_policy_says_that_it_is_unverified() -> None:
    policies = load_policies()
    assert {policy.id for policy in policies} == {"ordinary", "urgent", "message-board", "wechat"}
    assert all(policy.unverified for policy in policies)


def test_the_123_workflow_is_named_empty_and_not_in_force() -> None:
    text = SHIPPED_POLICIES.read_text(encoding="utf-8")
    assert "id: workflow-123" in text
    assert "workflow-123" not in {policy.id for policy in load_policies()}


DRAFT = {"draft-emergency", "draft-supply", "draft-ordinary", "draft-complex"}


def ticket_of(county: str, kind: str, urgency: str = "ordinary") -> TicketFacts:
    sent_at = datetime(2026, 11, 23, 9, 15, tzinfo=SHANGHAI)
    return TicketFacts(county, "hotline_12345", kind, urgency, sent_at, sent_at, None)


def test_beijings_draft_is_in_force_nowhere() -> None:
    text = SHIPPED_POLICIES.read_text(encoding="utf-8")
    assert all(f"id: {name}\n" in text for name in DRAFT)
    assert not DRAFT & {policy.id for policy in load_policies()}


def test_a_county_that_chooses_beijings_draft_counts_by_it_and_no_other_does(
    tmp_path: Path,
) -> None:
    before, draft = SHIPPED_POLICIES.read_text(encoding="utf-8").split("  - id: draft-emergency")
    chosen = draft.replace("in_force: null", 'in_force: {from: 2026-01-01}\n    county: "610122"')
    path = tmp_path / "deadline_policies.yaml"
    path.write_text(before + "  - id: draft-emergency" + chosen, encoding="utf-8")
    policies = load_policies(path)
    calendar = load_calendars(SHIPPED_CALENDAR).default

    def reply_due(ticket: TicketFacts) -> tuple[str, datetime, bool]:
        deadline = count_deadlines(ticket, policies, calendar)[-1]
        return deadline.source, deadline.due_at.astimezone(SHANGHAI), deadline.unverified

    def at(written: str) -> datetime:
        return datetime.fromisoformat(written).replace(tzinfo=SHANGHAI)

    due = {
        "urgent outage": reply_due(ticket_of("610122", "outage", "urgent")),
        "leak": reply_due(ticket_of("610122", "pipe_leak")),
        "billing": reply_due(ticket_of("610122", "billing")),
        "new connection": reply_due(ticket_of("610122", "new_connection")),
    }
    assert due == {
        "urgent outage": ("draft-emergency", at("2026-11-23 11:15"), True),
        "leak": ("draft-supply", at("2026-11-24 09:15"), True),
        "billing": ("draft-ordinary", at("2026-11-30 23:59:59"), True),
        "new connection": ("draft-complex", at("2026-12-08 23:59:59"), True),
    }
    for kind in ("outage", "billing", "new_connection"):
        elsewhere = ticket_of("610124", kind)
        assert count_deadlines(elsewhere, policies, calendar) == count_deadlines(
            elsewhere, load_policies(), calendar
        )


def test_a_policy_without_a_source_is_unverified_whatever_it_says(tmp_path: Path) -> None:
    path = tmp_path / "deadline_policies.yaml"
    without = POLICIES.replace("source: test", 'source: ""')
    path.write_text(without.replace("unverified: true", "unverified: false"), encoding="utf-8")
    (policy,) = load_policies(path)
    assert policy.unverified


def test_a_county_has_its_own_office_hours(tmp_path: Path) -> None:
    path = tmp_path / "calendar.yaml"
    path.write_text(CALENDAR, encoding="utf-8")
    calendars = load_calendars(path)
    assert calendars.of("610122").office_hours.sittings[0] == (time(8, 30), time(12))
    assert calendars.of("610124").office_hours.sittings[0] == (time(9), time(12))
    assert calendars.of("610122").is_working_day(date(2026, 1, 4))
    assert not calendars.of(None).is_published(2025)


def test_shipped_years_run_from_2004_without_a_gap() -> None:
    calendar = load_calendars(SHIPPED_CALENDAR).default
    assert [year for year in range(1990, 2040) if calendar.is_published(year)] == [
        *range(2004, 2027)
    ]


@pytest.mark.parametrize(
    ("right", "wrong", "named"),
    [
        ("2026-05-01]", "2026-02-30]", 'line 9: years.2026.holidays.1: "2026-02-30"'),
        ("01-01..2026-01-03", "01-03..2026-01-01", "line 9: years.2026.holidays.0"),
        ("[2026-01-04]", "[2026-01-05]", "line 10: years.2026.make_up_workdays.0"),
        ("[2026-01-04]", "[2026-01-03]", "line 7: years.2026: 2026-01-03 is both a holiday"),
        ("published: true", "published: maybe", "line 8: years.2026.published"),
        ("  2026:", "  26:", "line 7: years.26"),
        ("  2026:", "  2026: {}\n  2026:", "line 8: years.2026 stands here twice, first in line 7"),
        ('"24:00"', "17:30", "line 3: day_ends_at: write a time of day in quotes"),
        ('"24:00"', '"25:00"', "line 3: day_ends_at"),
        ('"09:00-12:00", ', '"9-12", ', 'line 1: office_hours: "9-12" is not a period'),
        ('"14:00-17:30"', '"11:00-17:30"', "line 5: counties.610122.office_hours: office hours"),
        ('"610122"', '"6101"', "line 5: counties.6101"),
        ("unverified", "unverifed", "line 2: unverifed: Extra inputs are not permitted"),
        ("years:", "years: [", "expected"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_calendar_is_named(
    tmp_path: Path, right: str, wrong: str, named: str
) -> None:
    path = tmp_path / "work_calendar.yaml"
    assert right in CALENDAR
    path.write_text(CALENDAR.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(FileInvalid) as invalid:
        load_calendars(path)
    assert str(invalid.value).startswith("work_calendar.yaml: ")
    assert named in str(invalid.value)
    assert "\n" not in str(invalid.value)


@pytest.mark.parametrize(
    ("right", "wrong", "named"),
    [
        ("5个工作日", "soon", 'line 9: policies.0.stages.reply.within: "soon" is not a length'),
        ("5个工作日", "2026-11-30", "line 9: policies.0.stages.reply.within"),
        ("at: missed", "at: 75", 'line 1: ladders.0.steps.0.at: "75" is neither a share'),
        ("at: missed", "at: 75%", "line 1: ladders.0: the steps of all must rise, and end with"),
        ("tell: bureau", "tell: mayor", "line 1: ladders.0.steps.0.tell"),
        ("allowed: 1", "allowed: 1\n    ladder: steep", "all names the ladder steep, which is not"),
        ("reply:", "answer:", "line 9: policies.0.stages.answer"),
        ("from: 2020-01-01", "from: 2020-13-01", "line 7: policies.0.in_force.from"),
        ("{from: 2020-01-01}", "{from: 2020-02-01, to: 2020-01-01}", "line 7: policies.0.in_force"),
        ("  - id: all", "  - id: All of them", "line 3: policies.0.id"),
        ("    source: test\n", "", "line 3: policies.0.source: Field required"),
        ("extensions_allowed: 1", "extensions_allowed: -1", "line 10: policies.0.extensions"),
        ("extensions_allowed: 1", "extensions_allowed: 1\n    urgency: urgent", "must cover every"),
        ("allowed: 1", "allowed: 1\n    county: A", "line 11: policies.0.county"),
        ("in_force: {from: 2020-01-01}", "in_force: null", "one policy must cover every ticket"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_policies_is_named(
    tmp_path: Path, right: str, wrong: str, named: str
) -> None:
    path = tmp_path / "deadline_policies.yaml"
    assert right in POLICIES
    path.write_text(POLICIES.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(FileInvalid) as invalid:
        load_policies(path)
    assert named in str(invalid.value)
    assert "\n" not in str(invalid.value)


@pytest.mark.parametrize(
    ("accept", "later"),
    [
        ("6 working days", "reply (within 5 working days)"),
        ("4 hours", "first_contact (within 2 hours)"),
        ("1 day", "first_contact (within 2 hours)"),
        ("3 working hours", "first_contact (within 2 hours)"),
        ("5 days", "resolve (within 3 days)"),
        ("97 hours", "resolve (within 3 days)"),
    ],
)
def test_a_stage_that_would_always_be_due_after_a_later_one_is_named(
    tmp_path: Path, accept: str, later: str
) -> None:
    before = {
        "first_contact": 'first_contact: {within: "2 hours"}',
        "resolve": 'resolve: {within: "3 days"}',
    }.get(later.split()[0])
    lines = [f'accept: {{within: "{accept}"}}', *filter(None, [before])]
    stages = "stages:\n" + "".join(f"      {line}\n" for line in lines)
    path = tmp_path / "deadline_policies.yaml"
    path.write_text(POLICIES.replace("stages:\n", stages), encoding="utf-8")
    with pytest.raises(FileInvalid) as invalid:
        load_policies(path)
    message = f"all: accept (within {accept}) would always be due after {later}, which comes later"
    assert message in str(invalid.value)
    assert "line 3: policies.0" in str(invalid.value)


def test_a_stage_that_ends_later_on_some_days_only_is_no_mistake(tmp_path: Path) -> None:
    accept = 'stages:\n      accept: {within: "4 days"}\n'
    path = tmp_path / "deadline_policies.yaml"
    path.write_text(POLICIES.replace("stages:\n", accept), encoding="utf-8")
    assert len(load_policies(path)) == 1


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (SECOND_POLICY, "all and other cover the same tickets on the same days"),
        (SECOND_POLICY.replace("id: other", "id: all"), "two policies are called all"),
        (
            SECOND_POLICY
            + "    kind: [outage, billing]\n"
            + SECOND_POLICY.replace("id: other", "id: third")
            + "    kind: [service, billing]\n",
            "other and third cover the same tickets on the same days",
        ),
        (
            SECOND_POLICY + "    urgency: urgent\n  - {id: x, name: x, source: x, unverified: true,"
            " in_force: {from: 2020-01-01}, stages: {},"
            " extensions_allowed: 0, kind: help}",
            "x is in force but has no stages",
        ),
    ],
)
def test_policies_that_contradict_each_other_are_named(
    tmp_path: Path, more: str, named: str
) -> None:
    path = tmp_path / "deadline_policies.yaml"
    path.write_text(POLICIES + more, encoding="utf-8")
    with pytest.raises(FileInvalid, match=named):
        load_policies(path)


def test_a_policy_that_ended_and_its_successor_may_cover_the_same_orders(tmp_path: Path) -> None:
    path = tmp_path / "deadline_policies.yaml"
    ended = SECOND_POLICY.replace("{from: 2020-01-01}", "{from: 2019-01-01, to: 2019-12-31}")
    path.write_text(POLICIES + ended, encoding="utf-8")
    assert [policy.id for policy in load_policies(path)] == ["all", "other"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileInvalid, match=r"nowhere\.yaml: cannot be read"):
        load_policies(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize("content", ["", "[]", "text"])
def test_a_file_that_holds_something_else_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "deadline_policies.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FileInvalid, match="line 1: the file"):
        load_policies(path)
