# Copyright (c) mmacnn authors. All rights reserved.
"""Sphinx's settings: `make docs` writes docs/_build/html."""

import os.path as osp
import re
from pathlib import Path

import mmacnn
import mmacnn.apis
import mmacnn.deploy

ROOT = Path(__file__).parents[2]

project = 'mmacnn'
author = 'mmacnn authors'
copyright = author
version = release = mmacnn.__version__

extensions = ['myst_parser', 'sphinx.ext.autodoc', 'sphinx.ext.napoleon']
html_theme = 'furo'
html_title = f'mmacnn {release}'
html_copy_source = False
myst_heading_anchors = 3

autodoc_typehints = 'none'  # The docstrings have the types that say more.
autodoc_default_options = {'members': True, 'imported-members': True}
napoleon_use_ivar = True
napoleon_custom_sections = [('Returns (forward)', 'returns_style')]

# What these load on first use is what autodoc has to see.
for module in (mmacnn.apis, mmacnn.deploy):
    for name in module.__all__:
        setattr(module, name, getattr(module, name))

# A file that a page includes, and the page.
PAGE_OF = {
    'README.md': 'index.md',
    'configs/acnn/README.md': 'acnn.md',
    'configs/attentdiffernet/README.md': 'attentdiffernet.md',
    'configs/cam/README.md': 'cam.md',
    'configs/canet/README.md': 'canet.md',
    'configs/roi_mask/README.md': 'roi_mask.md',
}
LINK = re.compile(r'(?<!!)\[([^\]]+)\]\(([^()#\s]+)(#[^()\s]*)?\)')
STARS = re.compile(r'(?<![`*\w])(\*\*?)(args|kwargs)\b')
IMAGE = re.compile(r'!\[([^\]]*)\]\(([^()\s]+)\)')


def rewrite_links(text: str, folder: Path) -> str:
    """Turn links that work in the repository into ones that work in these pages.

    A link to a file that a page includes leads to the page. Other files are handed out
    with the pages; of a folder, and of a page that is not among these, the name stays,
    without the link.

    Args:
        text: Markdown.
        folder: Where its relative links start.
    """

    def link(match: re.Match) -> str:
        label, target, anchor = match[1], match[2], match[3] or ''
        if '://' in target:
            return match[0]
        path = (folder / target).resolve()
        page = _page_of(path)
        if page is None and (path.is_dir() or path.suffix == '.md'):
            return label
        target = page or osp.relpath(path, Path(__file__).parent)
        return f'[{label}]({target}{anchor if page else ""})'

    def image(match: re.Match) -> str:
        path = (folder / match[2]).resolve()
        return f'![{match[1]}]({osp.relpath(path, Path(__file__).parent)})'

    return IMAGE.sub(image, LINK.sub(link, text))


def _page_of(path: Path) -> str | None:
    if path.parent == Path(__file__).parent:
        return path.name
    if path.is_relative_to(ROOT):
        path = path.relative_to(ROOT)
    return PAGE_OF.get(str(path)) or PAGE_OF.get(str(path / 'README.md'))


def read_page(app, name, content):
    """Rewrite the links of a page."""
    content[0] = rewrite_links(content[0], Path(__file__).parent)


def read_included(app, path, name, content):
    """Rewrite the links of a file that a page includes."""
    content[0] = rewrite_links(content[0], (Path(__file__).parent / path).parent)


def escape_stars(app, what, name, thing, options, lines):
    """Keep `**kwargs` of a docstring from beginning bold text."""
    lines[:] = [STARS.sub(lambda m: '\\*' * len(m[1]) + m[2], line) for line in lines]


def setup(app):
    app.connect('autodoc-process-docstring', escape_stars, priority=1)
    app.connect('source-read', read_page)
    app.connect('include-read', read_included)
