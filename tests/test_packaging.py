# Copyright (c) mmacnn authors. All rights reserved.
import os
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
    *('configs', 'demo', 'mmacnn', 'requirements', 'runner', 'tools'),
    *('LICENSE', 'MANIFEST.in', 'README.md', 'mmacnn_inspect.py', 'model-index.yml'),
    *('pyproject.toml', 'setup.cfg', 'setup.py'),
)

TRAINING = ('matplotlib', 'mmcv', 'mmengine', 'scipy', 'torch')


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


def test_wheel_carries_configs_tools_weights_and_the_runner(wheel):
    names = set(wheel.namelist())
    for folder in ('configs', 'demo', 'runner', 'tools'):
        for path in (ROOT / folder).rglob('*'):
            if path.is_file() and '__pycache__' not in path.parts:
                assert f'mmacnn/.mim/{path.relative_to(ROOT)}' in names
    assert 'mmacnn/.mim/model-index.yml' in names
    for path in (ROOT / 'mmacnn/line').glob('*.py'):  # what runner/line is a link to
        assert f'mmacnn/.mim/runner/line/{path.name}' in names
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
    assert tops == {'mmacnn', 'mmacnn_inspect.py', f'mmacnn-{version()}.dist-info'}


def version():
    text = (ROOT / 'mmacnn' / 'version.py').read_text()
    return re.search(r"__version__ = '(.+)'", text)[1]


def test_wheel_states_its_requirements(wheel):
    (path,) = (name for name in wheel.namelist() if name.endswith('/METADATA'))
    metadata = Parser().parsestr(wheel.read(path).decode())
    assert metadata['Version'] == version()
    required = {}
    for line in metadata.get_all('Requires-Dist'):
        extra = re.search(r'extra == .(\w+)', line)[1]
        name = re.match(r'[\w-]+', line)[0].lower()
        required.setdefault(extra, set()).add(name)
    openmmlab = {'mmcv-lite', 'mmengine', 'mmdet', 'mmpretrain'}
    assert {'torch', *openmmlab} <= required['train']
    assert 'mmdeploy' not in required['train']
    assert required['inspect'] == {'numpy', 'onnxruntime', 'opencv-python-headless'}


def test_the_light_command_of_a_wheel(wheel, tmp_path):
    wheel.extractall(tmp_path)
    code = f"""
import sys
sys.modules.update(dict.fromkeys({TRAINING}))
import mmacnn_inspect
sys.exit(mmacnn_inspect.main())
"""
    run = [sys.executable, '-c', code, 'no-model', 'a.png']
    # Outside of the checkout, and before an editable install.
    environment = {**os.environ, 'PYTHONPATH': str(tmp_path)}
    done = subprocess.run(
        run, capture_output=True, text=True, cwd=tmp_path, env=environment
    )
    assert done.returncode == 2, done.stderr
    assert 'expected a folder that tools/deploy.py wrote' in done.stderr


def requirement_names(path):
    lines = path.read_text().splitlines()
    return {re.match(r'[\w-]+', line)[0].lower() for line in lines if line[:1] != '#'}


def test_every_requirement_has_a_tested_pin():
    folder = ROOT / 'requirements'
    pinned = requirement_names(folder / 'constraints.txt')
    for path in folder.glob('[!c]*.txt'):
        assert requirement_names(path) <= pinned
