"""The board's request signature."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.platform_kit.message_board import compact_json, signature, signed_body

from .vectors import Vector, of_kind


@pytest.mark.parametrize("vector", of_kind("message_board_signature"))
def test_requests_are_signed_as_published(vector: Vector) -> None:
    param = json.loads(vector["param"])
    assert compact_json(param) == vector["param"]
    body = signed_body(vector["path"], param, vector["app_code"], vector["token"])
    assert body == {
        "appCode": vector["app_code"],
        "token": vector["token"],
        "signature": vector["signature"],
        "param": vector["param"],
    }


def test_the_query_is_not_signed() -> None:
    assert signature("/v2/threads/search?sortType=0", "{}", "app", "") == signature(
        "/v2/threads/search", "{}", "app", ""
    )


def test_the_order_of_keys_is_kept_and_matters() -> None:
    one, other = compact_json({"b": 1, "a": "水"}), compact_json({"a": "水", "b": 1})
    assert one == '{"b":1,"a":"水"}'
    assert signature("/p", one, "app", "") != signature("/p", other, "app", "")


@given(value=st.text(max_size=50), where=st.integers(min_value=0))
def test_a_changed_parameter_changes_the_signature(value: str, where: int) -> None:
    text = compact_json({"keywords": value.encode(errors="replace").decode()})
    at = where % len(text)
    changed = text[:at] + ("x" if text[at] != "x" else "y") + text[at + 1 :]
    assert signature("/p", text, "app", "t") != signature("/p", changed, "app", "t")
