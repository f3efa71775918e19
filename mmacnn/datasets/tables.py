# Copyright (c) mmacnn authors. All rights reserved.
"""Tables of labels: CSV in UTF-8, with a header."""

import csv
import io
import os.path as osp
from collections.abc import Iterator, Sequence

from mmacnn.utils import InputError, read_text
from mmacnn.utils.text import short


def read_table(path: str, columns: Sequence[str]) -> Iterator[tuple[str, dict]]:
    """Yield each line's place, for messages, and its values by the columns' names.

    Values have no spaces round them; what a line lacks is ''.

    Args:
        path: The CSV file, in UTF-8 with a byte order mark or without.
        columns: Names of the columns that must be there.

    Raises:
        FileNotFoundError: There is no such file.
        InputError: It is no text, a column is missing or there twice, or a line cannot
            be read or has more values than the header.
    """
    expected = f'the header {",".join(columns)}'
    if not osp.isfile(path):
        raise FileNotFoundError(f'{path}: found no such file, expected CSV, {expected}')
    table = csv.DictReader(io.StringIO(read_text(path), newline=''))
    try:
        found = [name.strip() for name in table.fieldnames or ()]
        for name in columns:
            if name not in found:
                raise InputError(
                    f'{path}: found no column {name!r}, expected {expected}'
                )
        for name in found:
            if found.count(name) > 1:
                raise InputError(
                    f'{path}: found the column {short(name)} twice, expected it once'
                )
        table.fieldnames = found
        for row in table:
            where = f'{path}, line {table.line_num}'
            if None in row:
                raise InputError(
                    f'{where}: found {len(found) + len(row[None])} values, expected '
                    f'{len(found)} as in the header'
                )
            yield where, {name: (value or '').strip() for name, value in row.items()}
    except csv.Error as error:
        raise InputError(
            f'{path}, line {table.line_num}: found {error}, expected CSV'
        ) from None
