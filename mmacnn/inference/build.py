# Copyright (c) mmacnn authors. All rights reserved.
"""The inferencer that a config asks for, and its results in words.

The inferencers are imported when they are asked for: a classifier does not wait for
mmdet, which takes longer to import than all that it needs itself.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmengine.config import Config
from mmengine.registry import MODELS

from mmacnn.datasets.regions import Region
from mmacnn.engine.config import load_config
from mmacnn.utils import InputError

if TYPE_CHECKING:
    from .base import ImageInferencer
    from .region_inspection import RegionInspection

LISTED = 20  # More results than this are counted instead of listed.
NOTHING = 'nothing'
LOADS_REGIONS = 'mmacnn.LoadRegionMask'


def init_inferencer(
    config: str,
    weights: str | None = None,
    device: str | None = None,
    score_thr: float = 0.3,
    backend_model: str | None = None,
    regions: Sequence[Region] | None = None,
) -> 'ImageInferencer | RegionInspection':
    """Make the inferencer for the model of a config.

    Args:
        config: Config file of a classifier or a detector.
        weights: The checkpoint, a path or URL; None with ``backend_model``.
        device: Such as 'cpu' or 'cuda:0'. Defaults to the best there.
        score_thr: Score in [0, 1] from which a detector's box counts.
        backend_model: Model folder of ``tools/deploy.py``, to run instead.
        regions: Where the regions are on every image, for a model that names regions.

    Raises:
        FileNotFoundError, InputError: See :class:`ImageInferencer`.
        InputError: There are regions for another model, or none for such a one.
    """
    cfg = load_config(config)
    if _names_regions(cfg):
        from .region_inspection import RegionInspection
        from .regions import RegionInferencer

        inferencer = RegionInferencer(cfg, weights, device, backend_model)
        return RegionInspection(inferencer, regions or ())
    if regions:
        raise InputError(
            f'{config}: found regions, expected none: its test pipeline has no '
            f'{LOADS_REGIONS}'
        )
    if _is_detector(cfg):
        from .detection import DetectionInferencer

        return DetectionInferencer(cfg, weights, device, score_thr, backend_model)
    from .classification import RoIInferencer

    return RoIInferencer(cfg, weights, device, backend_model)


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


def describe_results(results: Sequence[dict], out_dir: str = '') -> str:
    """Say what an inferencer found, in lines for a terminal.

    Args:
        results (Sequence[dict]): What it returned.
        out_dir (str): Where its pictures are.

    Returns:
        str: A line for each image if there are few, else the images of each class;
        then how many could not be read, and where the pictures are.
    """
    good = [result for result in results if 'error' not in result]
    if len(good) <= LISTED:
        lines = []
        for result in good:
            items = [f'{name} {score:.2f}' for name, score in _found(result)]
            lines.append(f'{result["img_path"]}: {", ".join(items) or NOTHING}')
    else:
        counts = Counter()
        for result in good:
            names = dict.fromkeys(name for name, _ in _found(result))
            counts.update(list(names) or [NOTHING])
        lines = [f'{name}: {count} images' for name, count in counts.most_common()]
    if len(good) < len(results):
        lines.append(f'{len(results) - len(good)} images could not be read')
    if out_dir:
        lines.append(f'pictures and predictions.json: {out_dir}')
    return '\n'.join(lines)


def _found(result: dict) -> list[tuple[str, float]]:
    """Classes on an image and their scores."""
    if 'pred_class' in result:
        return [(result['pred_class'], result['pred_score'])]
    return list(zip(result['pred_classes'], result['pred_scores'], strict=True))
