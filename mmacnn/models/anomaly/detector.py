# Copyright (c) mmacnn authors. All rights reserved.

import logging

import torch
from mmengine.logging import print_log
from mmengine.model import BaseModel
from mmpretrain.structures import DataSample
from torch import Tensor

from mmacnn.models.region_rule import region_rule
from mmacnn.ops import mark_regions
from mmacnn.utils import InputError

from .calibration import ScoreCalibration
from .core import AnomalyCore


class AnomalyDetector(BaseModel):
    """A core in OpenMMLab's clothes: modes, data samples, threshold and warnings.

    Args:
        core: What computes scores and maps.
        regions: How a map becomes defect regions: ``margin``, ``min_area`` and
            ``mm_per_pixel`` of :class:`mmacnn.ops.RegionRule`.
        data_preprocessor: Config; ``mmacnn.ImageDataPreprocessor`` with the mean and
            deviation of the backbone's training in the configs.
        init_cfg: Config of the initialization.
    """

    def __init__(
        self,
        core: AnomalyCore,
        regions: dict | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        self.core = core
        self.region_rule = region_rule(type(self).__name__, regions)
        self.calibration = ScoreCalibration()
        # Not said again after weights were loaded, or after it was said once.
        self._warns_of_random_features = not core.feature_extractor.is_pretrained
        self._warns_of_no_threshold = True
        self.register_load_state_dict_post_hook(_expect_good_features)

    @property
    def exports_map(self) -> bool:
        """Whether the map comes from the forward pass, without a gradient."""
        return self.core.exports_map

    def score(self, inputs: Tensor) -> Tensor:
        """Raw scores (B,), which rise with the anomaly, of images (B, C, H, W)."""
        return self.core.score(inputs)

    def measure(self, inputs: Tensor) -> tuple[Tensor, Tensor | None]:
        """Raw scores (B,) and raw maps (B, H, W), or None where there are no maps."""
        return self.core.measure(inputs)

    def forward(
        self,
        inputs: Tensor,
        data_samples: list[DataSample] | None = None,
        mode: str = 'tensor',
    ):
        """OpenMMLab's three modes, of a batch (B, C, H, W), normalised.

        'tensor' returns the raw scores (B,), 'predict' the data samples with
        :meth:`predict`'s fields, 'loss' a dict.

        Raises:
            InputError: A score or loss is NaN or infinite, or the images do not fit the
                model; the message names the images.
        """
        try:
            if mode == 'tensor':
                return check_finite('score', self.score(inputs))
            if mode == 'predict':
                return self.predict(inputs, data_samples)
            if mode == 'loss':
                self.warn_of_random_features()
                return self.loss(inputs)
        except InputError as error:
            place = _names(data_samples) or type(self).__name__
            raise InputError(f'{place}: {error}') from None
        raise InputError(f"mode: found {mode!r}, expected 'tensor', 'predict', 'loss'")

    def loss(self, inputs: Tensor) -> dict[str, Tensor]:
        """What is minimised in training."""
        raise NotImplementedError

    def warn_of_random_features(self) -> None:
        """Say once that the backbone has no pretrained weights, if so."""
        if self._warns_of_random_features:
            self._warns_of_random_features = False
            _warn(
                'Training on random features: the backbone has no pretrained weights '
                "(init_cfg=dict(type='Pretrained', checkpoint=...) in its config)"
            )

    def predict(
        self, inputs: Tensor, data_samples: list[DataSample] | None = None
    ) -> list[DataSample]:
        """Set what is known of each image in its data sample.

        ``pred_anomaly_score`` (1,), the raw score. Where a threshold was chosen also
        ``pred_label``, 0 for good and 1 for defective; ``pred_score`` (2,), the
        fraction of good validation images that score at least as high, and lower; with
        a map ``pred_heatmap`` (H, W), the logarithm of the map by the level that good
        images reach, and ``pred_mask`` (H, W) bool, where it is above that, as
        ``region_rule`` says. The metainfo has ``anomaly_threshold``, and
        ``map_threshold``, ``map_unit`` and ``mm_per_pixel``.
        """
        scores, maps = self.measure(inputs)
        check_finite('score', scores)
        samples = data_samples or [DataSample() for _ in inputs]
        for sample, score in zip(samples, scores, strict=True):
            sample.set_field(score[None], 'pred_anomaly_score')
        if not self.calibration.is_known:
            if self._warns_of_no_threshold:
                self._warns_of_no_threshold = False
                _warn(
                    'The model has no threshold, so there are raw scores alone; '
                    'mmacnn.AnomalyThresholdHook chooses one in training, '
                    'tools/analysis_tools/choose_anomaly_threshold.py after it'
                )
            return samples
        pairs = self.calibration.calibrated_scores(scores)
        threshold = float(self.calibration.threshold)
        for sample, score, pair in zip(samples, scores, pairs, strict=True):
            label = (score > self.calibration.threshold).long()
            sample.set_pred_label(label[None]).set_pred_score(pair)
            sample.set_metainfo(dict(anomaly_threshold=threshold))
        if maps is not None:
            heatmaps, rule = self.calibration.log_ratio(maps), self.region_rule
            facts = dict(map_threshold=0.0, map_unit='log-ratio')
            for sample, heatmap in zip(samples, heatmaps, strict=True):
                sample.set_field(heatmap, 'pred_heatmap')
                scale = sample.get('scale_factor', (1.0, 1.0))
                sample.set_field(mark_regions(heatmap, 0, rule, scale), 'pred_mask')
                sample.set_metainfo(dict(facts, mm_per_pixel=rule.mm_per_pixel))
        return samples


def check_finite(name: str, values: Tensor) -> Tensor:
    """The values; NaN and infinity are the user's: pixels, or weights."""
    if not torch.isfinite(values).all():
        raise InputError(
            f'found a {name} that is NaN or infinite, expected finite ones; are there '
            'such pixels, or such weights in the checkpoint?'
        )
    return values


def _names(data_samples: list[DataSample] | None) -> str:
    """The files of a batch, as far as they are known."""
    names = [sample.get('img_path') for sample in data_samples or ()]
    return ', '.join(map(str, filter(None, names)))


def _expect_good_features(model: AnomalyDetector, incompatible_keys) -> None:
    model._warns_of_random_features = False


def _warn(line: str) -> None:
    print_log(line, logger='current', level=logging.WARNING)
