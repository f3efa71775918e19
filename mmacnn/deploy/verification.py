# Copyright (c) mmacnn authors. All rights reserved.
"""Does the exported model give the checkpoint's answers?"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

import torch
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from mmacnn.datasets.transforms.load_image import LoadAnyDepthImage, is_loader
from mmacnn.utils import track

NOTHING = torch.zeros(0)
CERTAIN = 0.3  # Detections below this score come and go with the last digit.


class Differences(NamedTuple):
    """How far an exported model is from its checkpoint.

    Attributes:
        images: Number of images.
        compared: Number of labels compared: one an image, or one for each detection
            of either model with a score of 0.3.
        labels: Fraction of equal labels; 1 if there was none to compare.
        score: Largest difference of a score.
        shift: Largest shift of an edge of an ROI or box, in pixels of the image; 0
            where the model tells no place.
        map: Largest difference of a heat map; 0 where one of the two has none.
    """

    images: int
    compared: int
    labels: float
    score: float
    shift: float
    map: float

    def __str__(self) -> str:
        return (
            f'{self.images} images: {self.labels:.2%} of {self.compared} labels agree, '
            f'scores differ by {self.score:.1e} at most, boxes by {self.shift:.3f} px, '
            f'maps by {self.map:.1e}'
        )

    def beyond(self, tolerance: dict[str, float]) -> list[str]:
        """What is worse than allowed, a phrase each.

        Args:
            tolerance: The least ``labels``, the largest ``score``, ``shift`` and
                ``map``.
        """
        lines = []
        if self.labels < tolerance['labels']:
            lines.append(f'labels {self.labels:.4f}, at least {tolerance["labels"]}')
        for name in ('score', 'shift', 'map'):
            value = getattr(self, name)
            if not value <= tolerance[name]:  # a NaN is beyond, too
                lines.append(f'{name} {value:.3g}, at most {tolerance[name]}')
        return lines


def compare(
    reference: nn.Module, exported: nn.Module, cfg: Config, images: Sequence[str]
) -> Differences:
    """Predict with both and compare, image by image.

    Args:
        reference: The trained model.
        exported: What :func:`deployed_model` made of it.
        cfg: The config, see :func:`plain_model_config`.
        images: Image files.
    """
    pipeline = Compose(
        LoadAnyDepthImage(cfg.depth) if is_loader(step) else step
        for step in cfg.test_pipeline
    )
    agreed, total, score, shift, heat = 0, 0, 0.0, 0.0, 0.0
    for path in track(images, 'Comparing'):
        expected = _predict(reference, pipeline, str(path))
        found = _predict(exported, pipeline, str(path))
        for one, other in _pairs(expected, found):
            total += 1
            agreed += other is not None and one.label == other.label
            if other is not None:
                # An exported detector tells the score of the best class alone.
                told = other.scores != 0
                score = max(score, _largest(one.scores[told], other.scores[told]))
                shift = max(shift, _largest(one.box, other.box))
                heat = max(heat, _largest(one.heatmap, other.heatmap))
    fraction = agreed / total if total else 1.0
    return Differences(len(images), total, fraction, score, shift, heat)


class _Prediction(NamedTuple):
    label: int
    scores: Tensor
    box: Tensor
    heatmap: Tensor


def _predict(model: nn.Module, pipeline: Compose, path: str) -> BaseDataElement:
    with torch.inference_mode():
        data = pseudo_collate([pipeline(dict(img_path=path, img_id=0))])
        return model.test_step(data)[0].cpu()


def _pairs(
    expected: BaseDataElement, found: BaseDataElement
) -> Iterator[tuple[_Prediction, _Prediction | None]]:
    """What both say of the image, or each certain detection and its nearest."""
    if 'pred_instances' not in expected:
        yield _of_image(expected), _of_image(found)
        return
    detections = _detections(expected), _detections(found)
    for ours, others in (detections, detections[::-1]):
        for one in ours:
            if one.scores.max() >= CERTAIN:
                yield one, min(others, key=partial(_distance, one), default=None)


def _of_image(sample: BaseDataElement) -> _Prediction:
    box, heatmap = (sample.get(f'pred_{key}', NOTHING) for key in ('roi', 'heatmap'))
    return _Prediction(int(sample.pred_label), sample.pred_score, box, heatmap)


def _detections(sample: BaseDataElement) -> list[_Prediction]:
    each = sample.pred_instances
    return [
        _Prediction(int(label), score[None], box, NOTHING)
        for label, score, box in zip(each.labels, each.scores, each.bboxes, strict=True)
    ]


def _distance(one: _Prediction, other: _Prediction) -> tuple[bool, float]:
    return one.label != other.label, _largest(one.box, other.box)


def _largest(expected: Tensor, found: Tensor) -> float:
    """Largest difference; 0 where one of them has nothing to compare."""
    if not expected.numel() or not found.numel():
        return 0.0
    return float((expected - found).abs().max())
