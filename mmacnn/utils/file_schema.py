# Copyright (c) mmacnn authors. All rights reserved.
"""What a user's file must hold, as pydantic models, and one line for what is wrong."""

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from .input_error import InputError
from .text import printable, short


class FileSchema(BaseModel):
    """A dict in a file. A text '1' is no number, True is no count, other keys pass."""

    model_config = ConfigDict(strict=True)


def check_schema(
    schema: type[FileSchema], content: Any, path: str, kind: str = ''
) -> None:
    """Compare the content of a file with its schema.

    A validator of a schema raises a ``ValueError``: 'expected ...', or 'found ...,
    expected ...' where the whole value would not say it.

    Args:
        schema: What the content should be.
        content: Plain values.
        path: The file.
        kind: What kind of file it is, or what writes it.

    Raises:
        InputError: The first thing that is otherwise, with its place in the file.
    """
    try:
        schema.model_validate(content)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        kind = f' ({kind})' if kind else ''
        raise InputError(f'{path}: {_describe(**problem)}{kind}') from None


def _describe(
    type: str, loc: tuple, msg: str, input: Any, ctx: dict | None = None
) -> str:
    """``images[3].height: found 'a', expected a valid integer``."""
    expected = msg.removeprefix('Value error, ').removeprefix('Input should be ')
    if type == 'missing':
        *loc, key = loc
        expected = f'found no {key!r}, expected one'
    elif type == 'extra_forbidden':
        expected = 'found an unknown key, expected none of this name'
    elif type in ('too_short', 'too_long'):
        expected = ' to '.join(str(ctx[k]) for k in ctx if k.endswith('_length'))
        expected = f'found {ctx["actual_length"]} items, expected {expected}'
    elif type == 'model_type':
        expected = 'expected a dict'
    elif not expected.startswith(('found', 'expected')):
        expected = f'expected {expected}'
    if not expected.startswith('found'):
        expected = f'found {short(input)}, {expected}'
    place = ''.join(f'[{key}]' if isinstance(key, int) else f'.{key}' for key in loc)
    return f'{printable(place[:80]).lstrip(".")}: {expected}' if place else expected
