# Copyright (c) mmacnn authors. All rights reserved.
"""The Chinese pages name the commands of the English ones."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r'```bash\n(.*?)```', re.DOTALL)
INLINE = re.compile(r'(?<!`)`((?:python|torchrun|make|mim|pip) [^`]+)`(?!`)')
PAGES = [(ROOT / 'README.md', ROOT / 'README_zh-CN.md')] + [
    (ROOT / 'docs/en' / page.name, page) for page in (ROOT / 'docs/zh_cn').glob('*.md')
]


def commands(page):
    """Lines of its examples without comments, and commands in its text."""
    text = page.read_text(encoding='utf-8')
    lines = [line for block in BLOCK.findall(text) for line in block.splitlines()]
    found = [' '.join(line.partition('#')[0].split()) for line in lines]
    inline = sorted({' '.join(code.split()) for code in INLINE.findall(text)})
    return [line for line in found if line], inline


@pytest.mark.parametrize('pages', PAGES, ids=lambda pages: pages[1].name)
def test_both_languages_name_the_same_commands(pages):
    english, chinese = pages
    assert commands(english) == commands(chinese)
    assert sum(map(len, commands(english))) > 0
