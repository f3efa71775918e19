# Copyright (c) mmacnn authors. All rights reserved.
"""Training, testing and predicting with a detector, on mmcv without its operators."""

import json
import shutil

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope

from mmacnn import apis
from mmacnn.apis.testing import _show_in
from mmacnn.inference import Inspector
from mmacnn.registry import DATASETS, MODELS
from mmacnn.synthetic import TASKS, write_dataset

CONFIG = """
_base_ = [{config!r}]
data_root = {data_root!r}
train_dataloader = dict(
    num_workers=0, persistent_workers=False, dataset=dict(data_root=data_root))
val_dataloader = dict(
    num_workers=0, persistent_workers=False, dataset=dict(data_root=data_root))
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=data_root + '/test/annotations.json')
test_evaluator = val_evaluator
model = dict(
    backbone=dict(base_channels=16),
    neck=dict(in_channels=[16, 32, 64, 128], out_channels=8),
    rpn_head=dict(in_channels=8, feat_channels=8),
    roi_head=dict(
        bbox_roi_extractor=dict(out_channels=8),
        bbox_head=dict(in_channels=8, fc_out_channels=16)),
    test_cfg=dict(rcnn=dict(score_thr=0.0, max_per_img=5)))
train_cfg = dict(max_epochs=1, val_interval=1)
log_level = 'WARNING'
"""


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    """Four photographs of each device; defects on at least one."""
    out = tmp_path_factory.mktemp('generated') / 'data'
    counts = dict(train=4, test=4)
    write_dataset(TASKS['surface-defects'], out, counts, (96, 96), seed=0)
    return out


@pytest.fixture(scope='module')
def config(data, tmp_path_factory, pytestconfig):
    """CANet of a few channels on these photographs."""
    name = 'configs/canet/canet_r18_fpn_8e_synthetic-surface-defects.py'
    path = tmp_path_factory.mktemp('config') / 'tiny_canet.py'
    base = str(pytestconfig.rootpath / name)
    path.write_text(CONFIG.format(config=base, data_root=str(data)))
    return path


@pytest.fixture(scope='module')
def trained(config, tmp_path_factory):
    """The runner after an epoch of one step, and its checkpoint."""
    work_dir = tmp_path_factory.mktemp('trained')
    runner = apis.train(str(config), work_dir=str(work_dir))
    return runner, str(work_dir / 'epoch_1.pth')


def test_trains_a_step_and_evaluates(trained):
    runner, _ = trained
    assert runner.iter == 1
    metrics = runner.message_hub.log_scalars
    assert metrics['train/loss'].current() > 0
    assert 0 <= metrics['val/coco/bbox_mAP_s'].current() <= 1
    assert all(p.isfinite().all() for p in runner.model.parameters())


@pytest.fixture(scope='module')
def tested(config, trained, tmp_path_factory):
    """The metrics, and the folder with results.json and pictures."""
    out = tmp_path_factory.mktemp('tested')
    metrics = apis.test(
        str(config),
        trained[1],
        work_dir=str(out / 'run'),
        out=str(out / 'results.json'),
        show_dir=str(out / 'pictures'),
    )
    return metrics, out


def test_metrics_predictions_and_pictures(tested):
    metrics, out = tested
    results = json.loads((out / 'results.json').read_text())
    assert results['metrics'] == metrics and 'coco/bbox_mAP_50' in metrics
    found = [prediction['pred_instances'] for prediction in results['predictions']]
    assert len(found) == 4
    assert all(len(f['bboxes']) == len(f['scores']) <= 5 for f in found)
    names = sorted(path.name for path in (out / 'pictures').iterdir())
    assert names == [f'test_{i:06d}.jpg' for i in range(4)]
    # mmdet's visualizer puts what was predicted beside what is true.
    assert cv2.imread(str(out / 'pictures' / names[0])).shape == (96, 192, 3)


def test_show_dir_with_mmdets_own_hook():
    hook = dict(type='DetVisualizationHook', draw=False)
    cfg = Config(dict(default_hooks=dict(visualization=hook)))
    _show_in(cfg, 'config.py', 'pictures')
    assert cfg.default_hooks.visualization == dict(
        type='mmacnn.RoIVisualizationHook', enable=True, out_dir='pictures'
    )


def loss_without_boxes(config, **proposals):
    """Backpropagate the loss on two images without boxes; return the model and log."""
    cfg = Config.fromfile(config)
    init_default_scope(cfg.default_scope)
    cfg.model.train_cfg.rpn_proposal.update(proposals)
    cfg.model.test_cfg.rpn.update(proposals)
    model = MODELS.build(cfg.model)
    dataset = DATASETS.build(cfg.train_dataloader.dataset)
    batch = pseudo_collate([dataset[0], dataset[1]])
    for sample in batch['data_samples']:
        sample.gt_instances = sample.gt_instances[:0]
    batch = model.data_preprocessor(batch, training=True)
    loss, log = model.parse_losses(model(**batch, mode='loss'))
    loss.backward()
    return model, log, batch


def test_batches_without_boxes(config):
    model, log, _ = loss_without_boxes(config)
    assert all(value.isfinite() for value in log.values())
    # Distributed training waits for ever for a parameter without a gradient.
    assert all(p.grad.isfinite().all() for p in model.parameters())


def test_no_proposals(config):
    model, log, batch = loss_without_boxes(config, max_per_img=0)
    assert all(value.isfinite() for value in log.values())
    with torch.no_grad():
        predictions = model.eval()(**batch, mode='predict')
    assert [len(sample.pred_instances) for sample in predictions] == [0, 0]


def test_a_head_for_another_number_of_classes(config, trained, tmp_path):
    options = {'model.roi_head.bbox_head.num_classes': 3}
    with pytest.raises(
        ValueError, match=r'tiny_canet.py: model.roi_head.bbox_head.num_classes is 3, e'
    ):
        apis.train(str(config), work_dir=str(tmp_path), cfg_options=options)


def test_data_that_are_wrong(config, data, tmp_path):
    broken = tmp_path / 'data'
    shutil.copytree(data, broken)
    (broken / 'train/images/train_000001.jpg').unlink()
    options = {'train_dataloader.dataset.data_root': str(broken)}
    with pytest.raises(FileNotFoundError, match='train_000001.jpg: found no such imag'):
        apis.train(str(config), work_dir=str(tmp_path / 'run'), cfg_options=options)


@pytest.fixture
def folder(tmp_path):
    """An image of another shape than those of the training, and a broken one."""
    folder = tmp_path / 'in'
    folder.mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    cv2.imwrite(str(folder / 'a.png'), pixels)
    (folder / 'b.png').write_text('not an image')
    return folder


def test_inspector(config, trained, folder, tmp_path):
    inspector = Inspector(str(config), trained[1], 'cpu', score_thr=0.0)
    good, bad = inspector(folder, batch_size=2, out_dir=str(tmp_path / 'out'))

    assert 'b.png' in bad.error
    boxes = np.array([found.box for found in good.detections])
    assert 0 < len(boxes) <= 5
    assert (boxes >= 0).all() and (boxes <= (90, 60, 90, 60)).all()
    assert boxes.max() > 60  # in pixels of the image, whatever the network saw
    names = TASKS['surface-defects'].classes
    assert all(found.class_name == names[found.label] for found in good.detections)
    scores = [found.score for found in good.detections]
    assert scores == sorted(scores, reverse=True)
    best = good.detections[0]
    assert (good.label, good.class_name, good.score) == (
        best.label,
        best.class_name,
        best.score,
    )
    picture = cv2.imread(good.picture)
    assert picture.shape == (60, 90, 3)
    assert (picture != cv2.imread(str(folder / 'a.png'))).mean() > 0.01


def test_scores(config, trained, folder):
    """A box counts from ``score_thr`` on, and is sure from ``min_score`` on."""
    image = cv2.imread(str(folder / 'a.png'))
    (all_boxes,), (none,), (unsure,) = (
        Inspector(str(config), trained[1], 'cpu', **settings)(image)
        for settings in (
            dict(score_thr=0.0),
            dict(score_thr=1.0),
            dict(score_thr=0.0, min_score=1.0),
        )
    )
    assert all_boxes.detections and all_boxes.verdict == 'fail'
    assert none.detections == () and none.verdict == 'pass'
    assert unsure.verdict == 'unsure'


def test_tiles(config, trained, folder):
    """Of an image that fits, the same to the last bit; of a larger one, its parts."""
    image = cv2.imread(str(folder / 'a.png'))
    plain, tiled = (
        Inspector(str(config), trained[1], 'cpu', score_thr=0.0, tile=tile)
        for tile in (None, 90)
    )
    (whole,), (same,) = plain(image), tiled(image)
    assert same.detections == whole.detections
    large = cv2.copyMakeBorder(image, 0, 0, 0, 70, cv2.BORDER_REFLECT)
    (found,) = tiled(large)
    assert found.detections and not found.error
    boxes = np.array([each.box for each in found.detections])
    assert (boxes >= 0).all() and (boxes <= (160, 60, 160, 60)).all()
    assert boxes.max() > 90


@pytest.mark.parametrize('tile', [96, 64])
def test_metrics_in_tiles(config, trained, tested, tmp_path, tile):
    """Images of 96x96: those that fit are as without tiles, to the last bit."""
    out = tmp_path / 'results.json'
    apis.test(
        str(config), trained[1], str(tmp_path / 'run'), str(out), tile=tile, overlap=0.2
    )
    found = json.loads(out.read_text())
    if tile == 96:
        plain = json.loads((tested[1] / 'results.json').read_text())
        assert found['metrics'] == plain['metrics']
        assert found['predictions'] == plain['predictions']
        return
    prediction = found['predictions'][0]
    inspector = Inspector(str(config), trained[1], 'cpu', score_thr=0.0, tile=tile)
    (expected,) = inspector(prediction['img_path'])
    boxes = prediction['pred_instances']['bboxes']
    found = [each.box for each in expected.detections]
    np.testing.assert_allclose(boxes, found, atol=1e-4)


def test_inspector_and_test_agree(config, trained, tested):
    _, out = tested
    prediction = json.loads((out / 'results.json').read_text())['predictions'][0]
    inspector = Inspector(str(config), trained[1], 'cpu', score_thr=0.0)
    (found,) = inspector(prediction['img_path'])

    expected = prediction['pred_instances']
    for ours, theirs in (('box', 'bboxes'), ('score', 'scores')):
        values = [getattr(each, ours) for each in found.detections]
        np.testing.assert_allclose(values, expected[theirs], atol=1e-4)
