# Copyright (c) mmacnn authors. All rights reserved.
"""Every method, from data to the exported model, by the same calls."""

import json
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest

from mmacnn import apis
from mmacnn.apis import Inspector
from mmacnn.apis.config import load_config
from mmacnn.apis.region_inferencer import box_region
from mmacnn.datasets.synthetic import TASKS, write_dataset

ROOT = Path(__file__).parents[1]
NEEDED = ('mmdeploy', 'onnx', 'onnxruntime')


@dataclass(frozen=True)
class Method:
    """A method, its smallest data set and its smallest export.

    Args:
        config: Below ``configs/``.
        task: Of the generator.
        size: Image (height, width), pixels.
        deploy: Below ``configs/deploy/``.
        images: Where the test images lie in the data set.
        options: Settings of the config to override.
        inspector: Settings of the Inspector.
        exports_places: Whether the exported model tells the place too.
    """

    config: str
    task: str
    size: tuple
    deploy: str
    images: str = 'test/images'
    options: dict = field(default_factory=dict)
    inspector: dict = field(default_factory=dict)
    exports_places: bool = True


METHODS = {
    'acnn': Method(
        'acnn/acnn-opt_synthetic-product-code.py',
        'product-code',
        (480, 640),
        'acnn/full_onnxruntime_dynamic.py',
    ),
    'canet': Method(
        'canet/canet_r18_fpn_synthetic-surface-defects.py',
        'surface-defects',
        (96, 96),
        'mmdet/detection_onnxruntime_dynamic.py',
        options={
            'val_evaluator.ann_file': '{data}/test/annotations.json',
            'test_evaluator.ann_file': '{data}/test/annotations.json',
        },
    ),
    'cam': Method(
        'cam/cam_strided-s16_synthetic-defect-folders.py',
        'defect-folders',
        (96, 96),
        'cam/cam_onnxruntime_dynamic.py',
        images='test/images/defective',
    ),
    'roi_mask': Method(
        'roi_mask/roi-mask-resnet18_synthetic-regions.py',
        'regions',
        (96, 96),
        'roi_mask/classification_onnxruntime_dynamic.py',
        inspector=dict(
            regions=[box_region((10, 10, 40, 30)), [[60, 60, 90, 60, 60, 90]]]
        ),
    ),
    'attentdiffernet': Method(
        'attentdiffernet/attentdiffernet-se_alexnet_synthetic-anomaly.py',
        'anomaly',
        (96, 96),
        'attentdiffernet/anomaly_onnxruntime_dynamic-batch.py',
        images='test/pit',
        options={
            'model.flow.in_channels': 512,  # of two scales
            'model.flow.num_blocks': 2,
            'model.flow.hidden_channels': 16,
            'model.feature_extractor.scales': (96, 64),
            'calibration_dataloader.dataset.data_root': '{data}',
            'calibration_dataloader.num_workers': 0,
            'calibration_dataloader.persistent_workers': False,
        },
        exports_places=False,
    ),
}


@pytest.fixture(params=METHODS)
def method(request):
    return METHODS[request.param]


def test_from_data_to_the_exported_model(method, tmp_path):
    for package in NEEDED:
        if find_spec(package) is None:
            pytest.skip(f'{package} is not installed')
    data, base = tmp_path / 'data', str(ROOT / 'configs' / method.config)
    write_dataset(TASKS[method.task], data, dict(train=8, test=4), method.size, seed=0)
    options = {
        key: value.format(data=data) if isinstance(value, str) else value
        for key, value in method.options.items()
    }
    options |= {'train_cfg.max_epochs': 1, 'train_cfg.val_interval': 1}
    for split in ('train', 'val', 'test'):
        options |= {
            f'{split}_dataloader.dataset.data_root': str(data),
            f'{split}_dataloader.batch_size': 4,
            f'{split}_dataloader.num_workers': 0,
            f'{split}_dataloader.persistent_workers': False,
        }
    run, config = tmp_path / 'run', str(tmp_path / 'tiny.py')
    load_config(base, cfg_options=options).dump(config)

    apis.train(config, work_dir=str(run))
    weights = str(run / 'epoch_1.pth')
    metrics = apis.test(
        config,
        weights,
        work_dir=str(run),
        out=str(tmp_path / 'results.json'),
        show_dir=str(tmp_path / 'shown'),
    )
    results = json.loads((tmp_path / 'results.json').read_text())
    assert results['metrics'] == metrics
    pictures = list((tmp_path / 'shown').rglob('*.jpg'))
    assert len(pictures) == len(results['predictions']) >= 4

    page = tmp_path / 'report.html'
    apis.report([str(tmp_path / 'results.json')], str(page))
    assert 'tiny' in page.read_text(encoding='utf-8')

    images = sorted((data / method.images).rglob('*.*'))
    settings = method.inspector
    trained = list(Inspector(config, weights, device='cpu', **settings)(images))
    assert len(trained) == len(images) > 0

    from mmacnn.deploy import deploy

    deploy(
        str(ROOT / 'configs/deploy' / method.deploy),
        config,
        weights,
        str(images[0]),
        str(tmp_path / 'exported'),
        verify=2,
        verify_images=str(images[0].parent),
    )
    inspector = Inspector(config, backend_model=str(tmp_path / 'exported'), **settings)
    for ours, theirs in zip(trained, inspector(images), strict=True):
        assert_same(ours, theirs, method.exports_places)


def assert_same(ours, theirs, exports_places):
    """Of the checkpoint and of the exported model."""
    assert ours.source == theirs.source
    assert ours.verdict == theirs.verdict
    assert ours.class_name == theirs.class_name
    if ours.score is not None:
        assert ours.score == pytest.approx(theirs.score, abs=1e-3)
    if ours.roi is not None:
        assert ours.roi == pytest.approx(theirs.roi, abs=0.05)
    if ours.anomaly_score is not None:
        assert ours.anomaly_score == pytest.approx(theirs.anomaly_score, rel=1e-3)
    if not exports_places:
        assert theirs.places == () and theirs.mask is None
        return
    assert len(ours.places) == len(theirs.places)
    for one, other in zip(ours.places, theirs.places, strict=True):
        assert one.class_name == other.class_name
        assert one.box == pytest.approx(other.box, abs=1)
    assert (ours.mask is None) == (theirs.mask is None)
