"""Which replies say the same: their words without the platform's form, the place and the dates."""

import re

_MOMENT = re.compile(r"(?:\d{4}年)?\d{1,2}月\d{1,2}日(?:\d{1,2}[时:：]\d{2}分?)?")


def wording_of(text: str, said: str, place: str | None) -> str:
    """Equal for two replies that differ in nothing but platform, place and date.

    `said`: what our own draft says of the fault (drafting.said_by); empty where a person wrote it,
    whose whole text counts.
    """
    words = said or text
    if place:
        words = words.replace(place, "")
    return " ".join(_MOMENT.sub("", words).split())
