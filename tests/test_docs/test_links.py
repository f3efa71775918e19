# Copyright (c) mmacnn authors. All rights reserved.
"""Every relative link of the Markdown files leads to a file."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Between fences there are no links, but there may be brackets.
FENCED = re.compile(r'^( *)```.*?^\1```$', re.MULTILINE | re.DOTALL)
LINK = re.compile(r'!?\[[^\]]*\]\(([^()\s]+)\)')
TEST = re.compile(r'`(?:(tests/[\w/]+\.py)|(?=::))(?:::(test_\w+))?(?:\[[^`]*\])?`')
FOLDERS = ('configs', 'demo', 'docs', 'mmacnn', 'tests', 'tools')


def pages():
    """All Markdown files that belong to the repository."""
    yield from ROOT.glob('README*.md')
    for folder in FOLDERS:
        for page in (ROOT / folder).rglob('*.md'):
            if not {'_build', '.mim'} & set(page.parts):
                yield page


def broken_links(text: str, folder: Path) -> list[str]:
    links = (link.partition('#')[0] for link in LINK.findall(FENCED.sub('', text)))
    return [
        link
        for link in links
        if link and '://' not in link and not (folder / link).exists()
    ]


def test_links_lead_to_files():
    broken = {
        str(page.relative_to(ROOT)): links
        for page in pages()
        if (links := broken_links(page.read_text(encoding='utf-8'), page.parent))
    }
    assert broken == {}


def test_a_broken_link_is_found():
    text = 'See [a](tests), [b](nowhere.md#x), [c](#d), ![e](https://f/g.png)\n'
    text += '```\n[h](nothing)\n```\n'
    assert broken_links(text, ROOT) == ['nowhere.md']


def test_files_of_the_methods_exist():
    text = (ROOT / 'docs/en/architecture.md').read_text(encoding='utf-8')
    paths = re.findall(r'`((?:mmacnn|configs)/[a-z_][\w/.-]*)`', text)
    paths = [path for path in paths if 'NAME' not in path]
    assert len(paths) > 80
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_tests_that_pages_name_exist():
    """In tables of guarantees; a name without a file is of the file named before."""
    missing, count = [], 0
    for page in (ROOT / 'docs/en').glob('*.md'):
        code = ''
        named = TEST.findall(page.read_text(encoding='utf-8'))
        for file, name in named:
            path = ROOT / file
            code = path.read_text(encoding='utf-8') if path.is_file() else code
            is_there = path.exists() and (not name or f'def {name}(' in code)
            missing += [] if is_there else [f'{page.name}: {file}::{name}']
        count += len(named)
    assert count > 60 and missing == []


def test_links_have_texts():
    """A code host shows nothing of a link without one."""
    empty = re.compile(r'(?<!!)\[\s*\]\(')
    found = [
        str(page.relative_to(ROOT))
        for page in pages()
        if empty.search(FENCED.sub('', page.read_text(encoding='utf-8')))
    ]
    assert found == []


def test_a_page_that_is_an_include_has_a_link_beside_it():
    for page in (ROOT / 'docs/en').glob('*.md'):
        text = page.read_text(encoding='utf-8')
        for target in re.findall(r'^```\{include\} (\S+)', text, re.MULTILINE):
            assert f']({target})' in text, page
