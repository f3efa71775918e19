# Copyright (c) mmacnn authors. All rights reserved.
"""Imports go one way: docs/en/architecture.md."""

from pathlib import Path

import pytest
from rooms import PICTURE, ROW_OF, draw, is_allowed, read_imports, shortest_arrows

ROOT = Path(__file__).parents[1]


def wrong_imports(root: Path) -> list[str]:
    return [
        f'{place}: {source} imports {target}'
        for (source, target), places in read_imports(root).items()
        if not is_allowed(source, target)
        for place in places
    ]


def test_imports_go_one_way():
    assert wrong_imports(ROOT) == []


def test_every_folder_of_the_package_is_a_room():
    inits = (ROOT / 'mmacnn').glob('*/__init__.py')
    assert {path.parent.name for path in inits} <= set(ROW_OF)


@pytest.mark.parametrize(
    ('file', 'code'),
    [
        ('mmacnn/ops/cam.py', 'from mmacnn.models import CBAM'),
        ('mmacnn/ops/cam.py', 'import mmacnn.models.necks'),
        ('mmacnn/models/heads/a.py', 'def f():\n    from mmacnn.engine import b'),
        ('mmacnn/models/heads/a.py', 'from ...datasets import b'),
        ('mmacnn/models/a.py', 'from .. import deploy'),
        ('mmacnn/deploy/onnx/a.py', 'from mmacnn import inference'),
        ('mmacnn/engine/hooks/a.py', "import_module('mmacnn.deploy.onnx')"),
        ('mmacnn/apis/a.py', 'if TYPE_CHECKING:\n    from mmacnn.cli import b'),
        ('mmacnn/compat/a.py', 'from mmacnn.utils import b'),
        ('mmacnn/__init__.py', 'from . import models'),
        ('mmacnn/cli/a.py', 'from tools.train import main'),
        ('runner/runner/a.py', 'import mmacnn.utils'),
        ('tools/a.py', 'import benchmarks.memory'),
        ('mmacnn/utils/a.py', 'from mmacnn.registry import MODELS'),
    ],
)
def test_an_import_against_the_arrows_is_found(tmp_path, file, code):
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(code)
    (found,) = wrong_imports(tmp_path)
    assert found.startswith(f'{file}:')


@pytest.mark.parametrize(
    ('file', 'code'),
    [
        ('mmacnn/models/heads/a.py', 'from mmacnn.ops import b'),
        ('mmacnn/models/heads/a.py', 'from ..necks import b'),
        ('mmacnn/apis/__init__.py', 'from .training import train'),
        ('mmacnn/apis/a.py', 'import mmacnn, torch'),
        ('mmacnn/__init__.py', 'from . import compat, registry'),
        ('tools/a.py', 'from mmacnn.cli import b'),
    ],
)
def test_an_import_along_the_arrows_is_fine(tmp_path, file, code):
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(code)
    assert wrong_imports(tmp_path) == []


def test_arrows_that_follow_from_others_are_left_out():
    pairs = [('a', 'b'), ('b', 'c'), ('c', 'd'), ('a', 'd'), ('a', 'c'), ('e', 'd')]
    assert shortest_arrows(pairs) == [('a', 'b'), ('b', 'c'), ('c', 'd'), ('e', 'd')]


def test_the_picture_is_of_this_code():
    drawn = PICTURE.read_text(encoding='utf-8')
    assert drawn == draw(read_imports()), 'run: python docs/rooms.py'
