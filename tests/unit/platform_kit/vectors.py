"""The published test vectors, by kind. tests/vectors/protocol_vectors.json says where from."""

import json
from pathlib import Path

import pytest

_FILE = Path(__file__).parents[2] / "vectors" / "protocol_vectors.json"
Vector = dict[str, str]


def of_kind(*kinds: str) -> list[object]:
    """Parameters for `pytest.mark.parametrize`; asking for a kind that is not there is an error."""
    vectors: list[Vector] = json.loads(_FILE.read_text(encoding="utf-8"))
    chosen = [vector for vector in vectors if vector["kind"] in kinds]
    assert {vector["kind"] for vector in chosen} == set(kinds)
    return [pytest.param(vector, id=vector["name"]) for vector in chosen]
