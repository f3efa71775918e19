# Copyright (c) mmacnn authors. All rights reserved.
"""Good images to learn from, good and defective ones to test on: MVTec AD's folders."""

import hashlib
import os
import os.path as osp

from mmpretrain.datasets import BaseDataset

from mmacnn.registry import DATASETS
from mmacnn.utils import InputError
from mmacnn.utils.arguments import check_number

from .image_files import (
    check_images,
    list_files_below,
    list_images_below,
    list_subfolders,
    require_folder,
)

SUBSETS = ('train', 'val', 'test')


@DATASETS.register_module()
class AnomalyFolderDataset(BaseDataset):
    """One category of a data set in the layout of MVTec AD.

    ``CATEGORY/train/good`` has the images to learn from, ``CATEGORY/test`` one folder
    for each kind of defect and one, ``good``, without, and ``CATEGORY/ground_truth``
    the masks: that of ``test/KIND/NAME.png`` is ``ground_truth/KIND/NAME_mask.png``,
    of the image's size, not zero on the defect. Without the folder ``ground_truth`` the
    masks are unknown; with it every defective image must have one. (Bergmann et al.,
    *MVTec AD*, CVPR 2019. See docs/en/data_formats.md.)

    There are no images for validation in this layout, so a fraction of those in
    ``train/good`` is held out. Which ones depends on their names alone: the number of
    workers, the seed and the place of the folder change nothing, and a few more images
    little.

    An item before the pipeline has ``img_path``, ``gt_label`` (0 good, 1 defect),
    ``defect_kind`` (name of the folder), and where masks are known ``mask_path``, None
    for a good image; see :class:`LoadDefectMask`.

    Args:
        data_root: Folder of the categories.
        category: Name of the category's folder; empty if ``data_root`` itself is it.
        subset: ``'train'``: the good images to learn from; ``'val'``: those held out;
            ``'test'``: the test images.
        val_fraction: Fraction of ``train/good`` to hold out, in [0, 1): at least one
            image and never all, unless it is 0. Not used with ``val_dir``.
        good: Name of the folders of good images.
        train_dir: Folder of the training images in the category.
        test_dir: Folder of the test images in the category.
        val_dir: Folder of validation images in the category, built like ``test_dir``,
            where the data have one; nothing is held out then.
        mask_dir: Folder of the test images' masks in the category.
        mask_suffix: What follows an image's name without suffix in that of its mask.
        check_images: Whether to look at each image's header and end at once.
        **kwargs: ``pipeline``, ``test_mode`` and others of ``mmpretrain.BaseDataset``.

    Raises:
        FileNotFoundError: A folder or a mask is missing.
        InputError: An argument is wrong, a folder has no image, the training images are
            not all good or too few to hold one out, a mask fits no image, or an image
            is damaged.
    """

    METAINFO = dict(classes=('good', 'defect'))

    def __init__(
        self,
        data_root: str = '',
        category: str = '',
        subset: str = 'train',
        val_fraction: float = 0.1,
        good: str = 'good',
        train_dir: str = 'train',
        test_dir: str = 'test',
        val_dir: str | None = None,
        mask_dir: str = 'ground_truth',
        mask_suffix: str = '_mask.png',
        check_images: bool = True,
        **kwargs,
    ) -> None:
        if subset not in SUBSETS:
            raise InputError(
                f'AnomalyFolderDataset: subset is {subset!r}, expected one of '
                f'{", ".join(SUBSETS)}'
            )
        self.val_fraction = check_number(
            'AnomalyFolderDataset: val_fraction', val_fraction, 0, 1, below=True
        )
        self.category = category
        self.subset = subset
        self.good = good
        self.folders = dict(train=train_dir, val=val_dir, test=test_dir)
        self.mask_dir = mask_dir
        self.mask_suffix = mask_suffix
        self.check_images = check_images
        super().__init__(data_root=data_root, ann_file='', **kwargs)

    def load_data_list(self) -> list[dict]:
        """List the images, the good ones first."""
        root = self._find_category()
        if self.subset == 'train' or not self.folders[self.subset]:
            infos = self._load_good(root)
        else:
            infos = self._load_kinds(root, self.folders[self.subset])
        if self.check_images:
            check_images(info['img_path'] for info in infos)
        return infos

    def _find_category(self) -> str:
        data_root, train_dir = self.data_root or os.curdir, self.folders['train']
        categories = list_categories(data_root, train_dir)
        root = osp.join(data_root, self.category) if self.category else data_root
        if osp.isdir(osp.join(root, train_dir)):
            return root
        choice = f'one of {", ".join(categories)} (`category` in the config)'
        if self.category and not osp.isdir(root):
            raise FileNotFoundError(
                f'{root}: found no such category, expected {choice}'
                if categories
                else f'{root}: found no such folder, expected a category'
            )
        raise FileNotFoundError(
            f'{osp.join(root, train_dir)}: found no such folder, expected one with '
            f'{self.good!r} in it'
            + (f', or {choice}' if categories and not self.category else '')
        )

    def _load_good(self, root: str) -> list[dict]:
        folder = osp.join(root, self.folders['train'])
        others = [name for name in list_subfolders(folder) if name != self.good]
        if others:
            raise InputError(
                f'{osp.join(folder, others[0])}: found a folder that is not '
                f'{self.good!r} among the training images, expected good images alone'
            )
        folder = osp.join(folder, self.good)
        require_folder(folder, 'good images to learn from')
        names = list_images_below(folder, 'good images to learn from')
        if not self.folders['val']:
            held_out = choose_held_out(names, self.val_fraction)
            if self.val_fraction and len(held_out) == len(names):
                raise InputError(
                    f'{folder}: found one image only, expected one to learn from and '
                    'one for validation, or two folders (`val_fraction`, `val_dir`)'
                )
            names = [n for n in names if (n in held_out) == (self.subset == 'val')]
        if not names:
            raise InputError(
                f'{folder}: found no image for validation since val_fraction is 0, '
                'expected a fraction above 0, or a folder of them (`val_dir`)'
            )
        return [self._describe(osp.join(folder, name), self.good) for name in names]

    def _load_kinds(self, root: str, name: str) -> list[dict]:
        folder = osp.join(root, name)
        expected = f'one with a folder for each kind of defect and {self.good!r}'
        require_folder(folder, expected)
        kinds = sorted(
            list_subfolders(folder), key=lambda kind: (kind != self.good, kind)
        )
        if not kinds:
            raise InputError(
                f'{folder}: found no folder in it, expected one for each kind of '
                f'defect and {self.good!r}'
            )
        masks = osp.join(root, self.mask_dir)
        has_masks = name == self.folders['test'] and osp.isdir(masks)
        data_list = []
        for kind in kinds:
            place = osp.join(folder, kind)
            names = list_images_below(place, f'images of {kind}')
            infos = [self._describe(osp.join(place, file), kind) for file in names]
            if has_masks:
                self._add_masks(infos, names, osp.join(masks, kind))
            data_list += infos
        for other in set(list_subfolders(masks) if has_masks else ()).difference(kinds):
            raise InputError(
                f'{osp.join(masks, other)}: found masks of no kind of test image, '
                f'expected {", ".join(kinds)}'
            )
        return data_list

    def _describe(self, path: str, kind: str) -> dict:
        return dict(img_path=path, gt_label=int(kind != self.good), defect_kind=kind)

    def _add_masks(self, infos: list[dict], names: list[str], folder: str) -> None:
        masks = dict.fromkeys(list_files_below(folder, (self.mask_suffix.lower(),)))
        for info, name in zip(infos, names, strict=True):
            mask = osp.splitext(name)[0] + self.mask_suffix
            if mask not in masks and info['gt_label']:
                raise FileNotFoundError(
                    f'{osp.join(folder, mask)}: found no such mask, expected one for '
                    f'{info["img_path"]}'
                )
            if masks.get(mask):
                raise InputError(
                    f'{info["img_path"]}: found the mask {mask} of another image, '
                    f'{masks[mask]}, expected images of different names'
                )
            info['mask_path'] = osp.join(folder, mask) if mask in masks else None
            masks[mask] = info['img_path']
        for mask, image in masks.items():
            if image is None:
                raise InputError(
                    f'{osp.join(folder, mask)}: found a mask that fits no image in '
                    f'{osp.dirname(infos[0]["img_path"])}'
                )


def choose_held_out(names: list[str], fraction: float) -> set[str]:
    """Choose the images that are held out for validation, by their names.

    Args:
        names: The images, in any order.
        fraction: Which fraction of them, in [0, 1). Above 0, at least one is chosen,
            and of two or more images not all.
    """
    if fraction == 0:
        return set()
    count = max(1, min(round(fraction * len(names)), len(names) - 1))
    ranked = sorted(names, key=lambda name: hashlib.sha256(os.fsencode(name)).digest())
    return set(ranked[:count])


def list_categories(data_root: str, train_dir: str = 'train') -> list[str]:
    """Return the sorted names of the folders in ``data_root`` that have training data.

    Args:
        data_root: Folder of the categories.
        train_dir: Folder of the training images in each category.

    Raises:
        FileNotFoundError: There is no such folder.
    """
    require_folder(data_root, 'one with a folder for each category')
    return [
        name
        for name in list_subfolders(data_root)
        if osp.isdir(osp.join(data_root, name, train_dir))
    ]
