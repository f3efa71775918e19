# Copyright (c) mmacnn authors. All rights reserved.
"""How each method trains on one's own data."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mmacnn.datasets.analysis.yolo import recommend_roi

from .choice import ACNN, ANOMALY, CAM, DETECTION, ROI_MASK
from .facts import Facts

WEIGHTS = 'data/efficientnet-lite0.pth'
SMALL = 5  # Percentile of the objects' sizes that counts as small.
FINEST = 4  # Stride of the detector's smallest anchors.
STRETCHED, FITTED, REGION = 'stretched', 'fitted', 'region'
POSE_MARGIN = 1.2  # Of the ROI over the object, as PoseLoss has it.


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
        fit: What becomes of an image: STRETCHED, FITTED, or each REGION cut out.
        views: Images of that area that a training should see, in all epochs; 0 where
            it learns in one pass.
        monitor: Metric on the validation images that chooses the best checkpoint and,
            unless ``late``, ends the training when it stays.
        min_delta: Smallest gain of the metric that counts.
        deploy: Config of the export, below ``configs/deploy/``.
        late: Whether only the last epochs are validated.
    """

    base: str
    target: str
    has_weights: bool
    settings: Callable[[Facts, tuple[int, int], list[str], str, str], dict]
    area: int
    least: int
    fit: str
    views: int
    monitor: str
    min_delta: float
    deploy: str
    late: bool = False


def anchor_scale(object_sizes: np.ndarray, size: tuple[int, int]) -> int:
    """Side of the anchors by the stride, a power of two from 1 to 8.

    The smallest anchors, on stride 4, are about as large as small objects: each is
    found on the finest map that its size allows.

    Args:
        object_sizes: (N, 2) width and height of each object as fractions of its image.
        size: (height, width) of the input, pixels.
    """
    sides = np.sqrt((object_sizes * size[::-1]).prod(axis=1))
    small = np.percentile(sides, SMALL)
    return int(2 ** np.clip(np.round(np.log2(small / FINEST)), 0, 3))


def _load_settings(facts, size, classes, weights, data) -> dict:
    settings = dict(model=dict(head=dict(num_classes=len(classes))))
    if weights != WEIGHTS:
        settings['load_from'] = weights
    return settings


def _cam_settings(facts, size, classes, weights, data) -> dict:
    settings = _load_settings(facts, size, classes, weights, data)
    if len(classes) > 2:  # a map each; masks tell defective from good alone
        loss = dict(_delete_=True, type='mmpretrain.CrossEntropyLoss')
        settings['model']['head'].update(loss=loss, mask_loss=None)
    splits = ('val', 'test') if len(classes) > 2 else ('train', 'val', 'test')
    for split in splits:
        if Path(data, split, 'masks').is_dir():
            prefix = dict(mask_path=f'{split}/masks')
            settings[f'{split}_dataloader'] = dict(dataset=dict(data_prefix=prefix))
    return settings


def _detection_settings(facts, size, classes, weights, data) -> dict:
    head = dict(bbox_head=dict(num_classes=len(classes)))
    anchors = dict(scales=[anchor_scale(facts.object_sizes, size)])
    model = dict(roi_head=head, rpn_head=dict(anchor_generator=anchors))
    if weights != WEIGHTS:
        model['backbone'] = dict(init_cfg=dict(checkpoint=weights))
    return dict(model=model)


def _acnn_settings(facts, size, classes, weights, data) -> dict:
    roi, output = recommend_roi(facts.object_sizes * size[::-1], size)
    stn = dict(roi_size=roi, output_size=output)
    return dict(model=dict(stn=stn, head=dict(num_classes=len(classes))))


def lying_size(sizes: np.ndarray) -> tuple[int, int]:
    """(height, width) of objects as most of them lie, from boxes round turned ones.

    The longer a box is for its width, the less is its object turned: the quarter of
    the longest ones is measured.
    """
    sides = np.sort(sizes, axis=1)
    ratios = sides[:, 1] / sides[:, 0]
    short, long = np.median(sides[ratios >= np.percentile(ratios, 75)], axis=0)
    is_wide = (sizes[:, 0] >= sizes[:, 1]).mean() >= 0.5
    return (short, long) if is_wide else (long, short)


def _pose_settings(facts, size, classes, weights, data) -> dict:
    sides = np.array(lying_size(facts.object_sizes * size[::-1]))
    roi = tuple(int(8 * np.ceil(side * POSE_MARGIN / 8)) for side in sides)
    stn = dict(roi_size=roi, output_size=roi)
    model = dict(stn=stn, head=dict(num_classes=len(classes)))
    if weights != WEIGHTS:
        model['backbone'] = dict(backbone=dict(init_cfg=dict(checkpoint=weights)))
    return dict(model=model)


def _anomaly_settings(facts, size, classes, weights, data) -> dict:
    settings = dict(category='')
    if weights != WEIGHTS:
        backbone = dict(backbone=dict(init_cfg=dict(checkpoint=weights)))
        settings['model'] = dict(feature_extractor=dict(backbone=backbone))
    return settings


def recipe_for(method: str, facts: Facts) -> Recipe:
    """Recipe of a method, for objects as they lie."""
    return POSE if method == ACNN and facts.is_turned else RECIPES[method]


RECIPES = {
    ANOMALY: Recipe(
        base='attentdiffernet/patchcore_efficientnet-lite0_mvtec.py',
        target='anomaly',
        has_weights=True,
        settings=_anomaly_settings,
        area=256**2,
        least=0,
        fit=STRETCHED,
        views=0,
        monitor='',
        min_delta=0.0,
        deploy='attentdiffernet/anomaly_onnxruntime_dynamic-batch.py',
    ),
    CAM: Recipe(
        base='cam/cam-joined_efficientnet-lite0-s4_20e_class-folders.py',
        target='class-folders',
        has_weights=True,
        settings=_cam_settings,
        area=256**2,
        least=16,
        fit=STRETCHED,
        views=8000,
        monitor='accuracy/top1',
        min_delta=0.1,
        deploy='cam/cam_onnxruntime_dynamic.py',
        late=True,
    ),
    ACNN: Recipe(
        base='acnn/acnn-opt_strided_30e_yolo-roi.py',
        target='yolo-roi',
        has_weights=False,
        settings=_acnn_settings,
        area=480 * 640,
        least=0,
        fit=STRETCHED,
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
        fit=FITTED,
        views=4000,
        monitor='coco/bbox_mAP_50',
        min_delta=0.001,
        deploy='mmdet/detection_onnxruntime_dynamic.py',
    ),
    ROI_MASK: Recipe(
        base='roi_mask/roi-mask-crop_efficientnet-lite0_20e_region-folder.py',
        target='regions',
        has_weights=True,
        settings=_load_settings,
        area=160**2,
        least=0,
        fit=REGION,
        views=12000,
        monitor='region/accuracy',
        min_delta=0.1,
        deploy='roi_mask/classification_onnxruntime_dynamic.py',
    ),
}

# Objects that lie turned by any angle: the ROI is turned with them.
POSE = replace(
    RECIPES[ACNN],
    base='acnn/acnn-pose_efficientnet-lite0_30e_yolo-roi.py',
    has_weights=True,
    settings=_pose_settings,
    area=384 * 480,
    least=96,
    views=16000,
)
