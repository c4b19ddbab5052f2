"""From a list to a file: row by row, beside the event loop."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from services.dispatch.console.exports.files import ExportFile, Form, open_file
from services.dispatch.console.exports.listing import Asked, Listing
from services.dispatch.console.language import Words


async def _nobody(_rows: int) -> None:
    pass


async def make_file(
    listing: Listing[Any],
    asked: Asked,
    words: Words,
    form: Form,
    path: Path,
    tell: Callable[[int], Awaitable[None]] = _nobody,
) -> int:
    """Write all rows of the list; returns how many. `tell` hears after each batch how many there
    are so far."""
    headings = [words(column.key) for column in listing.columns]
    file = await asyncio.to_thread(open_file, form, path, headings)
    written = 0
    try:
        async for rows in listing.batches(asked):
            await asyncio.to_thread(_add, file, listing, rows, words)
            written += len(rows)
            await tell(written)
    finally:
        await asyncio.to_thread(file.close)
    return written


def _add(file: ExportFile, listing: Listing[Any], rows: Sequence[Any], words: Words) -> None:
    columns = listing.columns
    file.add([column.value(row, words) for column in columns] for row in rows)
