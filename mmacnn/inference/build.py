# Copyright (c) mmacnn authors. All rights reserved.
"""The inferencer that a config asks for.

The inferencers are imported when they are asked for: a classifier does not wait for
mmdet, which takes longer to import than all that it needs itself.
"""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmengine.config import Config
from mmengine.registry import MODELS

from mmacnn.datasets.regions import Region
from mmacnn.utils import InputError

if TYPE_CHECKING:
    from .base import Inferencer

LOADS_REGIONS = 'mmacnn.LoadRegionMask'


def build_inferencer(
    config: Config,
    weights: str | None = None,
    device: str | None = None,
    backend_model: str | None = None,
    score_thr: float = 0.3,
    regions: Sequence[Region] | None = None,
    tile: int | None = None,
    overlap: float = 0.2,
) -> 'Inferencer':
    """Make the inferencer for the model of a config.

    Args:
        config: Of a classifier, an anomaly detector or a detector.
        weights: The checkpoint, a path or URL; None with ``backend_model``.
        device: Such as 'cpu' or 'cuda:0'. Defaults to the best there.
        backend_model: Model folder of ``tools/deploy.py``, to run instead.
        score_thr: Score in [0, 1] from which a detector's box counts.
        regions: Where the regions are on every image, for a model that names regions.
        tile: Side in pixels of the tiles in which larger images are looked at, by a
            detector or a model that tells good from defective.
        overlap: Least fraction of a tile that its neighbour shows too, [0, 1).

    Raises:
        FileNotFoundError, InputError: See :class:`Inferencer`.
        InputError: There are regions for another model, or none for such a one; or
            tiles for one that names regions.
    """
    model = (config, weights, device, backend_model)
    if _names_regions(config):
        if tile is not None:
            raise InputError(f'{config.filename}: found tiles, expected prompt regions')
        from .regions import RegionInferencer

        return RegionInferencer(regions or (), *model)
    if regions:
        raise InputError(
            f'{config.filename}: found regions, expected none: its test pipeline has '
            f'no {LOADS_REGIONS}'
        )
    if _is_detector(config):
        from .detection import DetectionInferencer

        return DetectionInferencer(*model, score_thr, tile, overlap)
    from .classification import ClassificationInferencer

    return ClassificationInferencer(*model, tile, overlap)


def _names_regions(cfg: Config) -> bool:
    pipeline = cfg.get('test_dataloader', {}).get('dataset', {}).get('pipeline', ())
    return any(step['type'] == LOADS_REGIONS for step in pipeline)


def _is_detector(cfg: Config) -> bool:
    kind = cfg.get('model', {}).get('type')
    if isinstance(kind, str):
        with MODELS.switch_scope_and_registry(cfg.get('default_scope')) as registry:
            kind = registry.get(kind)
    # Whoever defines a detector has imported mmdet's.
    mmdet = sys.modules.get('mmdet.models')
    return (
        mmdet is not None
        and isinstance(kind, type)
        and issubclass(kind, mmdet.BaseDetector)
    )
