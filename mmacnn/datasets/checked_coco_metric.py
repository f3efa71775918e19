# Copyright (c) mmacnn authors. All rights reserved.
"""mmdet's COCO metric on a file as ``CheckedCocoDataset`` reads it."""

from collections import defaultdict
from contextlib import redirect_stdout
from io import StringIO

import numpy as np
from mmdet.evaluation import CocoMetric
from mmengine.logging import MMLogger

from mmacnn.ops.froc import ImageDetections, froc
from mmacnn.registry import METRICS

from .checked_coco import check_categories, index_coco, read_coco

AVERAGE_PRECISIONS = ('mAP', 'mAP_50', 'mAP_75', 'mAP_s', 'mAP_m', 'mAP_l')


@METRICS.register_module()
class CheckedCocoMetric(CocoMetric):
    """mmdet's ``CocoMetric`` that numbers the classes as the config does.

    Beside its mAP stand what is found and what is invented, as
    :func:`mmacnn.ops.froc.froc` counts it.

    mmdet's takes the order of the file's categories, while the model's outputs have
    that of ``metainfo.classes``; it also fails at annotations without ``area`` and at
    ids written as text.

    Args:
        ann_file: The COCO json, that of the data set.
        **kwargs: Those of :class:`mmdet.evaluation.CocoMetric`.

    Raises:
        FileNotFoundError: There is no such file.
        InputError: It is no COCO file, or its categories are not the classes.
    """

    def __init__(self, ann_file: str, **kwargs) -> None:
        super().__init__(**kwargs)
        self.ann_file = ann_file
        self._content = read_coco(ann_file)
        self._coco_api = index_coco(self._content)

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Compare with the file; -1 stands for a metric without any box.

        Images of the file that were not tested do not count: ``indices`` of the data
        set, which cross-validation sets, choose some.

        pycocotools prints its table of twelve lines, which says what the metrics say.
        """
        classes = self.dataset_meta['classes']
        check_categories(self._content, classes, self.ann_file)
        if not self._content['annotations']:
            MMLogger.get_current_instance().warning(
                f'{self.ann_file}: found no box, nothing to compare with'
            )
        self.img_ids = [truth['img_id'] for truth, _ in results]
        if any(len(found['scores']) for _, found in results):
            with redirect_stdout(StringIO()):
                metrics = super().compute_metrics(results)
        else:  # of which mmdet's gives no metric at all, and the best one is not found
            worst = 0.0 if self._content['annotations'] else -1.0
            names = self.metric_items or AVERAGE_PRECISIONS
            kinds = [kind for kind in self.metrics if kind in ('bbox', 'segm')]
            metrics = {f'{kind}_{name}': worst for kind in kinds for name in names}
        return {**metrics, **froc(self._images(results))}

    def _images(self, results: list) -> list[ImageDetections]:
        """Each image's detections beside its boxes in the file."""
        order = {category: i for i, category in enumerate(self.cat_ids)}
        truths = defaultdict(list)
        for annotation in self._content['annotations']:
            if not annotation.get('iscrowd') and annotation['category_id'] in order:
                x, y, width, height = annotation['bbox']
                row = (x, y, x + width, y + height, order[annotation['category_id']])
                truths[annotation['image_id']].append(row)
        images = []
        for truth, found in results:
            rows = np.array(truths[truth['img_id']], float).reshape(-1, 5)
            images.append(
                ImageDetections(
                    found['bboxes'],
                    found['scores'],
                    found['labels'],
                    rows[:, :4],
                    rows[:, 4],
                )
            )
        return images
