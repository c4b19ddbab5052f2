"""One way to write the same words: the form in which the rules compare texts.

Platforms differ in white space, line ends and full-width forms; residents' meaning does not.
"""

import re
from unicodedata import is_normalized, normalize

# Zero-width marks, soft hyphens, and the carriage return Excel writes out as text.
_INVISIBLE = re.compile(r"[\u200b-\u200f\u2060\ufeff\u00ad]|_x000D_")


# Nearly every text has these; where it has no others, normalising all of it can be spared.
_COMMON = tuple(zip("，！？；：（）", ",!?;:()", strict=True))


def plain(text: str) -> str:
    """`text` without white space, in compatibility form (NFKC: full width becomes half)."""
    packed = _without_space(text)
    for full_width, half_width in _COMMON:
        packed = packed.replace(full_width, half_width)
    if is_normalized("NFKC", packed):
        return packed
    return _without_space(normalize("NFKC", packed))


def _without_space(text: str) -> str:
    return "".join(_INVISIBLE.sub("", text).split())
