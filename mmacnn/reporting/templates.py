# Copyright (c) mmacnn authors. All rights reserved.
"""How the pages are made of their templates."""

from collections.abc import Callable
from pathlib import Path

import jinja2

FOLDER = Path(__file__).parent


def make_environment(**functions: Callable) -> jinja2.Environment:
    """What renders the templates of this folder; names are escaped.

    Args:
        functions: What templates may call, by name.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(functions)
    return environment


def read_style() -> str:
    """The style sheet of all pages."""
    return (FOLDER / 'style.css').read_text(encoding='utf-8')
