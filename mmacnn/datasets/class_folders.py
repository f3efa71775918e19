# Copyright (c) mmacnn authors. All rights reserved.

import logging
import os
import os.path as osp
from collections.abc import Sequence

from mmengine.logging import print_log
from mmpretrain.datasets import CustomDataset

from mmacnn.registry import DATASETS
from mmacnn.utils import InputError
from mmacnn.utils.arguments import check_number

from .class_names import check_class_names
from .image_files import (
    IMAGE_SUFFIXES,
    check_images,
    list_files_below,
    list_subfolders,
    require_folder,
)
from .masks import add_masks, keep_masks


@DATASETS.register_module()
class ClassFolderDataset(CustomDataset):
    """Images in one folder a class, and masks of the defects where there are some.

    mmpretrain's ``CustomDataset`` numbers the classes in the alphabet's order of the
    folders, whatever ``classes`` says; here their order is that of ``classes``.

    A mask is a picture of its image's size, not zero on the defect, below ``mask_path``
    where the image is below ``img_path``, ending in ``.png``. Images of the first class
    need none. A test needs the masks of all defective images; to train, some do, and of
    the others it is not known where the defect is.

    Args:
        classes: Names of the folders, the good class first. By default all folders
            below ``img_path``, by the alphabet: ``0`` and ``1``.
        data_root: Folder that ``data_prefix`` starts from.
        data_prefix: ``img_path``, the folder of the classes' folders, and
            ``mask_path``, that of the masks, where there are some.
        mask_fraction: Fraction of the masks to keep in training, in [0, 1], chosen as
            in :func:`choose_boxes`; the images of the others stay, with their class.
        seed: Chooses which masks are kept.
        **kwargs: ``pipeline``, ``test_mode`` and others of mmengine's ``BaseDataset``.

    Raises:
        FileNotFoundError: There is no such folder, or a mask is missing.
        InputError: Folders and classes differ, there are less than two, one has no
            image, or an image is damaged. A mask marks a defect on a good image, is
            not of its image's size or belongs to no image, or there is none to train
            with.
    """

    def __init__(
        self,
        classes: Sequence[str] | None = None,
        data_root: str = '',
        data_prefix: dict | None = None,
        mask_fraction: float = 1.0,
        seed: int = 0,
        **kwargs,
    ) -> None:
        name = f'{type(self).__name__}: mask_fraction'
        self.mask_fraction = check_number(name, mask_fraction, 0, 1)
        self.seed = seed
        super().__init__(
            data_root=data_root,
            data_prefix=data_prefix or dict(img_path=''),
            extensions=IMAGE_SUFFIXES,
            classes=classes,
            **kwargs,
        )

    def load_data_list(self) -> list[dict]:
        """List the images, class by class: ``img_path``, ``gt_label``, ``mask_path``.

        ``mask_path`` is None for an image without a defect, and absent where the mask
        is not known.
        """
        classes = self._check_folders()
        self._metainfo['classes'] = classes
        files = [
            (file, label)
            for label, name in enumerate(classes)
            for file in self._images_of(name)
        ]
        if not files:
            raise InputError(f'{self.img_prefix}: found no image, expected some')
        data_list = [
            dict(img_path=osp.join(self.img_prefix, file), gt_label=label)
            for file, label in files
        ]
        check_images(info['img_path'] for info in data_list)
        masks = self.data_prefix.get('mask_path')
        if masks is not None:
            add_masks(data_list, [file for file, _ in files], masks, self.test_mode)
            if not self.test_mode:
                keep_masks(data_list, masks, self.mask_fraction, self.seed)
        return data_list

    def prepare_data(self, idx: int) -> object:
        """Image ``idx``, through the pipeline, which may look at others too.

        Transforms that mix images find the data set as ``dataset`` (like mmyolo's).
        """
        return self.pipeline(self.get_data_info(idx) | dict(dataset=self))

    def _check_folders(self) -> tuple[str, ...]:
        root = self.img_prefix or os.curdir
        require_folder(root, 'one with a folder for each class')
        found = list_subfolders(root)
        classes = check_class_names(self.CLASSES or found or ['?'], f'{root}: classes')
        # A test set of good parts alone measures false positives.
        may_lack = self.test_mode and self.CLASSES is not None and found
        if len(found) < 2 and not may_lack:
            raise InputError(
                f'{root}: found {len(found)} class folders ({", ".join(found)}), '
                'expected two or more: good images and defective ones'
            )
        for name in found:
            if name not in classes:
                raise InputError(
                    f'{osp.join(root, name)}: found a folder that is no class, '
                    f'expected {", ".join(classes)} (`classes` in the config)'
                )
        for name in classes:
            if name not in found and not may_lack:
                raise InputError(
                    f'{root}: found no folder of class {name!r} (`classes` in the '
                    f'config), only {", ".join(found)}'
                )
        return classes

    def _images_of(self, name: str) -> list[str]:
        """Paths of a class's images below ``img_path``, those of subfolders too."""
        folder = osp.join(self.img_prefix, name)
        files = list_files_below(folder, IMAGE_SUFFIXES)
        if not files:
            message = f'{folder}: found no image'
            if not self.test_mode:
                raise InputError(
                    f'{message}, expected at least one ({" ".join(IMAGE_SUFFIXES)})'
                )
            print_log(
                f'{message} of class {name!r} to test on',
                logger='current',
                level=logging.WARNING,
            )
        return [osp.join(name, file) for file in files]
