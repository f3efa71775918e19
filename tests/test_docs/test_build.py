# Copyright (c) mmacnn authors. All rights reserved.
"""The pages are built without a warning, and say something of every public name."""

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / 'docs/en'
PACKAGES = (
    *('apis', 'converters', 'datasets', 'datasets.transforms', 'deploy', 'engine'),
    *(
        f'models.{path.name}'
        for path in (ROOT / 'mmacnn/models').iterdir()
        if (path / '__init__.py').is_file()
    ),
    *('evaluation', 'ops', 'visualization'),
)


@pytest.fixture(scope='module')
def built(tmp_path_factory) -> Path:
    """The folder of the built pages."""
    pytest.importorskip('sphinx', reason='requirements/docs.txt are not installed')
    out = tmp_path_factory.mktemp('docs')
    done = subprocess.run(
        [
            *(sys.executable, '-m', 'sphinx', '-q', '-W', '--keep-going'),
            *('-d', out / 'doctrees', SOURCES, out / 'html'),
        ],
        env=dict(os.environ, PYTHONPATH=str(ROOT), PYTHONWARNINGS='ignore'),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return out / 'html'


@pytest.mark.soak
def test_every_page_is_there(built):
    names = {path.stem for path in SOURCES.glob('*.md')}
    assert names <= {path.stem for path in built.glob('*.html')}
    text = (built / 'canet.html').read_text(encoding='utf-8')
    assert 'LaplacianFPN' in text  # the method's README is part of its page


@pytest.mark.soak
def test_the_reference_has_every_public_name(built):
    from sphinx.util.inventory import InventoryFile

    inventory = InventoryFile.loads((built / 'objects.inv').read_bytes(), uri='')
    described = {
        name
        for kind, items in inventory.data.items()
        if kind[:3] == 'py:'
        for name in items
    }
    expected = set()
    for package in PACKAGES:
        module = import_module(f'mmacnn.{package}')
        expected |= {f'mmacnn.{package}.{name}' for name in module.__all__}
    submodules = {f'mmacnn.{package}' for package in PACKAGES}
    assert expected - described - submodules == set()
