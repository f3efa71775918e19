# Copyright (c) mmacnn authors. All rights reserved.
"""Images with one class and at most one box each, labelled in YOLO's text format."""

import logging
import os
from collections.abc import Sequence

import numpy as np
from mmengine.logging import print_log
from mmpretrain.datasets import BaseDataset

from mmacnn.registry import DATASETS, TRANSFORMS
from mmacnn.utils import InputError
from mmacnn.utils.arguments import check_number

from .class_names import check_class_names, find_class_names, read_class_names
from .yolo_folder import Problem, Sample, read_folder


def choose_boxes(class_ids: Sequence[int], fraction: float, seed: int) -> np.ndarray:
    """Choose a fraction of the boxes, stratified by class.

    The boxes are put in one order for a seed, whatever the fraction, and the first ones
    are kept. So a smaller choice is part of a larger one. Every class comes first with
    one box, then the classes alternate in proportion to their size.

    Args:
        class_ids: Class of each box.
        fraction: Fraction to keep, in ``[0, 1]``. Any fraction above 0 keeps at least
            one.
        seed: Another seed chooses other boxes.

    Returns:
        Sorted indices of the boxes to keep.
    """
    class_ids = np.asarray(class_ids, dtype=int)
    # RandomState, since its numbers are the same in every numpy version.
    shuffled = np.random.RandomState(seed).permutation(len(class_ids))
    rank = np.zeros(len(class_ids))
    for class_id in np.unique(class_ids):
        members = shuffled[class_ids[shuffled] == class_id]
        rank[members] = np.arange(len(members)) / len(members)
    order = shuffled[np.argsort(rank[shuffled], kind='stable')]
    keep = int(fraction * len(order) + 0.5)
    if fraction > 0:
        keep = max(keep, 1)
    return np.sort(order[:keep])


@DATASETS.register_module()
class YOLORoIDataset(BaseDataset):
    """A folder of images and a folder of YOLO labels, one class an image.

    ``images/NAME.jpg`` goes with ``labels/NAME.txt``, which holds one line:
    ``class cx cy w h``, normalised to the image, ``class x1 y1 ... x4 y4`` of an
    oriented box, or ``class`` alone where the box is not drawn. An item before the
    pipeline has ``img_path``, ``gt_label`` (int) and ``gt_bboxes`` (float32 ``(N, 4)``,
    xyxy in pixels of the image; N is 0 where the box is not drawn or hidden, else 1).
    Where it is oriented it has ``gt_corners`` (float32 ``(1, 4, 2)``) too.

    All files are checked when the data are loaded: every label, and of every image the
    header and, for JPEG and PNG, the end.

    Args:
        data_root: Folder that holds the two folders.
        data_prefix: Names of the two folders in ``data_root``. Defaults to
            ``dict(img_path='images', label_path='labels')``.
        classes: Names of the classes in the order of their numbers, or a file with one
            name a line, seen from ``data_root``. Defaults to ``classes.txt`` in
            ``data_root``, in the folder above it or beside the labels.
        box_fraction: Fraction of the drawn boxes to keep, in ``[0, 1]``, chosen as in
            :func:`choose_boxes`; the images of the others stay, with their class. 0 is
            for methods that need no box.
        seed: Chooses which boxes are kept.
        multiple: What to do about more than one line in a label file: ``'error'``, or
            ``'largest'`` to keep the line with the largest box.
        metainfo: mmengine's; its ``classes`` stand for ``classes``.
        pipeline: Transforms, or their configs.
        lazy_init: Whether to load on first use.
        **kwargs: ``test_mode``, ``indices``, ``serialize_data``, ``filter_cfg`` and
            ``max_refetch`` of ``mmpretrain.BaseDataset``.

    Raises:
        FileNotFoundError: If a folder or the file of class names is missing.
        InputError: If an argument, a label or an image is wrong, or if no image has a
            box, ``test_mode`` is off and ``box_fraction`` is above 0.
    """

    def __init__(
        self,
        data_root: str = '',
        data_prefix: dict | None = None,
        classes: str | Sequence[str] | None = None,
        box_fraction: float = 1.0,
        seed: int = 0,
        multiple: str = 'error',
        metainfo: dict | None = None,
        pipeline: Sequence = (),
        lazy_init: bool = False,
        **kwargs,
    ) -> None:
        check_number('YOLORoIDataset: box_fraction', box_fraction, 0, 1)
        if multiple not in ('error', 'largest'):
            raise InputError(
                f"YOLORoIDataset: multiple is {multiple!r}, expected 'error' or "
                "'largest'"
            )
        self.box_fraction = box_fraction
        self.seed = seed
        self.multiple = multiple
        data_root = os.path.expanduser(data_root)
        data_prefix = dict(img_path='images', label_path='labels') | (data_prefix or {})
        metainfo = dict(metainfo or {})
        metainfo['classes'] = self._class_names(
            metainfo.get('classes', classes), data_root, data_prefix['label_path']
        )
        super().__init__(
            ann_file='',
            data_root=data_root,
            data_prefix=data_prefix,
            metainfo=metainfo,
            # Built here, so that a name without a scope means this package's.
            pipeline=[
                TRANSFORMS.build(item) if isinstance(item, dict) else item
                for item in pipeline
            ],
            lazy_init=lazy_init,
            **kwargs,
        )

    @staticmethod
    def _class_names(
        classes: str | Sequence[str] | None, data_root: str, label_path: str
    ) -> tuple[str, ...]:
        if classes is None:
            return find_class_names(data_root, os.path.join(data_root, label_path))
        if isinstance(classes, str):
            return read_class_names(
                os.path.join(data_root, os.path.expanduser(classes))
            )
        return check_class_names(classes, 'YOLORoIDataset: classes')

    def load_data_list(self) -> list[dict]:
        """Read and check all labels; return one dict an image."""
        img_dir, label_dir = (
            self.data_prefix['img_path'],
            self.data_prefix['label_path'],
        )
        samples, problems = read_folder(
            img_dir, label_dir, len(self.CLASSES), self.multiple
        )
        if problems:
            raise InputError(self._summary(problems))
        boxed = [i for i, sample in enumerate(samples) if sample.box is not None]
        if not boxed and not self.test_mode and self.box_fraction > 0:
            raise InputError(
                f'{label_dir}: found no box in the whole training set '
                f'({len(samples)} images), expected at least one line '
                '`class cx cy w h` (box_fraction=0 trains without boxes)'
            )
        found = {sample.class_id for sample in samples}
        lacking = [n for i, n in enumerate(self.CLASSES) if i not in found]
        if lacking and samples:
            print_log(
                f'{label_dir}: found no image of {", ".join(lacking)}',
                logger='current',
                level=logging.WARNING,
            )
        kept = choose_boxes(
            [samples[i].class_id for i in boxed], self.box_fraction, self.seed
        )
        with_box = {boxed[i] for i in kept}
        return [
            self._data_info(sample, i in with_box) for i, sample in enumerate(samples)
        ]

    @staticmethod
    def _data_info(sample: Sample, with_box: bool) -> dict:
        boxes = [sample.box] if with_box else []
        info = dict(
            img_path=sample.img_path,
            gt_label=sample.class_id,
            gt_bboxes=np.array(boxes, dtype=np.float32).reshape(-1, 4),
        )
        if with_box and sample.corners is not None:
            info['gt_corners'] = np.array([sample.corners], dtype=np.float32)
        return info

    def _summary(self, problems: list[Problem]) -> str:
        """The first problem, and where to read of the others, on one line."""
        message = problems[0].message
        if len(problems) > 1:
            message += (
                f' (the first of {len(problems)} problems; '
                f'tools/analysis_tools/analyse_dataset.py {self.data_root} lists all)'
            )
        return message

    def extra_repr(self) -> list[str]:
        """Return the lines that ``repr`` adds to those of the base class."""
        return [
            f'Images: \t{self.data_prefix["img_path"]}',
            f'Labels: \t{self.data_prefix["label_path"]}',
            f'Fraction of boxes kept: \t{self.box_fraction} (seed {self.seed})',
        ]
