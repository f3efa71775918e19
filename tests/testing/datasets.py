# Copyright (c) mmacnn authors. All rights reserved.
"""A data set of every kind, with two images."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from mmacnn.datasets import (
    AnomalyFolderDataset,
    CheckedCocoDataset,
    ClassFolderDataset,
    CocoRegionDataset,
    RegionFolderDataset,
    YOLORoIDataset,
)

SIZE = (40, 56)  # (height, width)


def coco(*names: str, size: tuple[int, int] = SIZE, **image) -> dict:
    """A COCO file's content with a box and an outline on each image."""
    outline = [4.0, 4.0, 20.0, 4.0, 20.0, 20.0]
    return dict(
        images=[
            dict(id=i, file_name=name, height=size[0], width=size[1], **image)
            for i, name in enumerate(names)
        ],
        annotations=[
            dict(
                id=i,
                image_id=i,
                category_id=1,
                bbox=[4, 4, 16, 16],
                area=128,
                segmentation=[outline],
            )
            for i in range(len(names))
        ],
        categories=[dict(id=1, name='dent')],
    )


def _save(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).integers(0, 255, (*SIZE, 3), np.uint8)
    Image.fromarray(noise).save(path)


class Dataset:
    """A data set of every kind, with two images; ``load`` reads its labels.

    Attributes:
        image: The second image, to be replaced.
        labels: The file that names the images, if there is one.
    """

    def __init__(self, kind: str, root: Path) -> None:
        self.kind, self.root, self.labels = kind, root, None
        getattr(self, f'_make_{kind}')()

    def _write(self, images: list[str], labels: dict[str, str]) -> None:
        for name in images:
            _save(self.root / name)
        for name, text in labels.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text)
        self.image = self.root / images[-1]

    def _make_yolo(self) -> None:
        texts = {f'labels/{n}.txt': '0 0.5 0.5 0.5 0.5\n' for n in 'ab'}
        self._write(['images/a.png', 'images/b.png'], texts)
        self.load = lambda: YOLORoIDataset(str(self.root), classes=['dent'])

    def _make_coco(self) -> None:
        text = json.dumps(coco('a.png', 'b.png'))
        self._write(['images/a.png', 'images/b.png'], {'a.json': text})
        self.labels = self.root / 'a.json'
        self.load = lambda: CheckedCocoDataset(
            data_root=str(self.root),
            ann_file='a.json',
            data_prefix=dict(img='images'),
            metainfo=dict(classes=('dent',)),
        )

    def _make_coco_regions(self) -> None:
        self._make_coco()
        self.load = lambda: CocoRegionDataset(
            'a.json', data_root=str(self.root), data_prefix=dict(img_path='images')
        )

    def _make_region_folder(self) -> None:
        lines = ['image,mask,label', 'a.png,m.png,dent', 'b.png,m.png,dent']
        table = '\n'.join(lines)
        names = ['masks/m.png', 'images/a.png', 'images/b.png']
        self._write(names, {'regions.csv': table})
        self.labels = self.root / 'regions.csv'
        self.load = lambda: RegionFolderDataset(
            data_root=str(self.root),
            data_prefix=dict(img_path='images', mask_path='masks'),
        )

    def _make_class_folders(self) -> None:
        self._write(['good/a.png', 'bad/b.png'], {})
        self.load = lambda: ClassFolderDataset(['good', 'bad'], str(self.root))

    def _make_anomaly(self) -> None:
        self._write(['train/good/a.png', 'train/good/b.png'], {})
        self.load = lambda: AnomalyFolderDataset(str(self.root), val_fraction=0)
