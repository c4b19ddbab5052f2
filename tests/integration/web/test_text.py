"""NUL and lone surrogates: refused in words, wherever they stand."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Form
from hypothesis import given
from hypothesis import strategies as st

from shared.clock import ManualClock
from shared.db import Database
from shared.request_bodies import is_storable
from shared.routes import Route
from shared.web import service_app

router = APIRouter(route_class=Route)
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


@router.post("/json")
async def post_json(body: dict[str, Any]) -> dict[str, Any]:
    return body


@router.post("/form")
async def post_form(text: Annotated[str, Form()]) -> str:
    return text


@router.get("/things/{thing}")
async def get_thing(thing: str, q: str = "") -> str:
    return thing + q


@pytest.fixture
async def client(clock: ManualClock) -> AsyncIterator[httpx.AsyncClient]:
    app = service_app("here", Database("postgresql:///none", "here", clock), "")
    app.include_router(router)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        yield client


@pytest.mark.parametrize(
    ("path", "kind", "body"),
    [
        ("/json", JSON, rb'{"text": "a\u0000b"}'),
        ("/json", JSON, rb'{"text": ["a", {"b": "\ud800"}]}'),
        ("/json", JSON, rb'{"\udfff": 1}'),
        ("/json", JSON, b'{"text": "\xed\xa0\x80"}'),
        ("/json", "application/merge-patch+json", rb'{"text": "\u0000"}'),
        ("/json", JSON, '{"text": "UTF-16"}'.encode("utf-16-le")),
        ("/form", FORM, b"text=a%00b"),
        ("/form", FORM, b"text=a\0b"),
        ("/form", "multipart/form-data; boundary=x",
         b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\na\0b\r\n--x--\r\n'),
    ],
)  # fmt: skip
async def test_in_a_body_422(client: httpx.AsyncClient, path: str, kind: str, body: bytes) -> None:
    answer = await client.post(path, content=body, headers={"Content-Type": kind})
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:waterdesk:problem:text_not_storable"
    assert answer.json()["title"].startswith("内容中有不能保存的字符")


@pytest.mark.parametrize("address", ["/things/a%00b", "/things/a?q=%00", "/things/a?x=1&%00=2"])
async def test_in_an_address_400(client: httpx.AsyncClient, address: str) -> None:
    answer = await client.get(address, headers={"Accept-Language": "en"})
    assert answer.status_code == 400
    assert answer.json()["title"].startswith("There is a character that cannot be stored")


@pytest.mark.parametrize("name", [b"cookie", b"accept-language", b"x-anything"])
async def test_in_a_header_400(client: httpx.AsyncClient, name: bytes) -> None:
    answer = await client.get("/things/a", headers=[(name, b"lang=\0")])
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (rb'{"text": "\\u0000"}', r"\u0000"),
        (rb'{"text": "\ud83d\udca7 \u6c34"}', "💧 水"),
        ('{"text": "한국 水"}'.encode(), "한국 水"),
    ],
)
async def test_what_only_looks_like_it_passes(
    client: httpx.AsyncClient, body: bytes, text: str
) -> None:
    answer = await client.post("/json", content=body, headers={"Content-Type": JSON})
    assert answer.json() == {"text": text}
    assert (await client.get("/things/a%2500")).json() == "a%00"


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000, b'"\\ud8"', b""])
async def test_what_is_no_json_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/json", content=body, headers={"Content-Type": JSON})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec=None)), inner),
)


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in _texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]
    return [value] if isinstance(value, str) else []


@given(JSON_VALUES)
def test_storable_is_what_utf8_holds_and_postgresql_takes(value: object) -> None:
    joined = "".join(_texts(value))
    try:
        joined.encode()
    except UnicodeEncodeError:
        # Two lone halves may meet where texts are joined; alone none of them can be stored.
        assert not is_storable(value)
    else:
        assert is_storable(value) == ("\0" not in joined)
