"""Two catalogues with the same keys, no text outside them, a word for every code."""

import re
from enum import StrEnum
from pathlib import Path
from typing import get_args

import pytest

from services.dispatch.console.language import LANGUAGES, Words, catalogue
from services.dispatch.console.queries.messages import MessageList
from services.dispatch.models import ComplaintState, Happening, Outcome
from services.dispatch.rules.assignment import AssignmentReason, WaitReason
from services.dispatch.rules.call_back_lists import CallBackList
from services.dispatch.rules.fault_matching import LinkReason
from services.dispatch.rules.reply_lists import ReplyList
from services.dispatch.rules.rework import ReworkOutcome, WhyPerson
from services.dispatch.rules.staff_messages import REASONS, MessageState, Way
from services.dispatch.rules.work_order import State, Step
from shared.auth.permissions import Role
from shared.events.complaints import ComplaintReceived
from shared.events.replies import (
    CallBackChanged,
    ReplyRetryScheduled,
    ReplyStuck,
    ResidentTold,
    Stage,
)
from shared.vocabulary import Category, Component
from tests.integration.console.conftest import SignedIn

TEMPLATES = sorted(
    (Path(__file__).parents[3] / "services/dispatch/console/templates").glob("*.html")
)
HAN = re.compile(r"[\u3400-\u9fff\uff00-\uffef]")
CODES: dict[str, list[str] | type[StrEnum]] = {
    "category": Category,
    "component": Component,
    "work_order_state": State,
    "complaint_state": ComplaintState,
    "step": Happening,
    "outcome": Outcome,
    "role": Role,
    "command": Step,
    "link_reason": LinkReason,
    "stage": list(get_args(Stage)),
    "why_stuck": list(get_args(ReplyStuck.model_fields["why"].annotation)),
    "stuck_advice": list(get_args(ReplyStuck.model_fields["why"].annotation)),
    "why_waiting": list(get_args(ReplyRetryScheduled.model_fields["why"].annotation)),
    "reply_list": ReplyList,
    "message_list": MessageList,
    "message_list_why": MessageList,
    "message_state": MessageState,
    "message_why": [*REASONS],
    "way": Way,
    "reply_list_why": ReplyList,
    "told_by": list(get_args(ResidentTold.model_fields["by"].annotation)),
    "call_back_list": CallBackList,
    "call_back_source": list(
        get_args(get_args(CallBackChanged.model_fields["source"].annotation)[0])
    ),
    "asked_by": list(get_args(CallBackChanged.model_fields["asked_by"].annotation)),
    "why_not_called_back": list(
        get_args(get_args(CallBackChanged.model_fields["why_closed"].annotation)[0])
    ),
    "rework_outcome": ReworkOutcome,
    "why_person": WhyPerson,
    "platform": list(get_args(ComplaintReceived.model_fields["platform"].annotation)),
    "assign_reason": [*AssignmentReason, *WaitReason],
}


def test_both_languages_have_the_same_keys_and_the_same_gaps_to_fill() -> None:
    zh, en = (catalogue(language) for language in LANGUAGES)
    assert zh.keys() == en.keys()
    for key in zh:
        gaps = [set(re.findall(r"{(\w+)}", each[key])) for each in (zh, en)]
        assert gaps[0] == gaps[1], key


def test_english_is_english() -> None:
    with_han = {key for key, text in catalogue("en").items() if HAN.search(text)}
    assert with_han == {"app.other_language"}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_speaks_chinese_by_itself(path: Path) -> None:
    assert not HAN.search(path.read_text())


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_key_a_template_names_is_in_the_catalogue(path: Path) -> None:
    text = path.read_text()
    keys = set(re.findall(r"\bt\('([\w.]+)'[,)]", text))
    assert keys <= catalogue("zh").keys()
    kinds = set(re.findall(r"\bt\.code\('(\w+)'", text))
    assert kinds <= {key.split(".")[0] for key in catalogue("zh")}


@pytest.mark.parametrize("kind", CODES)
def test_every_code_has_a_word(kind: str) -> None:
    missing = [code for code in CODES[kind] if f"{kind}.{code}" not in catalogue("zh")]
    assert missing == []


async def test_a_language_once_chosen_is_remembered(signed_in: SignedIn) -> None:
    client = await signed_in("admin")
    assert "实时看板" in (await client.get("/")).text
    english = await client.get("/?lang=en")
    assert 'lang="en"' in english.text
    assert "Live board" in english.text
    assert "Live board" in (await client.get("/")).text
    assert "没有找到" not in (await client.get("/nowhere")).text


def test_a_policy_that_follows_another_has_its_name_and_its_day() -> None:
    words = Words("zh")
    assert words.policy("ordinary-20270101") == "一般诉求 2027-01-01"
    assert (words.policy("urgent"), words.policy("of-our-own")) == ("紧急诉求", "of-our-own")
