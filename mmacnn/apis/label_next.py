# Copyright (c) mmacnn authors. All rights reserved.
"""Active learning: the images of a folder that are most worth labelling."""

import csv
import hashlib
import os
import os.path as osp
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mmacnn.datasets.image_files import list_images_below, require_folder
from mmacnn.datasets.regions import Region
from mmacnn.inference.features import PooledFeatures
from mmacnn.inference.inspector import Inspector
from mmacnn.inference.result import InspectionResult
from mmacnn.utils import InputError, atomic_folder, require_empty

from .label_ranking import Doubt, rank

TABLE, LINKS = 'next.csv', 'images'
COLUMNS = ('rank', 'path', 'uncertainty', 'distance', 'prediction')


class Proposal(NamedTuple):
    """An image to label.

    Args:
        path: Of the image.
        uncertainty: Of the model, in [0, 1].
        distance: By features, to the nearest image that is labelled or was proposed
            before, 1 being usual; None for the first one where none is labelled.
        prediction: What the model says.
    """

    path: str
    uncertainty: float
    distance: float | None
    prediction: str


class LabelNext(NamedTuple):
    """What to label next.

    Args:
        proposals: The most worthwhile first.
        num_images: From which they were chosen.
        num_labelled: Images that have labels, and were compared with.
        errors: A line for each image, labelled or not, that was left out, as it can't
            be read or the prediction is not finite.
    """

    proposals: list[Proposal]
    num_images: int
    num_labelled: int
    errors: list[str]


def label_next(
    config: str,
    weights: str,
    folder: str,
    out_dir: str,
    count: int = 50,
    labelled: Sequence[str] = (),
    device: str | None = None,
    score_thr: float = 0.3,
    regions: Sequence[Region] | None = None,
) -> LabelNext:
    """Find the images that a model of any of the methods would learn most from.

    Those that it is least sure of (:class:`mmacnn.apis.label_ranking.Doubt`) and that
    are most unlike the labelled ones, and one another, by the pooled features of its
    backbone (:func:`mmacnn.apis.label_ranking.rank`).

    Args:
        config: Config file, or name of a model.
        weights: The checkpoint.
        folder: Images, in it and below it.
        out_dir: New or empty folder for ``next.csv`` and ``images/``, links to the
            images in the order of rank.
        count: How many to propose.
        labelled: Folders of images that have labels, below each of them too. Such an
            image, or its copy, is not proposed.
        device: Such as ``'cpu'`` or ``'cuda:0'``; the best there by default.
        score_thr: From which score a detector's box counts, in (0, 1).
        regions: See :class:`mmacnn.inference.Inspector`.

    Raises:
        FileExistsError: ``out_dir`` is not empty.
        FileNotFoundError: A file or folder is not there.
        InputError: The config or the weights are wrong, there is no image to choose
            from, ``count`` is below 1, or an anomaly detector has no threshold.
    """
    require_empty(out_dir)
    if count < 1:
        raise InputError(f'count: found {count}, expected at least 1')
    if not 0 < score_thr < 1:
        raise InputError(f'score_thr: found {score_thr}, expected between 0 and 1')
    known = [path for each in labelled for path in _images_below(each, 'labelled ones')]
    paths = without_copies(_images_below(folder, 'those to choose from'), known)
    if not paths:
        raise InputError(f'{folder}: found labelled images alone, expected others')
    # Boxes below the threshold count too: 0 keeps all that the detector gives.
    inspector = Inspector(config, weights, device, score_thr=0.0, regions=regions)
    seen_known = _look(inspector, known)
    seen = _look(inspector, paths)
    if not seen.results:
        raise InputError(f'{seen.errors[0]} (and no other image could be read)')
    doubt = _doubt(inspector, score_thr)
    uncertainty = [doubt.of(result) for result in seen.results]
    choices = rank(
        np.stack(seen.features),
        uncertainty,
        count,
        np.stack(seen_known.features) if seen_known.features else None,
    )
    proposals = [
        Proposal(
            seen.results[index].source,
            uncertainty[index],
            distance,
            say(seen.results[index], score_thr),
        )
        for index, distance in choices
    ]
    write_proposals(proposals, out_dir)
    errors = seen_known.errors + seen.errors
    return LabelNext(proposals, len(seen.results), len(seen_known.results), errors)


class _Seen(NamedTuple):
    """Results and features (C,) of the readable images, and lines on the others."""

    results: list[InspectionResult]
    features: list[np.ndarray]
    errors: list[str]


def _look(inspector: Inspector, paths: Sequence[str]) -> _Seen:
    seen = _Seen([], [], [])
    if not paths:
        return seen
    with PooledFeatures(inspector.inferencer.model) as pooled:
        # One at a time: all that the backbone gave since the last one is of this one.
        for result in inspector(paths):
            vector = pooled.take()
            if result.error or vector is None:
                seen.errors.append(result.error)
                continue
            seen.results.append(replace(result, heatmap=None, mask=None))
            seen.features.append(vector.numpy())
    return seen


def _images_below(folder: str, expected: str) -> list[str]:
    require_folder(folder, f'one of images, {expected}')
    names = list_images_below(folder, expected)
    return [osp.join(folder, name) for name in names]


def without_copies(paths: Sequence[str], known: Sequence[str]) -> list[str]:
    """The files whose content is that of no known one."""
    # Only files of one size are read.
    sizes = set(map(osp.getsize, known)) & set(map(osp.getsize, paths))
    mine = [path for path in paths if osp.getsize(path) in sizes]
    contents = {_digest(path) for path in known if osp.getsize(path) in sizes}
    copies = {path for path in mine if _digest(path) in contents}
    return [path for path in paths if path not in copies]


def _digest(path: str) -> bytes:
    return hashlib.sha256(Path(path).read_bytes()).digest()


def _doubt(inspector: Inspector, score_thr: float) -> Doubt:
    num_classes = len(inspector.inferencer.classes or ())
    calibration = getattr(inspector.inferencer.model, 'calibration', None)
    if calibration is None:
        return Doubt(num_classes, score_thr)
    return Doubt(
        num_classes,
        score_thr,
        threshold=float(calibration.threshold),
        usual_good=float(calibration.good_scores.median()),
    )


def say(result: InspectionResult, score_thr: float) -> str:
    """What a model says of an image, in a few words."""
    found = [each for each in result.detections if each.score is not None]
    if not found and result.score is not None:
        found = [result]
    elif not any(each.prompted for each in found):
        found = [each for each in found if each.score >= score_thr]
    names = [f'{each.class_name} {each.score:.2f}' for each in found[:3]]
    if len(found) > len(names):
        names.append(f'{len(found) - len(names)} more')
    return ', '.join(names) or 'nothing'


def write_proposals(proposals: Sequence[Proposal], out_dir: str) -> None:
    """Write the table, and a hard link to each image, or a copy on another disk."""
    digits = len(str(len(proposals)))
    with atomic_folder(out_dir) as folder:
        (folder / LINKS).mkdir()
        # A byte of a file's name that is no UTF-8 is written as an escape.
        options = dict(newline='', encoding='utf-8', errors='backslashreplace')
        with open(folder / TABLE, 'w', **options) as file:
            table = csv.writer(file)
            table.writerow(COLUMNS)
            for number, each in enumerate(proposals, start=1):
                distance = '' if each.distance is None else f'{each.distance:.4f}'
                numbers = (f'{each.uncertainty:.4f}', distance)
                table.writerow((number, each.path, *numbers, each.prediction))
                name = f'{number:0{digits}d}_{Path(each.path).name}'
                _link(each.path, folder / LINKS / name)


def _link(path: str, place: Path) -> None:
    source = osp.realpath(path)
    try:
        os.link(source, place)
    except OSError:  # another disk, or one without links
        shutil.copy2(source, place)
