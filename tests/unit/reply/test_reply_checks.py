"""What the checks find in the words of a reply, and what they leave alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reply.rules.reply_checks import Check, Checked, findings_in, is_serious

PHONE = "029-82700000"


def found(text: str) -> list[tuple[Check, str]]:
    return [(each.check, each.words) for each in findings_in(Checked(text, 60, PHONE))]


@pytest.mark.parametrize(
    ("text", "check", "words"),
    [
        ("", Check.EMPTY, ""),
        ("  \n", Check.EMPTY, ""),
        ("修" * 61, Check.TOO_LONG, ""),
        ("已由{crew}修好。", Check.PLACEHOLDER, "{crew}"),
        ("None完成维修。", Check.PLACEHOLDER, "None"),
        ("户主电话13900001111。", Check.NUMBER, "13900001111"),
        ("请拨029-83551234。", Check.NUMBER, "029-83551234"),
        ("身份证61012219900101123X。", Check.NUMBER, "61012219900101123X"),
        ("已与张三丰先生说明。", Check.NAME, "张三丰先生"),
        ("王女士家已通水。", Check.NAME, "王女士"),
        ("李某反映属实。", Check.NAME, "李某"),
        ("三组12号已通水。", Check.ADDRESS, "组12号"),
        ("5号楼2单元已通水。", Check.ADDRESS, "5号楼"),
        ("系村民自己造成。", Check.BLAME, "村民自己造成"),
        ("这不属于我们的错。", Check.BLAME, "不属于我们的错"),
        ("与我单位无关。", Check.BLAME, "与我单位无关"),
    ],
)
def test_what_is_wrong_is_found_with_its_words(text: str, check: Check, words: str) -> None:
    assert (check, words) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        f"已修好。服务电话：{PHONE}。",
        "已修好。服务电话：82700000。",
        "请拨12345或4000012314。",
        "2026年11月23日16时05分完成维修，2号井恢复供水。",
        "DN110管，水压0.25MPa，表底数123456。",
        "该问题不属于农村饮水工程的供水职责范围，由县住建局负责。",
        "已更换3号泵，三组、七组恢复供水。",
    ],
)
def test_what_is_right_is_left_alone(text: str) -> None:
    assert found(text) == []


@given(st.from_regex(r"1[3-9]\d{9}", fullmatch=True), st.sampled_from(["户主", "电话 ", "（"]))
def test_no_mobile_number_passes(number: str, before: str) -> None:
    assert is_serious(findings_in(Checked(f"{before}{number}，已修好。", 60, PHONE)))
