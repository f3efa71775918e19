# Copyright (c) mmacnn authors. All rights reserved.
"""The messages that the documentation explains are ones that the package can print."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
# In bold; another package's has its name behind it, such as `(mmengine's)`.
MESSAGE = re.compile(r"^\*\*`([^`]+)`\*\*(?! \(\w+'s\))", re.MULTILINE)


def messages() -> list[str]:
    page = ROOT / 'docs/en/faq.md'
    return MESSAGE.findall(page.read_text(encoding='utf-8'))


@cache
def texts() -> list[list[str]]:
    """Each text in the sources: its parts between the placeholders."""
    found = []
    for path in (ROOT / 'mmacnn').rglob('*.py'):
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            found.append(
                [
                    part.value.strip(' :,;')
                    for part in parts
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                ]
            )
    return [parts for parts in found if any(parts)]


def letters(text: str) -> int:
    return len(re.findall('[a-zA-Z]', text))


def fraction_of(message: str, parts: list[str]) -> float:
    """Share of the message's letters that the text has outside of placeholders."""
    said = 0
    for fragment in message.split('...'):
        fragment = fragment.strip(' :,')
        if any(fragment in part for part in parts):
            said += letters(fragment)
        else:
            said += sum(letters(part) for part in parts if part in fragment)
    return said / max(1, letters(message))


def test_messages_are_those_of_the_sources():
    assert len(messages()) > 15
    invented = [
        message
        for message in messages()
        if max(fraction_of(message, parts) for parts in texts()) < 0.6
    ]
    assert invented == []


def test_another_wording_is_found():
    message = 'found the class 7, only 0 to 3 are allowed (4 names of classes)'
    assert max(fraction_of(message, parts) for parts in texts()) < 0.6
