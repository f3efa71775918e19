# Copyright (c) mmacnn authors. All rights reserved.
"""Text that others wrote, in messages and tables of ours."""

from collections.abc import Sequence

LONGEST = 40


def short(value: object) -> str:
    """How a value of a user's file is shown in a message: at most 40 characters."""
    try:
        text = repr(value)
    except ValueError:  # a whole number of more than 4300 digits
        text = f'a {type(value).__name__} too long to show'
    except RecursionError:
        text = 'values nested too deeply'
    return text if len(text) <= LONGEST else f'{text[: LONGEST - 3]}...'


def printable(text: str) -> str:
    """A name as one line that any terminal can show.

    Control characters, among them line ends and those that move a terminal's cursor,
    and bytes of a file name that are no UTF-8, are written as escapes.

    Example:
        >>> printable('a\\nb')
        'a\\\\nb'
    """
    return ''.join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def markdown_table(header: Sequence[str], rows: Sequence[Sequence]) -> str:
    """A table in Markdown whose first column is text, the others numbers."""
    return _table(header, rows, 'pipe')


def plain_table(header: Sequence[str], rows: Sequence[Sequence]) -> str:
    """A table for a terminal whose first column is text, the others numbers."""
    return _table(header, rows, 'plain')


def _table(header: Sequence[str], rows: Sequence[Sequence], form: str) -> str:
    from tabulate import tabulate  # late: most that import this print no table

    align = ['left'] + ['right'] * (len(header) - 1)
    return tabulate(rows, header, form, disable_numparse=True, colalign=align)


def identifier(value: object) -> object:
    """An id whatever it is written as: 7, 7.0 and '7' are one."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.isdecimal() and len(value) < 10:
        return int(value)
    return value
