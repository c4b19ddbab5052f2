"""The JSON body of a request to WeChat, WeCom or the provider of text messages."""

import json
from collections.abc import Mapping
from typing import Any

from .failure_modes import Rejected


def read_json(body: bytes) -> Mapping[str, Any]:
    """Raises Rejected, as WeChat does, for what is no JSON object."""
    try:
        sent = json.loads(body)
    except ValueError as error:
        raise Rejected({"errcode": 47001, "errmsg": "data format error"}) from error
    if not isinstance(sent, dict):
        raise Rejected({"errcode": 47001, "errmsg": "data format error"})
    return sent
