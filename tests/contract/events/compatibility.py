"""May this schema take the place of that one under the same version?

A reader of the old form must be able to read what the new form writes, and the other way round
(topics are read again from the start): so fields may be added where they are optional, and nothing
else that a reader relies on may change.
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]
_PROSE = {"title", "description", "$id", "$schema", "default", "examples"}


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """What in `new` would break somebody, as sentences; empty where it may be released."""
    return list(_compare(_resolved(old, old), _resolved(new, new), "body"))


def _resolved(schema: Any, root: Schema) -> Any:
    """The schema with every `$ref` replaced by what it names (ours are never recursive)."""
    if isinstance(schema, list):
        return [_resolved(item, root) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        return _resolved(root["$defs"][name], root)
    return {key: _resolved(value, root) for key, value in schema.items() if key != "$defs"}


def _compare(old: Schema, new: Schema, where: str) -> Iterator[str]:
    old_fields, new_fields = old.get("properties", {}), new.get("properties", {})
    for name in old_fields.keys() - new_fields.keys():
        yield f"{where}.{name} is gone"
    for name in new_fields.keys() - old_fields.keys():
        if name in new.get("required", []):
            yield f"{where}.{name} is new and required"
    for name in old_fields.keys() & new_fields.keys():
        # A default is always written, so `required` tells what readers may rely on.
        was, becomes = name in old.get("required", []), name in new.get("required", [])
        if was != becomes:
            yield f"{where}.{name} is {'now' if becomes else 'no longer'} required"
        yield from _compare(old_fields[name], new_fields[name], f"{where}.{name}")
    if "items" in old and "items" in new:
        yield from _compare(old["items"], new["items"], f"{where}[]")
    structural = {"properties", "required", "items"} | _PROSE
    for rule in sorted((old.keys() | new.keys()) - structural):
        if old.get(rule) != new.get(rule):
            yield f"{where}: {rule} was {old.get(rule)!r} and is {new.get(rule)!r}"
