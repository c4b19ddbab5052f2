"""CSV files that people made in a spreadsheet: their encodings, and cells that are no formulas."""

import codecs
from pathlib import Path

_PIECE = 1024 * 1024
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class CannotRead(ValueError):
    """A file that cannot be read; the text is for the caller."""


def encoding_of(path: Path) -> str:
    """UTF-8 (with or without BOM) or GB18030, whichever the whole file can be read in.

    Raises CannotRead for neither, and for a file with zero bytes.
    """
    for encoding in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            with path.open("rb") as file:
                while piece := file.read(_PIECE):
                    if b"\0" in piece:
                        raise CannotRead(f"不是 CSV 文件 not a CSV file: {path}")
                    decoder.decode(piece)
                decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise CannotRead(f"既不是 UTF-8 也不是 GB18030 neither UTF-8 nor GB18030: {path}")


def not_a_formula(cell: str) -> str:
    """Spreadsheets execute formulas: https://owasp.org/www-community/attacks/CSV_Injection"""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
