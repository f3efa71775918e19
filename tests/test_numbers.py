# Copyright (c) mmacnn authors. All rights reserved.
"""What is true of the numbers of every method, whatever they are."""

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.model import MMDistributedDataParallel
from mmengine.runner import Runner
from torch import distributed as torch_dist

from mmacnn.apis import train
from mmacnn.engine.config import load_config
from mmacnn.inference import Inspector
from mmacnn.utils import InputError

from .testing.methods import METHODS, images_of, prepare

SAME = dict(
    score=dict(abs=1e-4),
    anomaly_score=dict(rel=1e-4),
    roi=dict(abs=0.01),
)


@pytest.fixture(scope='module', params=METHODS)
def trained(request, tmp_path_factory):
    """A method after a step of training: config, weights and four images."""
    method, folder = METHODS[request.param], tmp_path_factory.mktemp(request.param)
    config = prepare(method, folder)
    return SimpleNamespace(
        name=request.param,
        method=method,
        config=config,
        weights=train_once(config, folder / 'run'),
        images=[cv2.imread(str(path)) for path in images_of(method, folder)[:4]],
        folder=folder,
    )


def train_once(config: str, work_dir: Path) -> str:
    options = {'train_dataloader.batch_size': 8}
    train(
        config,
        work_dir=str(work_dir),
        validate=False,
        cfg_options=options,
        deterministic=True,
    )
    return str(work_dir / 'epoch_1.pth')


def load(checkpoint: str) -> dict:
    return torch.load(checkpoint, map_location='cpu')


def test_deterministic_runs_are_equal_bit_by_bit(trained):
    first = load(trained.weights)['state_dict']
    second = load(train_once(trained.config, trained.folder / 'again'))['state_dict']
    assert first.keys() == second.keys()
    for key in first:
        both_nan = first[key].isnan() & second[key].isnan()
        assert ((first[key] == second[key]) | both_nan).all(), key


def test_the_company_in_a_batch_changes_nothing(trained):
    inspector = Inspector(
        trained.config, trained.weights, 'cpu', **trained.method.inspector
    )
    images = trained.images
    alone = list(inspector(images))
    together = list(inspector(images, batch_size=4))
    backwards = list(inspector(images[::-1], batch_size=3))[::-1]
    for one, *others in zip(alone, together, backwards, strict=True):
        for other in others:
            assert_same(one, other)


def assert_same(one, other):
    """To float32's precision: 1e-4 of a score, and 0.01 pixels of a place."""
    assert one.verdict == other.verdict
    assert one.class_name == other.class_name
    for field, tolerance in SAME.items():
        ours, theirs = getattr(one, field), getattr(other, field)
        assert (ours is None) == (theirs is None)
        assert ours is None or ours == pytest.approx(theirs, **tolerance)
    if one.heatmap is not None:
        np.testing.assert_allclose(one.heatmap, other.heatmap, rtol=1e-3, atol=1e-4)
    assert len(one.detections) == len(other.detections)
    for ours, theirs in zip(one.detections, other.detections, strict=True):
        assert ours.class_name == theirs.class_name
        assert ours.box == pytest.approx(theirs.box, abs=0.01)


@pytest.mark.parametrize(('value', 'place'), [(float('nan'), 0), (float('inf'), -1)])
def test_numbers_that_are_none_do_not_pass(trained, tmp_path, value, place):
    """In the first or in the last of the weights."""
    checkpoint = load(trained.weights)
    weights = [name for name in checkpoint['state_dict'] if name.endswith('weight')]
    checkpoint['state_dict'][weights[place]].fill_(value)
    damaged = str(tmp_path / 'damaged.pth')
    torch.save(checkpoint, damaged)
    inspector = Inspector(trained.config, damaged, 'cpu', **trained.method.inspector)
    if trained.name == 'attentdiffernet':
        with pytest.raises(InputError, match='array_0.* NaN or infinite'):
            list(inspector(trained.images))
        return
    out = tmp_path / 'out'
    for result in inspector(trained.images, batch_size=2, out_dir=str(out)):
        assert result.verdict == 'unsure'
        assert 'NaN or infinite' in result.error
        assert result.score is None
    assert 'NaN,' not in (out / 'results.jsonl').read_text()


@pytest.fixture
def group_of_one(tmp_path):
    """A process group of this process alone, which reduces as larger ones do."""
    torch_dist.init_process_group(
        'gloo', init_method=f'file://{tmp_path}/meeting', rank=0, world_size=1
    )
    yield
    torch_dist.destroy_process_group()


def test_every_parameter_has_a_gradient(trained, group_of_one, tmp_path):
    """Where one has none, the processes wait for it, or look for it at each step."""
    cfg = load_config(trained.config, str(tmp_path))
    runner = Runner.from_cfg(cfg)
    loader = runner.build_dataloader(cfg.train_dataloader)
    model = MMDistributedDataParallel(runner.model, broadcast_buffers=False)
    assert not model.find_unused_parameters
    for _, batch in zip(range(2), loader, strict=False):
        batch = model.module.data_preprocessor(batch, True)
        losses = model(**batch, mode='loss')
        model.module.parse_losses(losses)[0].backward()
        learning = {
            name: p for name, p in runner.model.named_parameters() if p.requires_grad
        }
        assert learning
        assert [name for name, p in learning.items() if p.grad is None] == []
