"""What a draft says, in each platform's form, and what it never says."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reply.channel_registry import known_profiles
from services.reply.rules.drafting import (
    Answering,
    DraftFacts,
    Signature,
    asks_for_another_answer,
    draft_reply,
    is_another_matter,
    still_true,
)
from services.reply.rules.reply_checks import Checked, findings_in
from services.reply.template_book import TemplateBook

PROFILES = known_profiles()
BOOK = TemplateBook()
PLATFORMS = sorted(PROFILES)

SIGNATURE = Signature("蓝田县农村供水中心", "029-12345", date(2026, 11, 24))
SOLVED = DraftFacts(
    Answering.SOLVED,
    category="outage",
    place="樊家村供水工程",
    crew="第二维修队",
    found="主管道接头脱开，村内无水。",
    done="更换接头并试压",
    repaired_at=datetime(2026, 11, 23, 8, 5, tzinfo=UTC),
)
NOT_SOLVED = replace(SOLVED, answering=Answering.NOT_SOLVED, repaired_at=None)
NOTHING_FOUND = DraftFacts(
    Answering.NOTHING_FOUND,
    category="outage",
    place="樊家村供水工程",
    note="户内阀门未开，开后正常。",
)
RETURNED = DraftFacts(
    Answering.RETURN,
    category="not_ours",
    reason="反映的是城区供热管网",
    responsible="县住建局",
)
INTERIM = replace(
    SOLVED,
    answering=Answering.INTERIM,
    done="",
    arrived_at=datetime(2026, 11, 23, 1, 30, tzinfo=UTC),
    repaired_at=None,
    expected_at=datetime(2026, 11, 23, 10, 0, tzinfo=UTC),
)
ALL = (SOLVED, NOT_SOLVED, NOTHING_FOUND, RETURNED, INTERIM)


def drafted(facts: DraftFacts, platform: str) -> str:
    template = BOOK.template("610122", platform, facts.answering)
    return draft_reply(facts, template, SIGNATURE)


def test_the_hotlines_form_has_what_was_done_and_a_public_answer() -> None:
    assert drafted(SOLVED, "hotline_12345") == (
        "办理情况：诉求属实。第二维修队到场查看：主管道接头脱开，村内无水。处理措施：更换接头并试压。"
        "2026年11月23日16时05分完成维修。问题已解决。\n"
        "答复内容：您好！您反映的樊家村供水工程停水问题，已于2026年11月23日16时05分完成维修。"
        "问题已解决。感谢您的反映。服务电话：029-12345。"
    )


@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_interim_answer_says_what_is_known_so_far_and_that_another_follows(
    platform: str,
) -> None:
    text = drafted(INTERIM, platform)
    for said in (
        "阶段性答复",
        "已安排第二维修队处理",
        "2026年11月23日9时30分已到场",
        "现场查看：主管道接头脱开，村内无水",
        "预计2026年11月23日18时00分修好",
        "另行答复",
    ):
        assert said in text
    for unsaid in ("已解决", "完成维修"):
        assert unsaid not in text
    bare = DraftFacts(Answering.INTERIM, "outage", "樊家村")
    known = drafted(bare, platform)
    assert "另行答复" in known
    for unsaid in ("安排", "到场", "现场", "预计"):
        assert unsaid not in known


@pytest.mark.parametrize("facts", ALL, ids=lambda facts: facts.answering.value)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_we_draft_passes_its_own_checks(platform: str, facts: DraftFacts) -> None:
    text = drafted(facts, platform)
    checked = Checked(text, PROFILES[platform].longest_reply, SIGNATURE.service_phone)
    assert findings_in(checked) == ()


def test_the_board_gets_a_letter_with_office_and_day() -> None:
    letter = drafted(SOLVED, "message_board").splitlines()
    assert letter[0] == "网友您好："
    assert letter[1] == "您反映的樊家村供水工程停水问题已收悉，现回复如下："
    assert letter[3].startswith("感谢您")
    assert letter[-2:] == ["蓝田县农村供水中心", "2026年11月24日"]


def test_wechat_gets_one_short_line_that_asks_to_answer() -> None:
    line = drafted(SOLVED, "wechat")
    assert "\n" not in line
    assert line.endswith("如仍有问题，请直接回复我们。")


@pytest.mark.parametrize("platform", ["hotline_12345", "message_board", "wechat", "phone", "excel"])
def test_a_return_names_the_reason_and_who_is_responsible(platform: str) -> None:
    text = drafted(RETURNED, platform)
    assert RETURNED.reason in text
    assert RETURNED.responsible in text
    assert "解决" not in text


@pytest.mark.parametrize("platform", PROFILES)
def test_where_nothing_was_found_the_office_note_is_said_and_no_repair(platform: str) -> None:
    text = drafted(NOTHING_FOUND, platform)
    assert "经核查，未发现所反映的问题。核查说明：户内阀门未开，开后正常。" in text
    assert "您反映的樊家村供水工程停水问题" in text
    for unsaid in ("到场", "维修", "解决", "联系"):
        assert unsaid not in text


@pytest.mark.parametrize(
    ("facts", "solved", "repair_known", "asks"),
    [
        pytest.param(SOLVED, False, None, True, id="written before any repair"),
        pytest.param(SOLVED, False, 4, True, id="repaired again after it"),
        pytest.param(SOLVED, False, 5, False, id="written with the repair known"),
        pytest.param(SOLVED, True, None, False, id="it was solved by its writer's word"),
        pytest.param(NOTHING_FOUND, False, None, False, id="nothing was found"),
        pytest.param(None, False, None, False, id="nothing has happened since"),
    ],
)
def test_an_answer_that_it_is_not_solved_is_followed_by_another(
    facts: DraftFacts | None,
    solved: bool,
    repair_known: int | None,
    asks: bool,
) -> None:
    assert (
        asks_for_another_answer(facts, solved=solved, repair=5, repair_known=repair_known) is asks
    )


@pytest.mark.parametrize("platform", ["hotline_12345", "message_board", "wechat"])
def test_nothing_is_said_that_the_facts_do_not_say(platform: str) -> None:
    bare = DraftFacts(Answering.NOT_SOLVED, "outage", crew="第二维修队")
    text = drafted(bare, platform)
    assert "问题尚未解决" in text
    for unsaid in ("到场", "处理措施", "完成维修", "已解决", "联系", "None", "将", "尽快", "承诺"):
        assert unsaid not in text


@pytest.mark.parametrize(
    "number",
    ["13900001111", "139 0000 1111", "+86-139-0000-1111", "029-83551234", "83551234",
     "610122199001011234", "61012219900101123X"],
)  # fmt: skip
@pytest.mark.parametrize("platform", ["hotline_12345", "message_board", "wechat"])
def test_a_number_that_could_be_somebodys_is_left_out(platform: str, number: str) -> None:
    facts = replace(SOLVED, found=f"户主电话{number}，水表前漏水")
    text = drafted(facts, platform)
    assert number not in text
    assert "户主电话（号码略），水表前漏水" in text


@given(
    number=st.from_regex(r"1[3-9]\d{9}|0\d{2}-\d{8}|\d{17}X", fullmatch=True),
    before=st.sampled_from(["", "户主", "电话："]),
    facts=st.sampled_from(ALL),
    platform=st.sampled_from(PLATFORMS),
)
def test_no_number_of_the_facts_stands_in_any_draft(
    number: str, before: str, facts: DraftFacts, platform: str
) -> None:
    words = f"{before}{number}，水表前漏水"
    told = replace(facts, found=words, done=words, note=words, reason=words, responsible=words)
    text = drafted(told, platform)
    assert number not in text
    assert "{" not in text


def test_sizes_readings_and_dates_stay() -> None:
    words = "DN110管2026-11-20起漏水，水压0.25MPa，表底数123456"
    assert words in drafted(replace(SOLVED, found=words), "hotline_12345")


@given(words=st.text(max_size=60), platform=st.sampled_from(["hotline_12345", "wechat", "excel"]))
def test_no_words_of_a_crew_break_the_form(words: str, platform: str) -> None:
    text = drafted(replace(SOLVED, found=words, done=words), platform)
    assert "您反映的樊家村供水工程停水问题" in text
    assert "。。" not in text.replace(words, "")


@pytest.mark.parametrize(
    ("returned", "is_ours", "needs_human", "another"),
    [
        pytest.param(False, True, False, False, id="an answer to what is ours"),
        pytest.param(True, False, False, False, id="a return of what is not ours"),
        pytest.param(True, True, False, True, id="ours after all"),
        pytest.param(False, False, False, True, id="not ours after all"),
        pytest.param(False, False, True, False, id="nobody has decided yet"),
        pytest.param(True, False, True, True, id="a return that a person decides about again"),
    ],
)
def test_a_draft_about_another_matter_is_replaced(
    returned: bool, is_ours: bool, needs_human: bool, another: bool
) -> None:
    found = is_another_matter(returned=returned, is_ours=is_ours, needs_human=needs_human)
    assert found is another


@pytest.mark.parametrize(
    ("by_person", "facts_say", "stays"),
    [
        pytest.param(False, "甲", True, id="the facts still say it"),
        pytest.param(False, "乙", False, id="the facts say something else"),
        pytest.param(False, None, False, id="there is nothing to answer any more"),
        pytest.param(True, "乙", True, id="a person wrote or approved it"),
    ],
)
def test_our_own_draft_follows_the_facts(
    by_person: bool, facts_say: str | None, stays: bool
) -> None:
    assert still_true("甲", facts_say, by_person=by_person) is stays
