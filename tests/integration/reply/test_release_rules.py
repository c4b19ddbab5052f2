"""Replies that go out by themselves: only by a rule that is on, and not a moment longer."""

from dataclasses import replace

import pytest

from services.reply.commands import SwitchRule, WriteRule
from services.reply.context import Context
from services.reply.handlers.release import switch_rule, write_rule
from services.reply.models import ReplyState
from services.reply.rules.objections import CommandRejected, Objection
from shared.auth.permissions import Role
from shared.auth.tokens import Person
from shared.events.replies import ReplyApproved, ReplyDrafted
from tests.integration.reply.conftest import Caller
from tests.integration.reply.events import (
    COUNTY,
    assigned,
    chased,
    decision,
    linked,
    received,
    repaired,
)
from tests.integration.reply.harness import Harness

RULE = {"platform": "hotline_12345", "answering": "solved", "most_complaints": 3}
PATH = "/release-rules/小停水"


async def enabled(harness: Harness) -> None:
    """A rule that is on, as this process knows it."""

    async def write(context: Context) -> None:
        person = Person("zhao", Role.REVIEWER, COUNTY)
        await write_rule(context, "小停水", WriteRule.model_validate(RULE), person)
        await context.session.flush()
        await switch_rule(context, "小停水", SwitchRule(on=True), person)

    await harness.does(write)
    async with harness.database.reading() as session:
        await harness.config.release_rules.refresh(session)


async def test_without_a_rule_every_draft_waits_for_a_person(harness: Harness) -> None:
    await harness.receives(received(), linked(), assigned(), repaired())
    assert (await harness.live_reply()).state == ReplyState.DRAFT
    assert harness.events_of(ReplyApproved) == []


async def test_a_rule_approves_what_its_conditions_hold_for_and_its_name_stays(
    harness: Harness,
) -> None:
    await enabled(harness)
    calm, pressed = ("c1", "c2", "c3"), "c4"
    await harness.receives(*map(received, calm), linked(*calm), assigned(), repaired())
    urgent = received(pressed, decision=decision(urgent=True))
    await harness.receives(urgent, linked(pressed, work_order_id="w2"), assigned("w2"))
    await harness.receives(repaired("w2"))
    for each in calm:
        reply = await harness.live_reply(each)
        assert (reply.state, reply.approved_by) == (ReplyState.APPROVED, "rule 小停水")
    assert (await harness.live_reply(pressed)).state == ReplyState.DRAFT
    told = [each.approved_by for each in harness.events if isinstance(each, ReplyApproved)]
    assert told == ["rule 小停水"] * 3


async def test_too_many_complaints_a_chase_or_a_warning_leave_it_to_a_person(
    harness: Harness,
) -> None:
    await enabled(harness)
    many = ("c1", "c2", "c3", "c4")
    await harness.receives(*map(received, many), linked(*many), assigned(), repaired())
    await harness.receives(received("c5"), linked("c5", work_order_id="w2"), assigned("w2"))
    await harness.receives(chased("c5", times=1))
    await harness.receives(repaired("w2"))
    await harness.receives(received("c6"), linked("c6", work_order_id="w3"), assigned("w3"))
    blames = repaired("w3").model_copy(update={"found": "系村民自己造成"})
    await harness.receives(blames)
    for each in (*many, "c5", "c6"):
        assert (await harness.live_reply(each)).state == ReplyState.DRAFT


async def test_switching_it_off_stops_at_once_and_takes_back_what_has_not_left(
    harness: Harness,
) -> None:
    await enabled(harness)
    await harness.receives(received(), linked(), assigned(), repaired())

    async def off(context: Context) -> None:
        person = Person("ma", Role.ADMIN, COUNTY)
        await switch_rule(context, "小停水", SwitchRule(on=False), person)

    await harness.does(off)
    reply = await harness.live_reply()
    assert (reply.state, reply.approved_by, reply.next_attempt_at) == (ReplyState.DRAFT, None, None)
    assert isinstance(harness.events[-1], ReplyDrafted)
    # This replica still remembers the rule; the row says that it is off.
    assert harness.config.release_rules.enabled
    await harness.receives(received("c2"), linked("c2", work_order_id="w2"), assigned("w2"))
    await harness.receives(repaired("w2"))
    assert (await harness.live_reply("c2")).state == ReplyState.DRAFT


async def test_only_reviewers_and_admins_write_rules_and_today_lists_what_went_out(
    harness: Harness, call: Caller
) -> None:
    assert (await call("PUT", PATH, RULE, role=Role.DISPATCHER)).status_code == 403
    assert (await call("PUT", PATH, RULE)).status_code == 204
    assert (await call("GET", "/release-rules")).json()["rules"][0]["enabled"] is False
    assert (await call("POST", f"{PATH}/switch", {"on": True})).status_code == 204
    async with harness.database.reading() as session:
        await harness.config.release_rules.refresh(session)
    await harness.receives(received(), linked(), assigned(), repaired())
    (released,) = (await call("GET", "/release-rules")).json()["today"]
    assert (released["complaint_id"], released["approved_by"]) == ("c1", "rule 小停水")
    assert (await call("PUT", PATH, {**RULE, "most_complaints": 9})).status_code == 204
    rules = (await call("GET", "/release-rules")).json()
    assert (rules["rules"][0]["enabled"], rules["rules"][0]["version"]) == (False, 2)
    assert rules["today"] == []


async def test_where_two_persons_are_needed_the_writer_does_not_switch_it_on(
    harness: Harness, call: Caller
) -> None:
    assert (await call("PUT", PATH, RULE)).status_code == 204
    harness.config = replace(harness.config, second_person_approves=True)

    writer = Person("li", Role.REVIEWER, COUNTY)

    async def on(context: Context) -> None:
        await switch_rule(context, "小停水", SwitchRule(on=True), writer)

    with pytest.raises(CommandRejected) as rejected:
        await harness.does(on)
    assert rejected.value.objection is Objection.OWN_RULE
