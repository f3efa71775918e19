# Copyright (c) mmacnn authors. All rights reserved.
"""The predictions of a test, as plain values that a file can hold."""

import heapq
from typing import Any

import cv2
import numpy as np
import torch
from mmengine.evaluator import BaseMetric

from mmacnn.ops import measure_regions
from mmacnn.reporting.records import difficulty

# A map for each image would make the file a hundred times larger.
LEFT_OUT = ('pred_heatmap', 'pred_cam', 'pred_mask', 'gt_seg_map')
MAX_MAPS = 64  # Images of a process whose maps are kept for pictures.
MAX_REGIONS = 20  # Of an image, the largest.
MAP_SIZE = 160  # Pixels of the longer side of a heat map that is kept.


class Predictions(BaseMetric):
    """Gathers the predictions of all processes in the data set's order.

    After the test, ``samples`` has a dict of plain values for each image, without maps;
    ``pred_regions`` has its defect regions, as :func:`mmacnn.ops.measure_regions`.
    ``maps`` has the maps of the images that were hardest for the model, by their place
    in ``samples``: ``pred_heatmap``, float16 and at most 160 pixels on the longer side,
    and ``pred_mask`` and ``gt_seg_map`` as PNG files in memory.
    """

    default_prefix = 'predictions'  # mmengine warns without one

    def __init__(self) -> None:
        super().__init__()
        self._hardest: list[tuple[float, int]] = []

    def process(self, data_batch: Any, data_samples: list[dict]) -> None:
        for sample in data_samples:
            record = {key: plain(value) for key, value in sample.items() if keeps(key)}
            if 'gt_seg_map' in sample:
                record['object_fraction'] = float(_array(sample['gt_seg_map']).mean())
            if 'pred_mask' in sample:
                record['pred_regions'] = measure_regions(
                    _array(sample['pred_mask']),
                    sample.get('scale_factor') or (1.0, 1.0),
                    sample.get('mm_per_pixel'),
                )[:MAX_REGIONS]
            self.results.append(record)
            if 'pred_heatmap' in sample or 'gt_seg_map' in sample:
                self._keep_maps(record, sample)

    def _keep_maps(self, record: dict, sample: dict) -> None:
        place = (difficulty(record), len(self.results) - 1)
        if len(self._hardest) < MAX_MAPS:
            heapq.heappush(self._hardest, place)
        else:
            easiest = heapq.heappushpop(self._hardest, place)
            if easiest == place:
                return
            del self.results[easiest[1]]['maps']
        record['maps'] = _compact_maps(sample)

    def compute_metrics(self, results: list[dict]) -> dict:
        self.maps = {
            index: sample.pop('maps')
            for index, sample in enumerate(results)
            if 'maps' in sample
        }
        self.samples = results
        return {}


def keeps(name: str) -> bool:
    return name not in LEFT_OUT


def plain(value: Any) -> Any:
    """Tensors and arrays as Python numbers and lists, wherever they stand."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if keeps(key)}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (torch.Tensor, np.ndarray, np.generic)):
        return value.tolist()
    return value


def _compact_maps(sample: dict) -> dict[str, Any]:
    maps = {}
    if 'pred_heatmap' in sample:
        heat = torch.as_tensor(sample['pred_heatmap']).cpu().float().numpy()
        scale = min(1.0, MAP_SIZE / max(heat.shape))
        size = [max(1, round(extent * scale)) for extent in heat.shape[::-1]]
        small = cv2.resize(heat, size, interpolation=cv2.INTER_AREA)
        maps['pred_heatmap'] = small.clip(-6e4, 6e4).astype(np.float16)
    for key in ('pred_mask', 'gt_seg_map'):
        if key in sample:
            png = cv2.imencode('.png', _array(sample[key]).astype(np.uint8) * 255)[1]
            maps[key] = png.tobytes()
    return maps


def _array(mask: Any) -> np.ndarray:
    """A mask as (H, W) bool."""
    return np.squeeze(torch.as_tensor(mask).cpu().numpy()) != 0
