# Copyright (c) mmacnn authors. All rights reserved.
"""Each test that docs/en/reliability.md names is there."""

import re
from fnmatch import filter as matching
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / 'docs/en/reliability.md'
# `tests/test_x.py::test_y`, or `::test_z` for another test of the file named last.
NAMED = re.compile(r'`(tests/[\w/]+\.py)?(?:::([\w*]+))?`')


def missing_tests(text: str) -> list[str]:
    missing, file = [], ''
    for path, name in NAMED.findall(text):
        file = path or file
        place = ROOT / file
        code = place.read_text(encoding='utf-8') if place.is_file() else ''
        tests = re.findall(r'^def (\w+)\(', code, re.MULTILINE)
        if not code or (name and not matching(tests, name)):
            missing.append(f'{file}::{name}')
    return missing


def test_tests_are_there():
    text = PAGE.read_text(encoding='utf-8')
    assert len(NAMED.findall(text)) > 30
    assert missing_tests(text) == []


def test_a_missing_test_is_found():
    here = 'tests/test_docs/test_promises.py'
    text = f'`{here}::test_tests_are_there`, `::test_tests_*`, `::test_nothing`, '
    text += f'`{here}`, `tests/no.py`'
    assert missing_tests(text) == [f'{here}::test_nothing', 'tests/no.py::']
