# Copyright (c) mmacnn authors. All rights reserved.
"""Anomaly detectors: DifferNet, AttentDifferNet, PatchCore and others.

A model whose map needs no gradient says so by ``exports_map = True``; its
``measure(images)`` then returns raw scores (B,) and maps (B, H, W), and the map is
exported without being listed in the deploy config.
"""

from torch import Tensor

from mmacnn.models.anomaly import AnomalyDetector
from mmacnn.utils import InputError

from .base import Method, Normalise, register_method


@register_method
class AnomalyMethod(Method):
    """See the module."""

    model = AnomalyDetector
    outputs = dict(
        anomaly_score='anomaly_score', score='scores', label='label', map='map'
    )

    def graph(
        self, model: AnomalyDetector, images: Tensor, normalise: Normalise
    ) -> dict[str, Tensor]:
        """See :class:`Method`."""
        outputs, images = {}, normalise(images)
        if exports_map(model):
            scores, maps = model.measure(images)
            outputs['map'] = model.calibration.log_ratio(maps)
        else:
            scores = model.score(images)
        return dict(
            outputs,
            anomaly_score=scores[:, None],
            score=model.calibration.calibrated_scores(scores),
            label=(scores > model.calibration.threshold)[:, None].long(),
        )

    def output_names(self, model: AnomalyDetector, listed: list[str]) -> list[str]:
        """With the map, where the model has one that can be exported."""
        if 'map' in listed and not exports_map(model):
            raise InputError(
                f'ir_config.output_names has map, but the map of a '
                f'{type(model).__name__} needs gradients, which no graph has'
            )
        is_missing = exports_map(model) and 'map' not in listed
        return [*listed, 'map'] if is_missing else listed

    def facts(self, model: AnomalyDetector) -> dict[str, dict]:
        """The map covers the input from edge to edge; 0 is where good images end."""
        cells = dict(stride=None, offset=None)
        cut = dict(threshold=0.0, unit='log-ratio', **model.region_rule._asdict())
        return dict(
            map=dict(cells, **cut),
            anomaly_score=dict(threshold=float(model.calibration.threshold)),
        )

    def check(self, model: AnomalyDetector) -> None:
        """See :class:`Method`."""
        if not model.calibration.is_known:
            raise InputError(
                'the checkpoint has no threshold to export, expected one of '
                'mmacnn.AnomalyThresholdHook'
            )
        if exports_map(model) and model.calibration.map_level.isnan():
            raise InputError(
                'the checkpoint has no level of the map to export, expected one of '
                'mmacnn.AnomalyThresholdHook'
            )


def exports_map(model: AnomalyDetector) -> bool:
    """Whether the model's map needs no gradient."""
    return getattr(model, 'exports_map', False)
