# Copyright (c) mmacnn authors. All rights reserved.
"""What is in a data set for anomaly detection, and what is wrong with it."""

import hashlib
import os.path as osp
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from mmacnn.datasets.anomaly_folder import AnomalyFolderDataset, list_categories
from mmacnn.datasets.image_files import read_image_size
from mmacnn.datasets.masks import read_mask
from mmacnn.datasets.yolo_folder import Problem
from mmacnn.utils import InputError, atomic_write, require_empty
from mmacnn.utils.text import printable


@dataclass
class CategoryReport:
    """One category; the counters count images, ``sizes`` by (height, width)."""

    name: str
    folders: Counter = field(default_factory=Counter)
    sizes: Counter = field(default_factory=Counter)
    modes: Counter = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)


def has_categories(root: str) -> bool:
    """Whether a folder, or those in it, are laid out for ``AnomalyFolderDataset``."""
    if not osp.isdir(root):
        return False
    places = [root, *(osp.join(root, name) for name in list_categories(root))]
    return any(osp.isdir(osp.join(place, 'train', 'good')) for place in places)


def inspect_categories(
    root: str, progress: Callable[[list], Iterable] = iter
) -> list[CategoryReport]:
    """Read every image and mask of every category.

    Args:
        root: A category, or the folder of several.
        progress: Wraps the list of a category's images, to show progress.
    """
    names = [''] if osp.isdir(osp.join(root, 'train')) else list_categories(root)
    return [_inspect(root, name, progress) for name in names]


def format_category_reports(reports: list[CategoryReport]) -> str:
    """Return the reports as text."""
    lines = []
    for report in reports:
        lines.append(f'{report.name}: images {sum(report.folders.values())}')
        lines += [f'  {folder}: {count}' for folder, count in report.folders.items()]
        sizes = [f'{h}x{w} ({n})' for (h, w), n in report.sizes.most_common(5)]
        modes = [f'{mode} ({n})' for mode, n in report.modes.most_common()]
        lines += [
            f'  most common sizes (height x width): {", ".join(sizes)}',
            f'  kinds of pixels: {", ".join(modes)}',
            f'  problems: {len(report.problems)}',
            *(f'    {problem.message}' for problem in report.problems),
        ]
    return '\n'.join(map(printable, lines))


def save_category_reports(reports: list[CategoryReport], out_dir: str) -> str:
    """Write the reports as ``report.txt`` and return its path.

    Raises:
        FileExistsError: ``out_dir`` is neither new nor empty.
    """
    require_empty(out_dir)
    path = osp.join(out_dir, 'report.txt')
    with atomic_write(path) as unfinished:
        Path(unfinished).write_text(
            format_category_reports(reports) + '\n', encoding='utf-8'
        )
    return path


def _inspect(root: str, category: str, progress: Callable) -> CategoryReport:
    report = CategoryReport(category or osp.basename(osp.abspath(root)))
    infos = []
    for subset in ('train', 'test'):
        try:
            dataset = AnomalyFolderDataset(
                root,
                category,
                subset,
                val_fraction=0,
                check_images=False,
                serialize_data=False,
            )
        except (ValueError, FileNotFoundError) as error:
            report.problems.append(
                Problem(osp.join(root, category, subset), str(error))
            )
        else:
            infos += [(subset, dataset.get_data_info(i)) for i in range(len(dataset))]
    seen = {}
    for subset, info in progress(infos):
        path = info['img_path']
        report.folders[f'{subset}/{info["defect_kind"]}'] += 1
        try:
            size = read_image_size(path, decode=True)
            report.sizes[size] += 1
            with Image.open(path) as image:
                report.modes[image.mode] += 1
            mask = info.get('mask_path')
            if mask and not read_mask(mask, size, path).any():
                raise InputError(
                    f'{mask}: found no defect in the mask, expected that of {path}'
                )
            digest = hashlib.sha256(Path(path).read_bytes()).digest()
            first = seen.setdefault(digest, path)
            if first != path:
                raise InputError(
                    f'{path}: found the same image as {first}, expected different ones'
                )
        except ValueError as error:
            report.problems.append(Problem(path, str(error)))
    return report
