# Copyright (c) mmacnn authors. All rights reserved.

import os.path as osp

from mmpretrain.datasets import BaseDataset

from mmacnn.registry import DATASETS
from mmacnn.utils import InputError

from .checked_coco import (
    check_boxes,
    check_categories,
    check_images,
    read_coco,
    remove_root,
)
from .regions import check_outline

FILTERS = ('min_area', 'area_ratio')


@DATASETS.register_module()
class CocoRegionDataset(BaseDataset):
    """The annotated instances of a COCO json, one sample each: what is this region?

    Crowds are left out. Masks are made when a sample is read, see
    :class:`mmacnn.datasets.transforms.LoadRegionMask`.

    Args:
        ann_file: The json.
        data_prefix: ``img_path``, the folder of the images.
        classes: Names of the categories, all that are in the file and in its order,
            which is taken by default.
        filter_cfg: ``min_area``, the smallest area in pixels, and ``area_ratio``,
            (smallest, largest) ratio of the instance's area to the image's (OAR) in
            [0, 1]. Instances of no area are left out always.
        check_segmentations: Whether to look at each polygon and encoding at once, and
            not when it is read.
        check_sizes: Whether to look at the header and the end of each image at once.
        **kwargs: ``data_root``, ``pipeline``, ``test_mode`` and others of mmpretrain's
            ``BaseDataset``.

    Raises:
        FileNotFoundError: The json or an image is missing.
        InputError: ``filter_cfg`` has another key.
            The json is wrong, or no instance passes the filters.
    """

    def __init__(
        self,
        ann_file: str,
        data_prefix: str | dict = '',
        filter_cfg: dict | None = None,
        check_segmentations: bool = True,
        check_sizes: bool = True,
        **kwargs,
    ) -> None:
        for key in filter_cfg or ():
            if key not in FILTERS:
                raise InputError(
                    f'CocoRegionDataset: found {key!r} in filter_cfg, expected '
                    f'{" or ".join(FILTERS)}'
                )
        self.check_segmentations = check_segmentations
        self.check_sizes = check_sizes
        super().__init__(
            ann_file, data_prefix=data_prefix, filter_cfg=filter_cfg, **kwargs
        )

    def load_data_list(self) -> list[dict]:
        """List the instances: ``img_path``, ``gt_label``, ``region``, ``instance_id``.

        Also ``height`` and ``width`` of the image and ``area`` in pixels.
        """
        path, folder = self.ann_file, self.img_prefix
        content = read_coco(path)
        remove_root(content, self.CLASSES)
        if self.CLASSES is None:
            self._metainfo['classes'] = tuple(c['name'] for c in content['categories'])
        check_categories(content, self.CLASSES, path)
        check_boxes(content, path)
        check_images(content, folder, path, self.check_sizes)
        images = {image['id']: image for image in content['images']}
        labels = {c['id']: i for i, c in enumerate(content['categories'])}
        data_list = []
        for index, annotation in enumerate(content['annotations']):
            if annotation.get('iscrowd') or not annotation['area']:
                continue
            where = f'{path}: annotations[{index}] (id {annotation["id"]})'
            if 'segmentation' not in annotation:
                raise InputError(f"{where}: found no 'segmentation', expected one")
            image = images[annotation['image_id']]
            if self.check_segmentations:
                size = (image['height'], image['width'])
                check_outline(annotation['segmentation'], size, where)
            data_list.append(
                dict(
                    img_path=osp.join(folder, image['file_name']),
                    height=image['height'],
                    width=image['width'],
                    gt_label=labels[annotation['category_id']],
                    instance_id=annotation['id'],
                    area=annotation['area'],
                    region=annotation['segmentation'],
                )
            )
        return data_list

    def filter_data(self) -> list[dict]:
        """Leave out the instances that ``filter_cfg`` does not want."""
        settings = self.filter_cfg or {}
        min_area = settings.get('min_area', 0)
        low, high = settings.get('area_ratio', (0, 1))
        kept = [
            sample
            for sample in self.data_list
            if sample['area'] >= min_area
            and low <= sample['area'] / (sample['height'] * sample['width']) <= high
        ]
        if not kept:
            raise InputError(
                f'{self.ann_file}: found no region among {len(self.data_list)} '
                f'instances, expected one with min_area {min_area} and area_ratio '
                f'({low}, {high})'
            )
        return kept
