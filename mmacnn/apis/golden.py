# Copyright (c) mmacnn authors. All rights reserved.
"""Golden parts: images with the results that an exported model must give."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from mmacnn.datasets.regions import Region
from mmacnn.inference.golden import check_golden, inspect_golden
from mmacnn.inference.inspector import Inspector
from mmacnn.line.golden import FILE, FOLDER, compared_values
from mmacnn.line.record import hash_file
from mmacnn.line.rules import read_folder_rules
from mmacnn.utils import InputError, atomic_folder

SCORE, PIXELS = 0.05, 3.0


def add_golden(
    folder: str,
    config: str,
    weights: str | None,
    images: Sequence[str],
    score_thr: float = 0.3,
    regions: Sequence[Region] = (),
    score_tolerance: float = SCORE,
    pixel_tolerance: float = PIXELS,
) -> int:
    """Put golden parts into a model folder; who runs it checks them before it starts.

    The results are those of the checkpoint, with the verdict by the folder's rules. The
    exported model must give them here.

    Args:
        folder: Model folder of ``tools/deploy.py``, without golden parts.
        config: Config file of the model.
        weights: The checkpoint that was exported.
        images: Image files: good parts and each kind of defect, as the station sees
            them.
        score_thr: Score in [0, 1] from which a detector's box counts.
        regions: Polygons or boxes, for a model that names regions.
        score_tolerance: How far a score may be from the checkpoint's, [0, 1]; of an
            anomaly score, as a fraction of it.
        pixel_tolerance: How far an edge may be, in pixels of the image.

    Returns:
        Number of golden parts.

    Raises:
        FileExistsError: The folder has golden parts.
        FileNotFoundError: Something is missing.
        InputError: An image has no result, or the exported model gives another one.
    """
    if not images:
        raise InputError('golden parts: found no image, expected one or more')
    if any(not isinstance(region, list) or len(region) != 1 for region in regions):
        raise InputError('golden parts: found a mask, expected boxes or polygons')
    settings = dict(score_thr=score_thr, regions=list(regions))
    trained, exported = (
        Inspector(config, regions=regions, score_thr=score_thr, **model).inferencer
        for model in (dict(weights=weights), dict(backend_model=folder))
    )
    rules, entries = read_folder_rules(folder), []
    with atomic_folder(Path(folder, FOLDER)) as place:
        for number, path in enumerate(map(str, images)):
            result = inspect_golden(trained, path, rules, settings)
            if result.error:
                raise InputError(f'{result.error}; expected a result of a golden part')
            expected = compared_values(result.to_dict())
            other = inspect_golden(exported, path, rules, settings)
            if (result.mask is None) != (other.mask is None):  # a map not exported
                del expected['detections']
            file = f'{number:03d}_{Path(path).name}'
            shutil.copyfile(path, place / file)
            digest = hash_file(path)
            entries.append(dict(file=file, sha256=digest, expected=expected))
        tolerance = dict(score=score_tolerance, pixels=pixel_tolerance)
        content = dict(settings, tolerance=tolerance, images=entries)
        (place / FILE).write_text(json.dumps(content, indent=4) + '\n')
        check_golden(exported, place.parent, rules)
    return len(entries)
