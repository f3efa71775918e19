# Copyright (c) mmacnn authors. All rights reserved.
"""One short word for the content of a data set."""

import hashlib
import json
import os
import os.path as osp
from pathlib import Path
from typing import Any

import numpy as np
from torch.utils.data import Dataset

LABELS = ('gt_label', 'gt_score', 'gt_bboxes', 'instances')
MASKS = ('mask_path', 'seg_map_path', 'gt_seg_map_path')


def fingerprint(dataset: Dataset) -> str | None:
    """Hash the names and sizes of a data set's files, and its labels.

    Two data sets with the same fingerprint can be compared. It doesn't depend on the
    folder that the data lie in, on the order of the images, or on the pipeline. The
    pixels are not read: an image that is edited without a change of its size in bytes
    goes unnoticed.

    Args:
        dataset: A data set of mmengine, with ``get_data_info(index)`` that names
            ``img_path``.

    Returns:
        16 hexadecimal digits; None where the data set doesn't name its files, or one of
        them is gone.
    """
    if not hasattr(dataset, 'get_data_info'):
        return None
    items = [dataset.get_data_info(index) for index in range(len(dataset))]
    if not items or not all('img_path' in item for item in items):
        return None
    root = osp.commonpath([osp.dirname(osp.abspath(i['img_path'])) for i in items])
    try:
        lines = sorted(_describe(item, root) for item in items)
    except OSError:
        return None
    return hashlib.sha256('\n'.join(lines).encode()).hexdigest()[:16]


def _describe(item: dict, root: str) -> str:
    path = Path(osp.relpath(osp.abspath(item['img_path']), root)).as_posix()
    masks = [os.path.getsize(item[key]) for key in MASKS if item.get(key)]
    labels = {key: item[key] for key in LABELS if item.get(key) is not None}
    sizes = [os.path.getsize(item['img_path']), *masks]
    return json.dumps([path, sizes, labels], sort_keys=True, default=_as_list)


def _as_list(value: Any) -> Any:
    if isinstance(value, (np.ndarray, np.generic)) or hasattr(value, 'tolist'):
        return value.tolist()
    return repr(value)
