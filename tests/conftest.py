# Copyright (c) mmacnn authors. All rights reserved.
import runpy
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from mmengine.logging import MessageHub, MMLogger
from mmengine.registry import DefaultScope
from mmengine.visualization import Visualizer

import mmacnn  # noqa: F401  (mmcv's compiled parts, before a test asks for mmdet)

from .testing.browser import Browser, find_browser
from .testing.paths import ROOT
from .testing.tiny import write_tiny_config

# The same examples each time in `make test`; new ones, and many, in `make soak`.
COMMON = dict(deadline=None, suppress_health_check=list(HealthCheck), database=None)
settings.register_profile('quick', max_examples=40, derandomize=True, **COMMON)
settings.register_profile('soak', max_examples=1000, print_blob=True, **COMMON)
settings.load_profile('quick')


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """With ``--hypothesis-profile=soak`` the property tests are soak tests."""
    if config.getoption('--hypothesis-profile', None) != 'soak':
        return
    for item in items:
        if getattr(getattr(item, 'obj', None), 'is_hypothesis_test', False):
            item.add_marker('soak')


@pytest.fixture(autouse=True)
def _run_of_its_own():
    """Keep what a test's runner makes by name from the tests after it.

    A run is named after its config and the second in which it starts, and a later run
    of that name would write into the log of the first.
    """
    kinds = (DefaultScope, MMLogger, MessageHub, Visualizer)
    before = [dict(kind._instance_dict) for kind in kinds]
    yield
    for kind, instances in zip(kinds, before, strict=True):
        kind._instance_dict.clear()
        kind._instance_dict.update(instances)


@pytest.fixture
def tiny_config(tmp_path: Path) -> Path:
    """See :func:`write_tiny_config`."""
    return write_tiny_config(tmp_path)


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """A config, its images, a checkpoint, results and annotations to convert."""
    from mmacnn import apis  # a second that not every test needs

    folder = tmp_path_factory.mktemp('trained')
    config = write_tiny_config(folder)
    with config.open('a') as file:
        file.write(
            "default_hooks.update(visualization=dict(type='mmacnn.RoIVisualizationHook'"
            "))\nvisualizer = dict(type='mmacnn.RoIVisualizer')\n"
        )
    options = {'train_cfg.max_epochs': 1}
    apis.train(str(config), str(folder / 'run'), validate=False, cfg_options=options)
    weights = folder / 'run' / 'epoch_1.pth'
    results = folder / 'results.json'
    apis.test(str(config), str(weights), str(folder / 'run'), out=str(results))
    for name in ('xml', 'yolo/images', 'yolo/labels'):
        (folder / name).mkdir(parents=True)
    for image in (folder / 'data').rglob('*.png'):
        shutil.copy(image, folder / 'yolo/images')
        (folder / f'yolo/labels/{image.stem}.txt').write_text('0 0.5 0.5 0.5 0.5\n')
        (folder / 'xml' / f'{image.stem}.xml').write_text(
            '<annotation><object><name>bolt</name><bndbox><xmin>1</xmin><ymin>1</ymin>'
            '<xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>'
        )
    return folder


@pytest.fixture
def fail(monkeypatch, capsys):
    """Runs a tool in this process and returns the line that it ends with."""

    def run(command):
        tool, *arguments = map(str, command)
        monkeypatch.setattr(sys, 'argv', [tool, *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as status:
            runpy.run_path(str(ROOT / tool), run_name='__main__')
        said = capsys.readouterr().err
        assert status.value.code == 2, said
        assert 'Traceback' not in said and 'Logging error' not in said
        return [line for line in said.splitlines() if line.startswith('error: ')][-1]

    return run


@pytest.fixture
def full_disk():
    """Lets no file grow beyond so many bytes: the system's error, whoever writes."""
    resource = pytest.importorskip('resource')

    @contextmanager
    def limit(size):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limit


@pytest.fixture(scope='session')
def browser(tmp_path_factory):
    """See :class:`Browser`."""
    binary = find_browser()
    if binary is None:
        pytest.skip('no Chromium here: install one, or name it in CHROMIUM')
    browser = Browser(binary, tmp_path_factory.mktemp('profile'))
    yield browser
    browser.close()
