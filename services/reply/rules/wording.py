"""Which replies say the same: their words without the platform's form, the place and the dates."""

import re
from functools import cache

from .platform_profile import PlatformProfile

_SLOT = re.compile(r"\{(\w+)\}")
_MOMENT = re.compile(r"(?:\d{4}年)?\d{1,2}月\d{1,2}日(?:\d{1,2}[时:：]\d{2}分?)?")
_SAID = ("handling", "reason", "responsible")
"""The slots of a form that say something of the fault; the others follow from the complaint."""


def wording_of(text: str, profile: PlatformProfile, place: str | None) -> str:
    """Equal for two replies that differ in nothing but platform, place and date."""
    said = _said(text, profile)
    if place:
        said = said.replace(place, "")
    return " ".join(_MOMENT.sub("", said).split())


def _said(text: str, profile: PlatformProfile) -> str:
    """What stands in the form; the whole text where a person has left the form."""
    for form in (profile.handled_form, profile.returned_form):
        if filled := _pattern(form).fullmatch(text):
            found = filled.groupdict()
            return "".join(found[slot] for slot in _SAID if slot in found)
    return text


@cache
def _pattern(form: str) -> re.Pattern[str]:
    parts = _SLOT.split(form)  # literal, slot, literal, …
    return re.compile(
        "".join(
            f"(?P<{part}>.*?)" if number % 2 else re.escape(part)
            for number, part in enumerate(parts)
        ),
        re.DOTALL,
    )
