"""Read a CSV file as texts: each row has the cells of the header, or the file is refused."""

import csv
from collections.abc import Iterator
from io import StringIO
from typing import Any
from unicodedata import normalize

import pandas as pd

from app.contract import columns
from app.errors import InvalidData

_DELIMITERS = ",;\t|"

csv.field_size_limit(2**31 - 1)  # a review may be longer than the 128 KiB that are allowed else


def parse_csv(content: bytes, path: str) -> pd.DataFrame:
    """Read a CSV file as texts, without the spaces around them; `path` names it in errors.

    Column names are made identifiers: `Body Mass (g)` becomes `body_mass_g`. The index counts the
    rows from 0, so that a spreadsheet shows row `n` as `n + 2`, blank lines included.

    Raises
    ------
    InvalidData
        The file is empty, not UTF-8, has no header, or a row that does not fit the header.
    """
    rows = _rows(_decode(content, path), path)
    _, header = next(rows)
    names = _names(header, path)
    numbers, cells = list[int](), [list[str]() for _ in names]
    for number, row in rows:
        if len(row) != len(names):
            raise InvalidData(_misfit(path, number, row, header))
        numbers.append(number - 2)
        for column, cell in zip(cells, row, strict=True):
            column.append(cell.strip())
    texts = dict(zip(names, cells, strict=True))
    return pd.DataFrame(texts, index=pd.Index(numbers, dtype=int), dtype=object)


def _decode(content: bytes, path: str) -> str:
    """Give the text; what spreadsheets put above a header is named, not guessed around."""
    try:
        text = normalize("NFC", content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        byte = f"byte {error.start} is 0x{error.object[error.start]:02x}"
        raise InvalidData(f"{path} is not UTF-8: {byte}. Save it as 'CSV UTF-8'.") from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    first = text.partition("\n")[0].strip()
    if not text.strip():
        raise InvalidData(f"{path} is not a CSV file with a header: it is empty.")
    if not first or first.lower().startswith("sep="):
        what = f"{first!r}, a note for Excel" if first else "blank"
        raise InvalidData(f"{path}: row 1 is {what}: delete it, the header must be row 1.")
    return text


def _rows(text: str, path: str) -> Iterator[tuple[int, list[str]]]:
    """Give each row that is not blank with its number."""
    lines = text.split("\n")
    delimiter = max(_DELIMITERS, key=lambda delimiter: _fit(lines, delimiter))
    form: dict[str, Any] = {"delimiter": delimiter, "strict": True, "skipinitialspace": True}
    reader = csv.reader(StringIO(text, newline=""), **form)
    number, end = 0, 0
    try:
        for number, row in enumerate(reader, start=1):
            start, end = end, reader.line_num
            if end > start + 1:
                _require_one_row(lines[start:end], delimiter, len(row), f"{path}, row {number}")
            if row:
                yield number, row
    except csv.Error as error:
        raise InvalidData(
            f"{path}, row {number + 1}: a quote opens or closes where it cannot ({error}): put the "
            'whole cell between quotes, and double those inside, as in "12"" pipe".'
        ) from None


def _fit(lines: list[str], delimiter: str) -> tuple[bool, bool, int]:
    """Rate a delimiter: it splits the header as the next row, and into many cells.

    A comma can also stand in all numbers, and in the units of a header, so it comes last.
    """
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    header, row = len(next(reader)), len(next(reader, ()))
    fits = 1 < header == row
    return fits, fits and delimiter != ",", header


def _require_one_row(lines: list[str], delimiter: str, cells: int, where: str) -> None:
    """Refuse a cell over several lines that each look like a row: a stray quote swallowed them."""
    alike = all(line.count(delimiter) == cells - 1 for line in lines if line.strip())
    if alike and len(lines) + cells > 4:
        raise InvalidData(
            f"{where}: a quote opens here and closes {len(lines) - 1} lines below, where each line "
            "looks like a row of its own: remove the quote, or the line breaks inside the cell."
        )


def _names(header: list[str], path: str) -> list[str]:
    """Give the identifier of each header."""
    names = [columns.identifier(text) or f"column_{n}" for n, text in enumerate(header, 1)]
    for number, (text, name) in enumerate(zip(header, names, strict=True), 1):
        nameless = name == f"column_{number}" and any(map(str.isalpha, text))
        if nameless or not name.isascii():
            raise InvalidData(
                f"{path}: the header {text.strip()!r} has letters that are not Latin: rename it, "
                f"for example to column_{number}."
            )
        if names.index(name) != number - 1:
            raise InvalidData(f"{path} has two columns that read as {name!r}: rename one.")
    return names


def _misfit(path: str, number: int, row: list[str], header: list[str]) -> str:
    """Say why a row may have other cells than the header."""
    if len(header) == 1 and len(row) > 1:
        return f"{path}: is row 1, {header[0]!r}, a title? Delete it: the header must be row 1."
    remedy = "write the delimiter for each empty cell, too"
    if len(row) > len(header):
        remedy = "put cells that hold the delimiter between quotes, and write 12.5, not 12,5"
        remedy += "; or is row 1 a title?" if number == 2 else ""
    return f"{path}, row {number}: it has {len(row)} cells, the header {len(header)}: {remedy}."
