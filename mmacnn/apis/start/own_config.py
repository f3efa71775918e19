# Copyright (c) mmacnn authors. All rights reserved.
"""A config of the user's own, on top of one of ours."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap

import numpy as np
from mmengine.config import Config

from mmacnn.datasets.analysis.yolo import recommend_roi

from .choice import ACNN, ANOMALY, CAM, DETECTION, ROI_MASK
from .facts import Facts

STEP = 32  # Image sides are multiples of it.
SMALLEST = 10  # Percentile of the objects' sizes that counts as the smallest.
WEIGHTS = 'data/efficientnet-lite0.pth'


@dataclass(frozen=True)
class Recipe:
    """How a method trains on one's own data.

    Args:
        base: Config, below ``configs/``.
        target: Layout that it reads, of :func:`mmacnn.converters.labels.importer`.
        has_weights: Whether it starts from ImageNet's weights.
        settings: Further keys of the config, from facts, image size, class names,
            the file of weights and the folder of the data.
        area: Pixels of the input where small objects do not ask for more.
        least: Pixels that the shorter side of a small object shall have in the input,
            0 where that does not matter.
        keeps_shape: Whether an image keeps its ratio of width to height.
        views: Images of that area that a training should see, in all epochs; 0 where
            it learns in one pass.
        monitor: Metric on the validation images that chooses the best checkpoint and
            ends the training when it stays.
        min_delta: Smallest gain of the metric that counts.
        deploy: Config of the export, below ``configs/deploy/``.
    """

    base: str
    target: str
    has_weights: bool
    settings: Callable[[Facts, tuple[int, int], list[str], str, str], dict]
    area: int
    least: int
    keeps_shape: bool
    views: int
    monitor: str
    min_delta: float
    deploy: str


def fit_size(
    size: tuple[int, int],
    area: float,
    smallest: float | None = None,
    least: float = 16,
    most: float = 2.0,
) -> tuple[int, int]:
    """A network's input: the image's shape, and small objects large enough.

    Args:
        size: (height, width) of the image, pixels.
        area: Pixels of the input where objects do not ask for more.
        smallest: Shorter side of a small object in pixels of the image.
        least: Shorter side that it shall have in the input.
        most: Factor by which ``area`` may grow for it.

    Returns:
        (height, width), multiples of 32.
    """
    height, width = size
    scale = np.sqrt(area / (height * width))
    if smallest and smallest * scale < least:
        scale = min(least / smallest, scale * np.sqrt(most))
    scale = min(scale, max(1.0, np.sqrt(area / (height * width))))
    sides = (max(STEP, int(STEP * round(side * scale / STEP))) for side in size)
    return tuple(sides)


def smallest_side(facts: Facts) -> float | None:
    """Shorter side of a small object, in pixels of the median image."""
    if not len(facts.object_sizes):
        return None
    sides = (facts.object_sizes * facts.size[::-1]).min(axis=1)
    return float(np.percentile(sides, SMALLEST))


def _load_settings(facts, size, classes, weights, data) -> dict:
    settings = dict(model=dict(head=dict(num_classes=len(classes))))
    if weights != WEIGHTS:
        settings['load_from'] = weights
    return settings


def _cam_settings(facts, size, classes, weights, data) -> dict:
    settings = _load_settings(facts, size, classes, weights, data)
    for split in ('val', 'test'):
        if Path(data, split, 'masks').is_dir():
            prefix = dict(mask_path=f'{split}/masks')
            settings[f'{split}_dataloader'] = dict(dataset=dict(data_prefix=prefix))
    return settings


def _detection_settings(facts, size, classes, weights, data) -> dict:
    head = dict(bbox_head=dict(num_classes=len(classes)))
    model = dict(roi_head=head)
    if weights != WEIGHTS:
        model['backbone'] = dict(init_cfg=dict(checkpoint=weights))
    return dict(model=model)


def _acnn_settings(facts, size, classes, weights, data) -> dict:
    roi, output = recommend_roi(facts.object_sizes * size[::-1], size)
    stn = dict(roi_size=roi, output_size=output)
    return dict(model=dict(stn=stn, head=dict(num_classes=len(classes))))


def _anomaly_settings(facts, size, classes, weights, data) -> dict:
    settings = dict(category='')
    if weights != WEIGHTS:
        backbone = dict(backbone=dict(init_cfg=dict(checkpoint=weights)))
        settings['model'] = dict(feature_extractor=dict(backbone=backbone))
    return settings


RECIPES = {
    ANOMALY: Recipe(
        base='attentdiffernet/patchcore_efficientnet-lite0_mvtec.py',
        target='anomaly',
        has_weights=True,
        settings=_anomaly_settings,
        area=256**2,
        least=0,
        keeps_shape=False,
        views=0,
        monitor='',
        min_delta=0.0,
        deploy='attentdiffernet/anomaly_onnxruntime_dynamic-batch.py',
    ),
    CAM: Recipe(
        base='cam/cam_efficientnet-lite0-s16_20e_class-folders.py',
        target='class-folders',
        has_weights=True,
        settings=_cam_settings,
        area=256**2,
        least=16,  # a cell of the map
        keeps_shape=False,
        views=4000,
        monitor='accuracy/top1',
        min_delta=0.1,
        deploy='cam/cam_onnxruntime_dynamic.py',
    ),
    ACNN: Recipe(
        base='acnn/acnn-opt_strided_30e_yolo-roi.py',
        target='yolo-roi',
        has_weights=False,
        settings=_acnn_settings,
        area=480 * 640,
        least=0,
        keeps_shape=False,
        views=12000,
        monitor='accuracy/top1',
        min_delta=0.1,
        deploy='acnn/full_onnxruntime_dynamic.py',
    ),
    DETECTION: Recipe(
        base='canet/faster-rcnn-small_efficientnet-lite0_fpn_12e_detection-folders.py',
        target='coco',
        has_weights=True,
        settings=_detection_settings,
        area=256**2,
        least=12,
        keeps_shape=True,
        views=4000,
        monitor='coco/bbox_mAP_50',
        min_delta=0.001,
        deploy='mmdet/detection_onnxruntime_dynamic.py',
    ),
    ROI_MASK: Recipe(
        base='roi_mask/roi-mask_efficientnet-lite0_20e_region-folder.py',
        target='regions',
        has_weights=True,
        settings=_load_settings,
        area=256**2,
        least=16,
        keeps_shape=False,
        views=4000,
        monitor='region/accuracy',
        min_delta=0.1,
        deploy='roi_mask/classification_onnxruntime_dynamic.py',
    ),
}


def num_epochs(
    recipe: Recipe, num_train: int, size: tuple[int, int], effort: float = 1
) -> int:
    """Epochs that see the samples often enough in about ten minutes, 3 to 100."""
    views = effort * recipe.views * recipe.area / (size[0] * size[1])
    return int(np.clip(round(views / max(num_train, 1)), 3, 100))


SCHEDULE = """
max_epochs = {epochs}
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=1, convert_to_iter_based=True),
    dict(
        type='CosineAnnealingLR',
        begin=1,
        T_max=max_epochs - 1,
        eta_min_ratio=0.01,
        end=max_epochs,
        convert_to_iter_based=True,
    ),
]
train_cfg = dict(max_epochs=max_epochs)
# A checkpoint each epoch, and the best one; the end if {patience} epochs gain nothing.
default_hooks = dict(checkpoint=dict(interval=1, save_best={monitor!r}))
custom_hooks = [
    dict(
        type='EarlyStoppingHook',
        monitor={monitor!r},
        min_delta={min_delta},
        patience={patience},
    )
]
"""


def size_text(recipe: Recipe, facts: Facts) -> str:
    """What becomes of the images' sizes, one line."""
    height, width = facts.size
    text = f'the images have {width}x{height} (width x height)'
    if facts.num_sizes == 1:
        return text
    text += f' in the median, {facts.num_sizes} sizes in all'
    if recipe.keeps_shape:
        return f'{text}; each is fitted into img_scale and keeps its shape'
    return (
        f'{text}; each becomes img_scale, one side stretched up to {facts.stretch:.2f} '
        'times against the other (95 % of them)'
    )


def config_text(
    recipe: Recipe,
    facts: Facts,
    base: str,
    data: str,
    classes: list[str],
    weights: str,
    num_train: int,
    effort: float = 1,
) -> str:
    """The config as text.

    Args:
        recipe: Of the method.
        facts: Of the labelled set.
        base: Path of the base config, as the new file shall name it.
        data: Folder of the imported data.
        classes: Their names, in order.
        weights: File of ImageNet's weights.
        num_train: Samples to learn from.
        effort: Fraction of the epochs of a whole training.
    """
    size = fit_size(facts.size, recipe.area, smallest_side(facts), recipe.least)
    lines = [f'_base_ = [{base!r}]', '', f'data_root = {data!r}']
    if recipe.target != 'anomaly':
        lines.append(f'classes = {tuple(classes)!r}')
    own = Config(recipe.settings(facts, size, classes, weights, data))
    lines += [
        *wrap(
            f'Width, height; {size_text(recipe, facts)}.',
            width=88,
            initial_indent='# ',
            subsequent_indent='# ',
        ),
        f'img_scale = {size[::-1]}',
        own.pretty_text.rstrip(),
    ]
    text = '\n'.join(lines) + '\n'
    if recipe.views:
        epochs = num_epochs(recipe, num_train, size, effort)
        text += SCHEDULE.format(
            epochs=epochs,
            monitor=recipe.monitor,
            min_delta=recipe.min_delta,
            patience=max(5, epochs // 2),
        )
    return text
