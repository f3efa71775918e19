# Copyright (c) mmacnn authors. All rights reserved.
"""Whether an exported model gives the results that its golden parts must have."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mmacnn.datasets.image_files import read_image
from mmacnn.line.golden import compared_values, differences, read_golden
from mmacnn.line.rules import Judge
from mmacnn.utils import InputError

from .result import InspectionResult

if TYPE_CHECKING:
    from .base import Inferencer


def check_golden(inferencer: 'Inferencer', folder: str | Path, rules: dict) -> int:
    """Inspect the golden parts of a model folder.

    Args:
        inferencer: Of the exported model.
        folder: The model folder.
        rules: Its verdict rules.

    Returns:
        Number of golden parts; 0 where the folder has none.

    Raises:
        InputError: A result is another one than it must be.
        OSError: The golden parts were damaged or changed.
    """
    golden = read_golden(str(folder))
    if golden is None:
        return 0
    for each in golden['images']:
        settings = {key: golden[key] for key in ('score_thr', 'regions')}
        result = inspect_golden(inferencer, each['path'], rules, settings)
        problems = [result.error] if result.error else []
        problems += differences(
            each['expected'], compared_values(result.to_dict()), golden['tolerance']
        )
        if problems:
            raise InputError(
                f'{each["path"]}: the model does not give the result of this golden '
                f'part: {"; ".join(problems)}'
            )
    return len(golden['images'])


def inspect_golden(
    inferencer: 'Inferencer', path: str, rules: dict, settings: dict
) -> InspectionResult:
    """One result with its verdict.

    Args:
        inferencer: Of the model.
        path: The image.
        rules: Verdict rules.
        settings: ``score_thr`` and ``regions``, for an inferencer that has them.
    """
    image = read_image(path, inferencer.loader.read)
    kept = {
        key: getattr(inferencer, key) for key in settings if hasattr(inferencer, key)
    }
    try:
        for key in kept:
            setattr(inferencer, key, settings[key])
        batch = inferencer.preprocess([image], [path])
        (prediction,) = inferencer.forward(batch)
        result = inferencer.postprocess(prediction, path, image.shape[:2])
    finally:
        for key, value in kept.items():
            setattr(inferencer, key, value)
    verdict = Judge(rules, inferencer.classes)(result, image.shape[:2])
    return replace(result, verdict=verdict)
