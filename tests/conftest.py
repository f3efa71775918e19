# Copyright (c) mmacnn authors. All rights reserved.
import runpy
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from mmengine.registry import DefaultScope
from PIL import Image

ROOT = Path(__file__).parents[1]

# The same examples each time in `make test`; new ones, and many, in `make soak`.
COMMON = dict(deadline=None, suppress_health_check=list(HealthCheck), database=None)
settings.register_profile('quick', max_examples=40, derandomize=True, **COMMON)
settings.register_profile('soak', max_examples=1000, print_blob=True, **COMMON)
settings.load_profile('quick')

CONFIG = """
custom_imports = dict(imports=['mmacnn'], allow_failed_imports=False)
default_scope = 'mmpretrain'
model = dict(
    type='ImageClassifier',
    backbone=dict(
        type='ResNet', depth=18, stem_channels=4, base_channels=4, drop_path_rate=0.2),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='LinearClsHead', num_classes=2, in_channels=32),
    data_preprocessor=dict(num_classes=2, mean=[128], std=[64]),
)
dataset = dict(
    type='CustomDataset',
    data_root={data_root!r},
    pipeline=[
        dict(type='LoadImageFromFile'),
        dict(type='RandomResizedCrop', scale=24),
        dict(type='RandomFlip', prob=0.5),
        dict(type='ColorJitter', brightness=0.3),
        dict(type='PackInputs'),
    ],
)
train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dataset,
)
val_dataloader = dict(
    batch_size=4,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='CustomDataset',
        data_root={data_root!r},
        pipeline=[dict(type='LoadImageFromFile'), dict(type='PackInputs')],
    ),
)
test_dataloader = val_dataloader
val_evaluator = test_evaluator = dict(type='Accuracy', topk=(1,))
train_cfg = dict(by_epoch=True, max_epochs=4, val_interval=1)
val_cfg = test_cfg = dict()
optim_wrapper = dict(optimizer=dict(type='AdamW', lr=0.01))
param_scheduler = dict(type='CosineAnnealingLR', T_max=4)
default_hooks = dict(
    checkpoint=dict(
        type='CheckpointHook',
        interval=1,
        max_keep_ckpts=2,
        save_best='accuracy/top1',
        rule='greater',
        backend_args=dict(backend='atomic'),
    ),
    exact_resume=dict(type='mmacnn.ExactResumeHook'),
)
randomness = dict(seed=3)
log_level = 'WARNING'
"""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """With ``--hypothesis-profile=soak`` the property tests are soak tests."""
    if config.getoption('--hypothesis-profile', None) != 'soak':
        return
    for item in items:
        if getattr(getattr(item, 'obj', None), 'is_hypothesis_test', False):
            item.add_marker('soak')


@pytest.fixture(autouse=True)
def _scope_of_its_own():
    """Keep the default scope that a test's runner sets from the tests after it."""
    scopes = dict(DefaultScope._instance_dict)
    yield
    DefaultScope._instance_dict.clear()
    DefaultScope._instance_dict.update(scopes)


def write_tiny_config(folder: Path) -> Path:
    """A config that trains a classifier on eight images of 24x24 in a second."""
    rng = np.random.default_rng(0)
    for index in range(8):
        place = folder / 'data' / ('dark', 'light')[index % 2]
        place.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 150, (24, 24, 3)) + 100 * (index % 2)
        Image.fromarray(pixels.astype(np.uint8)).save(place / f'{index}.png')
    path = folder / 'tiny.py'
    path.write_text(CONFIG.format(data_root=str(folder / 'data')))
    return path


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
