"""What a log says of an exception: classes, frames and codes, none of the values it was about.

An exception's message may quote what a resident wrote: pydantic's quotes the input, PostgreSQL's
the row, int()'s the text. So only messages of our own classes are shown, without numbers and
Chinese. Of others only what cannot be a value: SQLSTATE and the names in the schema, the fields
that pydantic refused and why, the number of an OSError.
"""

import errno
import re
import traceback
from collections.abc import Iterator

from pydantic import ValidationError

_OURS = ("services.", "shared.", "waterdesk.")
_MOST_FRAMES = 25
_MOST_CAUSES = 5
_PERHAPS_A_VALUE = re.compile(r"\d{5,}|[^\x00-\x7f]+")
_SCHEMA_NAMES = ("sqlstate", "table_name", "column_name", "constraint_name")


def exception_text(error: BaseException) -> str:
    """Several lines: the frames and the class of `error`, then of what caused it."""
    return "\n".join(_lines(error, _MOST_CAUSES))


def _lines(error: BaseException, causes_left: int) -> Iterator[str]:
    for frame in traceback.extract_tb(error.__traceback__, limit=-_MOST_FRAMES):
        yield f"  {frame.filename}:{frame.lineno} in {frame.name}"
    kind = type(error)
    details = _details(error)
    yield f"{kind.__module__}.{kind.__qualname__}{': ' if details else ''}{details}"
    if not causes_left:
        return
    if isinstance(error, BaseExceptionGroup):
        for part in error.exceptions[:_MOST_CAUSES]:
            yield "one of the group:"
            yield from _lines(part, causes_left - 1)
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause:
        yield "caused by:"
        yield from _lines(cause, causes_left - 1)


def _details(error: BaseException) -> str:
    if isinstance(error, ValidationError):
        refused = error.errors(include_url=False, include_context=False, include_input=False)
        return ", ".join(f"{'.'.join(map(str, each['loc']))} {each['type']}" for each in refused)
    if isinstance(error, OSError) and error.errno:
        return errno.errorcode.get(error.errno, str(error.errno))
    if type(error).__module__.startswith(_OURS):
        return _PERHAPS_A_VALUE.sub("…", str(error))
    driver_error = getattr(error, "orig", error)
    names = (getattr(driver_error, name, None) for name in _SCHEMA_NAMES)
    return " ".join(name for name in names if isinstance(name, str))
