# Copyright (c) mmacnn authors. All rights reserved.

import csv
import io
import os.path as osp
from collections.abc import Iterator, Sequence

from mmpretrain.datasets import BaseDataset

from mmacnn.registry import DATASETS

from .class_names import check_class_names
from .yolo_folder import read_text

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
        ValueError: The table is wrong, or names a file outside of the folder.
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
            raise ValueError(
                f'{self.ann_file}: found no region, expected one a line below the '
                'header'
            )
        names = self.CLASSES or sorted({row['label'] for _, row in rows})
        classes = check_class_names(names, f'{self.ann_file}: classes')
        self._metainfo['classes'] = classes
        data_list = []
        for where, row in rows:
            if row['label'] not in classes:
                raise ValueError(
                    f'{where}: found the label {row["label"]!r}, expected one of '
                    f'{", ".join(classes)}'
                )
            data_list.append(
                dict(
                    img_path=self._file(row, 'image', 'img_path', where),
                    gt_label=classes.index(row['label']),
                    region=self._file(row, 'mask', 'mask_path', where),
                    instance_id=len(data_list) + 1,
                )
            )
        return data_list

    def _rows(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Each line of the table, and its place for messages."""
        path = self.ann_file
        if not osp.isfile(path):
            raise FileNotFoundError(
                f'{path}: found no such file, expected CSV with {", ".join(COLUMNS)}'
            )
        table = csv.DictReader(io.StringIO(read_text(path), newline=''))
        missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
        if missing:
            raise ValueError(
                f'{path}: found no column {missing[0]!r}, expected the header '
                f'{",".join(COLUMNS)}'
            )
        for row in table:
            where = f'{path}, line {table.line_num}'
            row = {name: (row[name] or '').strip() for name in COLUMNS}
            for name, value in row.items():
                if not value:
                    raise ValueError(f'{where}: found no {name}, expected one')
            yield where, row

    def _file(self, row: dict, column: str, prefix: str, where: str) -> str:
        folder = self.data_prefix[prefix] or self.data_root
        path = osp.join(folder, row[column])
        root = osp.realpath(folder)
        if osp.commonpath((root, osp.realpath(path))) != root:
            raise ValueError(
                f'{where}: found the {column} {row[column]!r}, expected one below '
                f'{folder or osp.curdir}'
            )
        if not osp.isfile(path):
            raise FileNotFoundError(f'{where}: found no such {column}: {path}')
        return path
