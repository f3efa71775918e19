# Copyright (c) mmacnn authors. All rights reserved.
"""Every method at its smallest: for tests of what all of them promise."""

from dataclasses import dataclass, field
from pathlib import Path

import torch
from mmengine.registry import MODELS, DefaultScope

from mmacnn.engine.config import load_config
from mmacnn.inference.regions import box_region
from mmacnn.synthetic import TASKS, write_dataset

from .paths import ROOT


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
        'acnn/acnn-opt_strided_8e_synthetic-product-code.py',
        'product-code',
        (480, 640),
        'acnn/full_onnxruntime_dynamic.py',
    ),
    'acnn_pose': Method(
        'acnn/acnn-opt-pose_strided_30e_yolo-roi.py',
        'product-code',
        (96, 128),
        'acnn/full_onnxruntime_dynamic.py',
        options={
            'val_dataloader.dataset.data_prefix.img_path': 'test/images',
            'val_dataloader.dataset.data_prefix.label_path': 'test/labels',
            'val_dataloader.dataset.pipeline.1.scale': (128, 96),
            'test_dataloader.dataset.pipeline.1.scale': (128, 96),
            'train_dataloader.dataset.pipeline.1.scale': (128, 96),
            'test_pipeline.1.scale': (128, 96),
        },
    ),
    'canet': Method(
        'canet/canet_r18_fpn_8e_synthetic-surface-defects.py',
        'surface-defects',
        (96, 96),
        'mmdet/detection_onnxruntime_dynamic.py',
        options={
            'val_evaluator.ann_file': '{data}/test/annotations.json',
            'test_evaluator.ann_file': '{data}/test/annotations.json',
        },
    ),
    'cam': Method(
        'cam/cam_strided-s16_20e_synthetic-defect-folders.py',
        'defect-folders',
        (96, 96),
        'cam/cam_onnxruntime_dynamic.py',
        images='test/images/defective',
        options={'model.regions': dict(margin=0.02, min_area=4, mm_per_pixel=0.1)},
    ),
    'roi_mask': Method(
        'roi_mask/roi-mask_resnet18_8e_synthetic-regions.py',
        'regions',
        (96, 96),
        'roi_mask/classification_onnxruntime_dynamic.py',
        options={'train_dataloader.sampler.num_samples': 8},
        inspector=dict(
            regions=[box_region((10, 10, 40, 30)), [[60, 60, 90, 60, 60, 90]]]
        ),
    ),
    'attentdiffernet': Method(
        'attentdiffernet/attentdiffernet-se_alexnet_12e_synthetic-anomaly.py',
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


def prepare(
    method: Method,
    folder: Path,
    train: int = 8,
    test: int = 4,
    depth: int | None = None,
) -> str:
    """Make a method's data set and the config that trains on it for an epoch.

    Args:
        method: Of ``METHODS``.
        folder: Gets ``data/`` and ``tiny.py``.
        train: Images to train on.
        test: Images to test on, in all or of each kind.
        depth: Of images, in the config.

    Returns:
        The config's path.
    """
    data, config = folder / 'data', str(folder / 'tiny.py')
    counts = dict(train=train, test=test)
    write_dataset(TASKS[method.task], data, counts, method.size, seed=0)
    options = {
        key: value.format(data=data) if isinstance(value, str) else value
        for key, value in method.options.items()
    }
    if depth:
        options['depth'] = depth
    options |= {'train_cfg.max_epochs': 1, 'train_cfg.val_interval': 1}
    for split in ('train', 'val', 'test'):
        options |= {
            f'{split}_dataloader.dataset.data_root': str(data),
            f'{split}_dataloader.batch_size': 4,
            f'{split}_dataloader.num_workers': 0,
            f'{split}_dataloader.persistent_workers': False,
        }
    base = str(ROOT / 'configs' / method.config)
    load_config(base, cfg_options=options).dump(config)
    return config


def images_of(method: Method, folder: Path) -> list[Path]:
    """The test images that :func:`prepare` wrote."""
    return sorted((folder / 'data' / method.images).rglob('*.*'))


def random_weights(config, path, size=(96, 96), **meta):
    """A checkpoint with random weights, and a threshold where there is one."""
    cfg = load_config(str(config))
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        model = MODELS.build(cfg.model).eval()
    if hasattr(model, 'calibration'):
        images = torch.randn(4, 3, *size)
        if hasattr(model.core, 'bank'):
            model.core.bank.start(1)
            model.core.bank.collect(model.core.features(images[:1]), torch.zeros(1))
            model.core.bank.fit()
        with torch.no_grad():
            scores = model(images)
        model.calibration.fit(scores, torch.zeros(4), scores)
    torch.save(dict(state_dict=model.state_dict(), meta=meta), path)
    return str(path)
