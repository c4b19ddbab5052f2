"""Request signatures of People's Daily Online's message board (人民网领导留言板).

Unofficial: read off the public web client, checked against published vectors
(tests/vectors/protocol_vectors.json), and likely to change with a redesign. The board signs the
parameters as the text they are sent as, so the order of keys and the absence of blanks matter.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def compact_json(param: Mapping[str, Any]) -> str:
    """JSON as a browser writes it: no blanks, Chinese as it is, keys in the given order."""
    return json.dumps(param, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def signature(path: str, param_json: str, app_code: str, token: str) -> str:
    """md5(path + param_json + md5(app_code)[:16] + token), 32 hex digits.

    `path` is what follows the host. A query is left out of the signature: so does the board's own
    web client, which signs `/v2/threads/search` and posts to `/v2/threads/search?sortType=0`.
    """
    return _md5(path.partition("?")[0] + param_json + _md5(app_code)[:16] + token)


def signed_body(path: str, param: Mapping[str, Any], app_code: str, token: str) -> dict[str, str]:
    """The JSON body of a signed request; `param` travels as the very text that was signed."""
    param_json = compact_json(param)
    return {
        "appCode": app_code,
        "token": token,
        "signature": signature(path, param_json, app_code, token),
        "param": param_json,
    }


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
