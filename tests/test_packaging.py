# Copyright (c) mmacnn authors. All rights reserved.
import re
import shutil
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
import setuptools
from mmengine.utils import digit_version

ROOT = Path(__file__).parents[1]
SOURCES = (
    *('configs', 'mmacnn', 'requirements', 'tools'),
    *('LICENSE', 'MANIFEST.in', 'README.md', 'model-index.yml'),
    *('pyproject.toml', 'setup.cfg', 'setup.py'),
)


def copy_sources(target):
    """Building writes into the sources, so build in a copy."""
    for source in filter(Path.exists, (ROOT / name for name in SOURCES)):
        if source.is_dir():
            ignore = shutil.ignore_patterns('__pycache__', '.mim')
            shutil.copytree(source, target / source.name, ignore=ignore)
        else:
            shutil.copy(source, target)


@pytest.fixture(scope='module')
def wheel(tmp_path_factory):
    if digit_version(setuptools.__version__) < digit_version('70.1'):
        pytest.skip('setuptools cannot build wheels by itself before 70.1')
    folder = tmp_path_factory.mktemp('sources')
    copy_sources(folder)
    command = [
        *(
            sys.executable,
            '-m',
            'pip',
            'wheel',
            '--quiet',
            '--disable-pip-version-check',
        ),
        *(
            '--no-deps',
            '--no-build-isolation',
            '--wheel-dir',
            str(folder / 'dist'),
            '.',
        ),
    ]
    subprocess.run(command, check=True, cwd=folder)
    (path,) = (folder / 'dist').glob('mmacnn-*.whl')
    with zipfile.ZipFile(path) as archive:
        yield archive


def test_wheel_carries_configs_and_tools(wheel):
    names = set(wheel.namelist())
    for folder in ('configs', 'tools'):
        for path in (ROOT / folder).rglob('*'):
            if path.is_file() and '__pycache__' not in path.parts:
                assert f'mmacnn/.mim/{path.relative_to(ROOT)}' in names
    assert 'mmacnn/.mim/model-index.yml' in names
    assert not any('__pycache__' in name for name in names)


def test_wheel_carries_the_package_alone(wheel):
    names = set(wheel.namelist())
    for path in (ROOT / 'mmacnn').rglob('*'):
        if (
            path.suffix in ('.py', '.csv', '.css', '.html', '.js')
            and '.mim' not in path.parts
        ):
            assert str(path.relative_to(ROOT)) in names
    tops = {name.partition('/')[0] for name in names}
    assert tops == {'mmacnn', f'mmacnn-{version()}.dist-info'}


def version():
    text = (ROOT / 'mmacnn' / 'version.py').read_text()
    return re.search(r"__version__ = '(.+)'", text)[1]


def test_wheel_states_its_requirements(wheel):
    (path,) = (name for name in wheel.namelist() if name.endswith('/METADATA'))
    metadata = Parser().parsestr(wheel.read(path).decode())
    assert metadata['Version'] == version()
    required = {
        re.match(r'[\w-]+', line)[0].lower()
        for line in metadata.get_all('Requires-Dist')
        if 'extra ==' not in line
    }
    assert {'torch', 'mmcv-lite', 'mmengine', 'mmdet', 'mmpretrain'} <= required
    assert 'mmdeploy' not in required


def requirement_names(path):
    lines = path.read_text().splitlines()
    return {re.match(r'[\w-]+', line)[0].lower() for line in lines if line[:1] != '#'}


def test_every_requirement_has_a_tested_pin():
    folder = ROOT / 'requirements'
    pinned = requirement_names(folder / 'constraints.txt')
    for path in folder.glob('[!c]*.txt'):
        assert requirement_names(path) <= pinned
