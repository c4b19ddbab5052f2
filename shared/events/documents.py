"""What an outsider needs to read our events: JSON Schemas and one AsyncAPI 3 document.

`python -m shared.events.documents` writes them beside this file; a test holds them to the code.
"""

import json
from pathlib import Path
from typing import Any

from shared.events.catalogue import ALL, OF_SERVICE
from shared.events.event import Event

FOLDER = Path(__file__).parent / "schemas"
ASYNCAPI = "asyncapi.json"

_HEADERS = {
    "type": "object",
    "description": "CloudEvents 1.0, Kafka protocol binding, binary mode; W3C Trace Context",
    "required": [
        "ce_specversion",
        "ce_id",
        "ce_type",
        "ce_source",
        "ce_time",
        "ce_sequence",
        "content-type",
    ],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"type": "string", "description": "the same for the same event, however often"},
        "ce_type": {"type": "string"},
        "ce_source": {"type": "string", "format": "uri-reference"},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_sequence": {"type": "string", "pattern": "^[0-9]{20}$"},
        "ce_subject": {"type": "string", "description": "the record's key"},
        "content-type": {"const": "application/json"},
        "traceparent": {"type": "string"},
    },
}


def schema_name(event: type[Event]) -> str:
    return f"{event.type.removeprefix('cn.waterdesk.')}.json"


def schema_of(event: type[Event]) -> dict[str, Any]:
    """JSON Schema 2020-12 of the body. Readers pass over fields they do not know."""
    schema = event.model_json_schema(mode="serialization")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["$id"] = f"urn:waterdesk:event:{event.type}"
    return schema


def asyncapi() -> dict[str, Any]:
    """AsyncAPI 3.0: a channel for each topic, a sending operation for its owner."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for service, events in OF_SERVICE.items():
        channel = events[0].topic.removeprefix("waterdesk.")
        channels[channel] = {
            "address": events[0].topic,
            "description": f"Told by {service} alone; the key is the owner's id.",
            "messages": {
                event.__name__: {"$ref": f"#/components/messages/{event.__name__}"}
                for event in events
            },
        }
        operations[f"{service}Tells"] = {
            "action": "send",
            "channel": {"$ref": f"#/channels/{channel}"},
            "messages": [
                {"$ref": f"#/channels/{channel}/messages/{event.__name__}"} for event in events
            ],
        }
    messages = {
        event.__name__: {
            "name": event.type,
            "summary": (event.__doc__ or event.__name__).strip().splitlines()[0],
            "contentType": "application/json",
            "headers": _HEADERS,
            "payload": {
                "schemaFormat": "application/schema+json;version=draft-2020-12",
                "schema": {"$ref": f"./{schema_name(event)}"},
            },
        }
        for event in ALL
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Waterdesk events",
            "version": "1",
            "license": {"name": "Apache-2.0"},
            "description": "Facts in the past tense. None carries a resident's name, phone, "
            "address or words.",
        },
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }


def documents() -> dict[str, str]:
    """File name → text, as they must stand in FOLDER."""
    made = {schema_name(event): schema_of(event) for event in ALL} | {ASYNCAPI: asyncapi()}
    return {
        name: json.dumps(document, ensure_ascii=False, indent=2) + "\n"
        for name, document in made.items()
    }


def write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, text in documents().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
