# Copyright (c) mmacnn authors. All rights reserved.
"""Outputs of an exported model by their roles -> a data sample.

``detail.json`` gives each output a role:

=============  =============================  =====================================
role           shape                          meaning
=============  =============================  =====================================
scores         (B, classes)                   probability of each class
label          (B, 1)                         class, where the graph decides itself
centre         (B, 2)                         centre of the ROI, normalised (x, y)
roi            (B, 4)                         xyxy, pixels of the network's input
corners        (B, 4, 2)                      (x, y) of a turned ROI's, likewise
crop           (B, C, h, w)                   what the classifier saw
boxes          (B, N, 5)                      xyxy as above, and the score
labels         (B, N)                         class of each box
masks          (B, N, h, w)                   instance masks
map            (B, h, w) or (B, K, h, w)      defect map, higher is more defective
anomaly_score  (B, 1)                         raw score, comparable between images
=============  =============================  =====================================

Beside ``map`` stand ``stride`` and ``offset`` of its cells in pixels of the network's
input (null: the map covers it from edge to edge), ``threshold`` and ``unit``, and of
:class:`mmacnn.ops.RegionRule` ``margin``, ``min_area`` and ``mm_per_pixel``; beside
``anomaly_score`` the ``threshold`` above which an image is defective; beside
``boxes`` of a classifier, whose one box an image is the ROI, ``num_classes``.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor

from mmacnn.ops import RegionRule, mark_regions, upsample_map

if TYPE_CHECKING:
    from mmpretrain.structures import DataSample


def by_role(outputs: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Outputs by their roles, from ``mmacnn.outputs`` of ``detail.json``."""
    return {output['role']: output for output in outputs}


def set_predictions(
    sample: 'DataSample', found: dict[str, Tensor], facts: dict[str, dict[str, Any]]
) -> None:
    """Set the fields that the trained model sets, as far as the outputs tell them.

    Args:
        sample: Of one image, with ``scale_factor`` and ``img_shape`` where known.
        found: Outputs of the image by role, without the batch's axis. Of a box only
            the best class has its score; the others get 0.
        facts: Of each role, see :func:`by_role`.
    """
    scores, roi = found.get('scores'), found.get('roi')
    if 'boxes' in found:  # A classifier's one box is its ROI.
        roi, label = found['boxes'][0, :4], int(found['labels'][0])
        scores = roi.new_zeros(facts['boxes']['num_classes'])
        scores[label] = found['boxes'][0, 4]
    if scores is not None:
        label = found.get('label', scores.argmax(0, keepdim=True))
        sample.set_pred_score(scores).set_pred_label(label)
    for role in ('centre', 'anomaly_score'):
        if role in found:
            sample.set_field(found[role], f'pred_{role}')
    if roi is not None:
        scale = roi.new_tensor(sample.get('scale_factor', (1.0, 1.0))[:2])
        sample.set_field(roi / scale.repeat(2), 'pred_roi')
        if 'corners' in found:
            sample.set_field(found['corners'] / scale, 'pred_corners')
    if 'map' in found:
        heatmap = _over_input(sample, found['map'], facts['map'])
        sample.set_field(heatmap, 'pred_heatmap')
        threshold = facts['map']['threshold']
        if threshold is not None:
            known = {key: facts['map'].get(key) for key in RegionRule._fields}
            rule = RegionRule(**{k: v for k, v in known.items() if v is not None})
            scale = sample.get('scale_factor', (1.0, 1.0))
            marked = mark_regions(heatmap, threshold, rule, scale)
            sample.set_field(marked, 'pred_mask')
            cut = dict(map_threshold=threshold, map_unit=facts['map'].get('unit'))
            sample.set_metainfo(dict(cut, mm_per_pixel=rule.mm_per_pixel))
    threshold = facts.get('anomaly_score', {}).get('threshold')
    if threshold is not None:
        sample.set_metainfo(dict(anomaly_threshold=threshold))


def _over_input(sample: 'DataSample', values: Tensor, facts: dict[str, Any]) -> Tensor:
    """The map of the predicted class at the size of the network's input, (H, W)."""
    if values.ndim == 3:
        values = values[0 if len(values) == 1 else int(sample.pred_label)]
    stride = facts['stride']
    extent = [side * (stride or 1) for side in values.shape]
    size = tuple(sample.get('img_shape', extent))[:2]
    values = values[None, None]
    if stride is not None:
        return upsample_map(values, size, stride, facts['offset'])[0, 0]
    if values.shape[-2:] != torch.Size(size):
        values = F.interpolate(values, size, mode='bilinear', align_corners=False)
    return values[0, 0]
