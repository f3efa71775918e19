# Copyright (c) mmacnn authors. All rights reserved.

from collections.abc import Iterator, Sequence

from mmpretrain.datasets import BaseDataset

from mmacnn.registry import DATASETS
from mmacnn.utils import InputError

from .class_names import check_class_names
from .contained_files import FilesBelow
from .image_files import check_images
from .tables import read_table

COLUMNS = ('image', 'mask', 'label')


@DATASETS.register_module()
class RegionFolderDataset(BaseDataset):
    """Images, masks of regions, and a table that says what the regions are.

    The table is CSV with the columns ``image``, ``mask`` and ``label``, a line a
    region: the paths of both files below the data set's folders, and the name of the
    class. Others are passed over.

    Args:
        ann_file: The table.
        classes: Names of the classes. By default those in the table, by the alphabet;
            name them where another table (for testing) may lack one.
        data_root: Folder that the paths and ``data_prefix`` start from.
        data_prefix: ``img_path``, the folder of the images, and ``mask_path``, that of
            the masks.
        **kwargs: ``pipeline``, ``test_mode`` and others of mmpretrain's
            ``BaseDataset``.

    Raises:
        FileNotFoundError: The table, an image or a mask is missing.
        InputError: The table is wrong, names a file outside of the folder, or an image
            is damaged.
    """

    def __init__(
        self,
        ann_file: str = 'regions.csv',
        classes: Sequence[str] | None = None,
        data_root: str = '',
        data_prefix: dict | None = None,
        **kwargs,
    ) -> None:
        prefix = dict(img_path='', mask_path='') | (data_prefix or {})
        super().__init__(
            ann_file,
            classes=classes,
            data_root=data_root,
            data_prefix=prefix,
            **kwargs,
        )

    def load_data_list(self) -> list[dict]:
        """List the regions: ``img_path``, ``gt_label``, ``region`` (the mask).

        Also ``instance_id``, their number in the table from 1 on.
        """
        rows = list(self._rows())
        if not rows:
            raise InputError(
                f'{self.ann_file}: found no region, expected one a line below the '
                'header'
            )
        names = self.CLASSES or sorted({row['label'] for _, row in rows})
        classes = check_class_names(names, f'{self.ann_file}: classes')
        self._metainfo['classes'] = classes
        images, masks = (
            FilesBelow(self.data_prefix[prefix] or self.data_root)
            for prefix in ('img_path', 'mask_path')
        )
        data_list = []
        for where, row in rows:
            if row['label'] not in classes:
                raise InputError(
                    f'{where}: found the label {row["label"]!r}, expected one of '
                    f'{", ".join(classes)}'
                )
            data_list.append(
                dict(
                    img_path=images.find(row['image'], where),
                    gt_label=classes.index(row['label']),
                    region=masks.find(row['mask'], where, 'mask'),
                    instance_id=len(data_list) + 1,
                )
            )
        check_images(sample['img_path'] for sample in data_list)
        return data_list

    def _rows(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Each line of the table, and its place for messages."""
        for where, row in read_table(self.ann_file, COLUMNS):
            for name in COLUMNS:
                if not row[name]:
                    raise InputError(f'{where}: found no {name}, expected one')
            yield where, row
