"""Events are a deadline to strangers: what is released may grow, but never break."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from shared.bus.topics import ALL as ALL_TOPICS
from shared.events import documents
from shared.events.catalogue import ALL, OF_SERVICE
from shared.events.event import Event
from tests.contract.events.compatibility import breaking_changes

RELEASED = Path(__file__).parent / "released"
"""The schemas as first released, by hand: a new file when a version is released, never an edit."""

BY_NAME = {documents.schema_name(event): event for event in ALL}


def test_the_documents_in_the_repository_are_the_codes_own() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in documents.FOLDER.iterdir()}
    assert written == documents.documents(), "run `make schemas`"


@pytest.mark.parametrize("event", ALL, ids=lambda event: event.__name__)
def test_every_schema_is_a_json_schema(event: type[Event]) -> None:
    Draft202012Validator.check_schema(documents.schema_of(event))


def test_every_topic_has_one_service_that_speaks_on_it() -> None:
    topics = [{event.topic for event in events} for events in OF_SERVICE.values()]
    assert all(len(one) == 1 for one in topics)
    assert sorted(topic for one in topics for topic in one) == sorted(ALL_TOPICS)


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_released_event_still_reads_as_it_did(name: str) -> None:
    released = json.loads((RELEASED / name).read_text(encoding="utf-8"))
    assert breaking_changes(released, documents.schema_of(BY_NAME[name])) == []


def test_a_released_event_is_never_withdrawn() -> None:
    assert {path.name for path in RELEASED.iterdir()} <= set(BY_NAME)


def _received() -> dict[str, Any]:
    return copy.deepcopy(documents.schema_of(BY_NAME["complaint.received.v1.json"]))


def _drop_a_field(schema: dict[str, Any]) -> None:
    del schema["properties"]["sent_at"]
    schema["required"].remove("sent_at")


def _require_a_new_field(schema: dict[str, Any]) -> None:
    schema["properties"]["colour"] = {"type": "string"}
    schema["required"].append("colour")


def _change_a_type(schema: dict[str, Any]) -> None:
    schema["properties"]["external_id"]["type"] = "integer"


def _lose_an_enum_member(schema: dict[str, Any]) -> None:
    schema["properties"]["platform"]["enum"].remove("wechat")


def _change_a_nested_field(schema: dict[str, Any]) -> None:
    schema["$defs"]["Decision"]["properties"]["urgent"]["type"] = "string"


@pytest.mark.parametrize(
    "change",
    [
        _drop_a_field,
        _require_a_new_field,
        _change_a_type,
        _lose_an_enum_member,
        _change_a_nested_field,
    ],
)
def test_an_incompatible_change_is_caught(change: Any) -> None:
    changed = _received()
    change(changed)
    assert breaking_changes(_received(), changed) != []


def test_an_optional_field_may_be_added() -> None:
    grown = _received()
    grown["properties"]["colour"] = {"type": "string", "default": ""}
    assert breaking_changes(_received(), grown) == []


def test_no_event_has_a_place_for_personal_data() -> None:
    personal = {"name", "phone", "address", "address_line", "text", "title", "words", "handle"}
    for event in ALL:
        fields = set(event.model_fields)
        assert not fields & personal, f"{event.__name__} could carry {fields & personal}"
