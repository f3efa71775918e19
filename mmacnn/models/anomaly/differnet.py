# Copyright (c) mmacnn authors. All rights reserved.

import logging
from collections.abc import Iterator

import torch
from mmengine.logging import print_log
from mmengine.model import BaseModel
from mmpretrain.structures import DataSample
from torch import Tensor

from mmacnn.registry import MODELS
from mmacnn.utils import InputError

from .calibration import ScoreCalibration
from .likelihood import negative_log_likelihood

VIEWS = dict(type='mmacnn.RotatedViews')


@MODELS.register_module()
class DifferNet(BaseModel):
    """Features of good images -> normalizing flow: what is unlikely is defective.

    Rudolph, Wandt, Rosenhahn, *Same Same But DifferNet: Semi-Supervised Defect
    Detection with Normalizing Flows*, WACV 2021. With ``SE`` or ``CBAM`` in the
    backbone it is AttentDifferNet: Vieira e Silva et al., *Attention Modules Improve
    Image-Level Anomaly Detection for Industrial Inspection*, WACV 2024.

    Args:
        feature_extractor: Config, such as :class:`MultiScaleFeatures`.
        flow: Config, such as :class:`NormalizingFlow`.
        views: Config of what is done to an image, :class:`RotatedViews` by default.
        localizer: Config of :class:`GradientMap` or :class:`GradCAMMap`; without it
            there are no maps.
        views_at_once: Views of an image that go through the network together in
            testing: more is faster, and takes more memory.
        data_preprocessor: Config; ``mmacnn.ImageDataPreprocessor`` with ImageNet's
            mean and deviation in the configs.
        init_cfg: Config of the initialization.
    """

    def __init__(
        self,
        feature_extractor: dict,
        flow: dict,
        views: dict | None = None,
        localizer: dict | None = None,
        views_at_once: int = 16,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(data_preprocessor, init_cfg)
        self.feature_extractor = MODELS.build(feature_extractor)
        self.flow = MODELS.build(flow)
        self.views = MODELS.build(views or VIEWS)
        self.localizer = None if localizer is None else MODELS.build(localizer)
        self.views_at_once = views_at_once
        self.calibration = ScoreCalibration()
        # Not said again after weights were loaded, or after it was said once.
        self._warns_of_random_features = not self.feature_extractor.is_pretrained
        self._warns_of_no_threshold = True
        self.register_load_state_dict_post_hook(_expect_good_features)

    def latent(self, views: Tensor) -> tuple[Tensor, Tensor]:
        """z (N, D) and the log-determinant (N,) of views (N, C, H, W).

        Raises:
            InputError: A value is NaN or infinite.
                The flow is made for another number of features.
        """
        features = self.feature_extractor(views)
        if features.shape[1] != self.flow.in_channels:
            raise InputError(
                f'DifferNet: flow.in_channels is {self.flow.in_channels}, expected '
                f'{features.shape[1]}, as many as there are features'
            )
        z, log_det = self.flow(features)
        for name, values in dict(feature=features, likelihood=log_det, z=z).items():
            if not torch.isfinite(values).all():
                raise InputError(
                    f'found a {name} that is NaN or infinite, expected '
                    'finite ones; are there such pixels, or such weights in the '
                    'checkpoint?'
                )
        return z, log_det

    def forward(
        self,
        inputs: Tensor,
        data_samples: list[DataSample] | None = None,
        mode: str = 'tensor',
    ):
        """OpenMMLab's three modes, of a batch (B, C, H, W), normalised.

        'tensor' returns the raw scores (B,), 'predict' the data samples with
        :meth:`predict`'s fields, 'loss' a dict.
        """
        try:
            if mode == 'tensor':
                return self.score(inputs)
            if mode == 'predict':
                return self.predict(inputs, data_samples)
            if mode == 'loss':
                return self.loss(inputs)
        except InputError as error:
            raise InputError(f'{_names(data_samples)}: {error}') from None
        raise InputError(f"mode: found {mode!r}, expected 'tensor', 'predict', 'loss'")

    def loss(self, inputs: Tensor) -> dict[str, Tensor]:
        """Negative log-likelihood of random views, a feature, up to a constant."""
        if self._warns_of_random_features:
            self._warns_of_random_features = False
            _warn(
                'Training on random features: the backbone has no pretrained weights '
                "(init_cfg=dict(type='Pretrained', checkpoint=...) in its config)"
            )
        z, log_det = self.latent(self.views.random(inputs).flatten(0, 1))
        return dict(loss=negative_log_likelihood(z, log_det).mean() / z.shape[1])

    def score(self, inputs: Tensor) -> Tensor:
        """Mean of z squared over the fixed views and the dimensions, (B,)."""
        squares = []
        for indices in self.chunks(range(self.views.num_test)):
            views = self.views.fixed(inputs, indices).flatten(0, 1)
            z, _ = self.latent(views)
            squares.append(z.square().mean(1).reshape(-1, len(indices)))
        return torch.cat(squares, 1).mean(1)

    def chunks(self, indices: range) -> Iterator[range]:
        """The indices of views, ``views_at_once`` together."""
        for start in range(0, len(indices), self.views_at_once):
            yield indices[start : start + self.views_at_once]

    def measure(self, inputs: Tensor) -> tuple[Tensor, Tensor | None]:
        """Raw scores (B,) and raw maps (B, H, W), or None without a localizer."""
        maps = None if self.localizer is None else self.localizer(self, inputs)
        return self.score(inputs), maps

    def predict(
        self, inputs: Tensor, data_samples: list[DataSample] | None = None
    ) -> list[DataSample]:
        """Set what is known of each image in its data sample.

        ``pred_anomaly_score`` (1,), the mean of z squared, 1 on average for images like
        those of the training. Where a threshold was chosen also ``pred_label``, 0 for
        good and 1 for defective; ``pred_score`` (2,), the share of good validation
        images that score at least as high, and lower; with a localizer ``pred_heatmap``
        (H, W), the logarithm of the map by the level that good images reach, and
        ``pred_mask`` (H, W) bool, where it is above that.
        """
        scores, maps = self.measure(inputs)
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
        pairs = self.calibration.pair(scores)
        for sample, score, pair in zip(samples, scores, pairs, strict=True):
            label = (score > self.calibration.threshold).long()
            sample.set_pred_label(label[None]).set_pred_score(pair)
        if maps is not None:
            heatmaps = self.calibration.evidence(maps)
            for sample, heatmap in zip(samples, heatmaps, strict=True):
                sample.set_field(heatmap, 'pred_heatmap')
                sample.set_field(heatmap > 0, 'pred_mask')
        return samples


def _names(data_samples: list[DataSample] | None) -> str:
    """The files of a batch, as far as they are known."""
    names = [sample.get('img_path') for sample in data_samples or ()]
    return ', '.join(map(str, filter(None, names))) or 'DifferNet'


def _expect_good_features(model: DifferNet, incompatible_keys) -> None:
    model._warns_of_random_features = False


def _warn(line: str) -> None:
    print_log(line, logger='current', level=logging.WARNING)
