"""One way to write the same words: what triage, places and identity compare texts by.

Platforms differ in white space, line ends and full-width forms; residents' meaning does not.
"""

import re
from unicodedata import normalize

# Zero-width marks, soft hyphens, and the carriage return Excel writes out as text.
_INVISIBLE = re.compile(r"[\u200b-\u200f\u2060\ufeff\u00ad]|_x000D_")


def plain(text: str) -> str:
    """`text` without white space, in compatibility form (NFKC: full width becomes half)."""
    return _without_space(normalize("NFKC", _without_space(text)))


def _without_space(text: str) -> str:
    return "".join(_INVISIBLE.sub("", text).split())
