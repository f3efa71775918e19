# Copyright (c) mmacnn authors. All rights reserved.
"""What is in a YOLO-labelled data set, what is wrong, and which ROI size fits it."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from mmacnn.datasets.class_names import (
    check_class_names,
    find_class_names,
    read_class_names,
)
from mmacnn.datasets.image_files import require_folder
from mmacnn.datasets.yolo_folder import Problem, Sample, read_folder

PERCENTILES = (0, 5, 50, 95, 98, 100)
ROI_PERCENTILE = 98
STEP = 8
READABLE_HEIGHT = 32
LARGEST_ZOOM = 2.0
# Of the image's width or height: from here on an object leaves little to cut away.
LARGE_OBJECT = 0.5
LARGE_MARGIN = 0.1  # Of a large object's side, at either end of the ROI.


@dataclass
class Split:
    """One pair of folders, ``images`` and ``labels``.

    ``samples`` are the images without a problem.
    """

    name: str
    samples: list[Sample]
    problems: list[Problem]

    @property
    def boxed(self) -> list[Sample]:
        """The samples whose box is drawn."""
        return [sample for sample in self.samples if sample.box is not None]

    def object_sizes(self, input_size: tuple[int, int]) -> np.ndarray:
        """Return ``(N, 2)`` width and height of the objects in pixels of the input.

        Args:
            input_size: ``(height, width)`` that all images are resized to.
        """
        return np.array(
            [
                (
                    (s.box[2] - s.box[0]) / s.width * input_size[1],
                    (s.box[3] - s.box[1]) / s.height * input_size[0],
                )
                for s in self.boxed
            ]
        ).reshape(-1, 2)

    def area_ratios(self) -> np.ndarray:
        """Return ``(N,)`` area of each object as a fraction of its image."""
        return self.object_sizes((1, 1)).prod(axis=1)

    def centres(self) -> np.ndarray:
        """Return ``(N, 2)`` centres ``(x, y)``, normalised to the image."""
        return np.array(
            [
                (
                    (s.box[0] + s.box[2]) / 2 / s.width,
                    (s.box[1] + s.box[3]) / 2 / s.height,
                )
                for s in self.boxed
            ]
        ).reshape(-1, 2)


@dataclass
class DatasetReport:
    """All splits of a data set; sizes are ``(height, width)`` in pixels.

    ``roi_size`` and ``output_size`` are None where no box is drawn; ``roi_source``
    names the splits whose boxes they come from. ``has_large_objects`` says that A-CNN
    gains little, see :func:`are_large`.
    """

    root: str
    classes: tuple[str, ...]
    input_size: tuple[int, int]
    splits: list[Split]
    roi_size: tuple[int, int] | None = None
    output_size: tuple[int, int] | None = None
    roi_source: list[str] = field(default_factory=list)
    has_large_objects: bool = False

    @property
    def problems(self) -> list[Problem]:
        """The problems of all splits."""
        return [problem for split in self.splits for problem in split.problems]


def recommend_roi(
    sizes: np.ndarray, input_size: tuple[int, int]
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Recommend ``roi_size`` and ``output_size`` of the spatial transformer.

    The ROI must hold the object although the localizer errs. Its sides are the 98th
    percentile of the objects' sides, plus a margin that is the same in both directions,
    since a localizer errs alike in both: half the geometric mean of the two sides, at
    either end. Sides are rounded up to multiples of 8 and end at the image.

    Where the objects are large (:func:`are_large`) that margin would make the ROI the
    whole image. It is then a tenth of each side, at either end.

    The classifier must be able to read the object. If the shorter side of the median
    object is below 32 pixels, the ROI is enlarged for it to reach 32, but at most
    twofold: more adds work and no detail. A larger object is not reduced.

    Args:
        sizes: ``(N, 2)`` width and height of the objects in pixels of the network's
            input, N at least 1.
        input_size: ``(height, width)`` of the input.

    Returns:
        ``roi_size`` and ``output_size``, both ``(height, width)``.
    """
    object_size = np.percentile(sizes, ROI_PERCENTILE, axis=0)[::-1]
    if are_large(sizes, input_size):
        roi = object_size * (1 + 2 * LARGE_MARGIN)
    else:
        roi = object_size + np.sqrt(object_size.prod())
    roi = np.minimum(STEP * np.ceil(roi / STEP), input_size)
    short_side = np.median(sizes.min(axis=1))
    zoom = np.clip(READABLE_HEIGHT / short_side, 1, LARGEST_ZOOM)
    output = STEP * np.ceil(roi * zoom / STEP) if zoom > 1 else roi
    return tuple(int(side) for side in roi), tuple(int(side) for side in output)


def are_large(sizes: np.ndarray, input_size: tuple[int, int]) -> bool:
    """Whether most objects fill half of the image's width or height, or more.

    Little is left to cut away then, and A-CNN gains little over a classifier that sees
    the image as it is.

    Args:
        sizes: ``(N, 2)`` width and height of the objects in pixels of the input.
        input_size: ``(height, width)`` of the input.
    """
    fractions = np.median(sizes, axis=0) / input_size[::-1]
    return bool(fractions.max() >= LARGE_OBJECT)


def find_splits(root: str) -> list[tuple[str, str]]:
    """Return name and folder of each part of a data set that has images or labels.

    Args:
        root: Folder with ``images`` and ``labels``, or with folders (``train``,
            ``test``) that have these.

    Raises:
        FileNotFoundError: If nothing is found.
    """
    require_folder(root, 'a data set')

    def has_data(folder: str) -> bool:
        return any(os.path.isdir(os.path.join(folder, n)) for n in ('images', 'labels'))

    if has_data(root):
        return [(os.path.basename(os.path.abspath(root)), root)]
    names = sorted(os.listdir(root), key=lambda name: (name != 'train', name))
    splits = [(name, os.path.join(root, name)) for name in names]
    splits = [(name, folder) for name, folder in splits if has_data(folder)]
    if not splits:
        raise FileNotFoundError(
            f'{root}: found neither the folders images and labels, nor folders such as '
            'train and test that have these'
        )
    return splits


def resolve_classes(
    classes: Sequence[str] | None, root: str, label_dir: str
) -> tuple[str, ...]:
    """Return the names of the classes.

    Args:
        classes: The names, or one file that has one name a line, or None to look for
            ``classes.txt``.
        root: Folder of the first split.
        label_dir: Its labels.

    Raises:
        FileNotFoundError: If there is no ``classes.txt``.
        InputError: If a name is wrong.
    """
    if not classes:
        return find_class_names(root, label_dir)
    if len(classes) == 1 and os.path.isfile(classes[0]):
        return read_class_names(classes[0])
    return check_class_names(classes, 'classes')


def analyse_dataset(
    root: str,
    classes: Sequence[str] | None = None,
    input_size: tuple[int, int] | None = None,
    multiple: str = 'error',
    progress: Callable[[list], Iterable] = iter,
) -> DatasetReport:
    """Read every label and decode every image of a data set.

    Args:
        root: See :func:`find_splits`.
        classes: See :func:`resolve_classes`.
        input_size: ``(height, width)`` that the network will see. Defaults to the most
            common size of the images.
        multiple: ``'error'`` or ``'largest'``, as for ``YOLORoIDataset``.
        progress: Wraps the list of images, to show progress.

    Returns:
        The report. Its ROI sizes come from the split ``train`` if that has boxes, else
        from all.

    Raises:
        FileNotFoundError: If there is no data set or no list of classes.
        InputError: If the list of classes is wrong.
    """
    found = find_splits(root)
    names = resolve_classes(classes, found[0][1], os.path.join(found[0][1], 'labels'))
    splits = []
    for name, folder in found:
        img_dir, label_dir = (os.path.join(folder, n) for n in ('images', 'labels'))
        try:
            samples, problems = read_folder(
                img_dir, label_dir, len(names), multiple, True, progress
            )
        except FileNotFoundError as error:
            samples, problems = [], [Problem(folder, str(error))]
        splits.append(Split(name, samples, problems))
        if samples and not splits[-1].boxed and (name == 'train' or len(found) == 1):
            message = (
                f'{label_dir}: found no box in the whole training set, expected at '
                'least one line `class cx cy w h`'
            )
            problems.append(Problem(label_dir, message))

    if input_size is None:
        sizes = Counter((s.height, s.width) for split in splits for s in split.samples)
        input_size = sizes.most_common(1)[0][0] if sizes else (1, 1)
    report = DatasetReport(root, names, input_size, splits)
    boxed = [split for split in splits if split.boxed]
    sources = [split for split in boxed if split.name == 'train'] or boxed
    if sources:
        report.roi_source = [split.name for split in sources]
        sizes = np.concatenate([split.object_sizes(input_size) for split in sources])
        report.roi_size, report.output_size = recommend_roi(sizes, input_size)
        report.has_large_objects = are_large(sizes, input_size)
    return report
