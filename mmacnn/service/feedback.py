# Copyright (c) mmacnn authors. All rights reserved.
"""Images with the labels that people gave them, for the next training.

``python -m mmacnn import`` reads the folder, in each of its layouts.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from mmengine.config import Config

from mmacnn.converters.labels import coco, folders, yolo
from mmacnn.converters.labels.annotations import Box, LabelledImage, LabelledObject
from mmacnn.converters.labels.importer import ImportOptions, read_labels
from mmacnn.datasets.class_names import check_class_names
from mmacnn.utils import InputError, atomic_write

BOXES = {coco.NAME: 'all', yolo.NAME: 'one', folders.NAME: 'none'}
IMAGES, LABELS, CLASSES, ANNOTATIONS = (
    *('images', 'labels', 'classes.txt', 'annotations.json'),
)


def layout_of(config: Config) -> str:
    """The layout that a method trains on: 'coco', 'yolo' or 'folders'.

    Args:
        config: Of the model; its test set says it.
    """
    kind = str(config.test_dataloader.dataset.get('type', ''))
    if 'YOLO' in kind:
        return yolo.NAME
    return coco.NAME if 'Coco' in kind or 'Region' in kind else folders.NAME


class Feedback:
    """Stores corrections; a second one of the same image replaces the first.

    Args:
        folder: Of earlier corrections, or new.
        layout: One of ``BOXES``.
        classes: Names of the model's classes.

    Raises:
        InputError: There are no class names, the folder has other ones, or one cannot
            be the name of a folder.
        OSError: Nothing can be written there.
    """

    def __init__(self, folder: str, layout: str, classes: Sequence[str]) -> None:
        self.root, self.layout = Path(folder), layout
        self.classes = list(map(str, classes or ()))
        check_class_names(self.classes, f'{folder}: classes')
        self._images: dict[str, LabelledImage] = {}
        self._lock = Lock()
        self.root.mkdir(parents=True, exist_ok=True)
        if layout == folders.NAME:
            self._check_folder_names()
        elif layout == yolo.NAME:
            self._check_classes()
        elif (self.root / ANNOTATIONS).exists():
            self._read_coco()

    @property
    def boxes(self) -> str:
        """How many boxes an image has: 'none', at most 'one', or 'all'."""
        return BOXES[self.layout]

    @property
    def labels(self) -> list[str]:
        """What an image can be; '' says that nothing is on it."""
        return [*self.classes, ''] if self.boxes == 'all' else self.classes

    def store(
        self,
        name: str,
        content: bytes,
        size: tuple[int, int],
        label: str,
        boxes: Sequence[Box] = (),
    ) -> Path:
        """Write an image and its label, each file atomically, the image first.

        Args:
            name: File name of the image.
            content: The file.
            size: (height, width).
            label: One of ``labels``.
            boxes: Where it is, (left, top, right, bottom) in pixels.

        Returns:
            The image's path.

        Raises:
            InputError: There is no such label, or a box is missing or outside.
            OSError: It cannot be written.
        """
        if label not in self.labels:
            raise InputError(
                f'label: found {label!r}, expected one of {", ".join(self.labels)}'
            )
        boxes = [_inside(box, size) for box in boxes] if label else []
        with self._lock:
            if self.layout == folders.NAME:
                return self._write_folder(label, name, content)
            return self._write_boxes(name, content, size, label, boxes)

    def _write_folder(self, label: str, name: str, content: bytes) -> Path:
        path = self.root / label / name
        _write(path, content)
        for other in self.root.glob(f'*/{name}'):
            if other != path:
                other.unlink()
        return path

    def _write_boxes(
        self,
        name: str,
        content: bytes,
        size: tuple[int, int],
        label: str,
        boxes: list[Box],
    ) -> Path:
        if self.boxes == 'all' and label and not boxes:
            raise InputError('boxes: found none, expected one on the picture')
        if self.boxes == 'one' and len(boxes) > 1:
            raise InputError(f'boxes: found {len(boxes)}, expected one an image')
        path = self.root / IMAGES / name
        objects = [LabelledObject(label, box) for box in boxes]
        _write(path, content)
        write = self._write_coco if self.boxes == 'all' else self._write_yolo
        write(LabelledImage(str(path), size, objects=objects, label=label, name=name))
        return path

    def _write_yolo(self, image: LabelledImage) -> None:
        number = self.classes.index(image.label)
        lines = [yolo.line_of(number, each.box, image.size) for each in image.objects]
        text = '\n'.join(lines or [str(number)]) + '\n'
        path = self.root / LABELS / f'{Path(image.name).stem}.txt'
        _write(path, text.encode())

    def _write_coco(self, image: LabelledImage) -> None:
        self._images[image.name] = image
        images = list(self._images.values())
        content = coco.content_of(images, self.classes, f'{IMAGES}/')
        _write(self.root / ANNOTATIONS, json.dumps(content).encode() + b'\n')

    def _read_coco(self) -> None:
        options = ImportOptions(format=coco.NAME)
        found, *_ = read_labels(str(self.root), options)
        self._require_same(found.classes, self.root / ANNOTATIONS)
        for image in found.images:
            image.name = Path(image.path).name
            self._images[image.name] = image

    def _check_classes(self) -> None:
        path = self.root / CLASSES
        if not path.exists():
            _write(path, ('\n'.join(self.classes) + '\n').encode())
        self._require_same(path.read_text(encoding='utf-8').splitlines(), path)

    def _check_folder_names(self) -> None:
        for name in self.classes:
            if Path(name).name != name or name.startswith('.'):
                raise InputError(
                    f'{self.root}: found the class {name!r}, expected a name that a '
                    'folder can have'
                )

    def _require_same(self, classes: list[str], path: Path) -> None:
        if classes != self.classes:
            raise InputError(
                f'{path}: found the classes {", ".join(classes)}, expected those of '
                f'the model: {", ".join(self.classes)}'
            )


def _inside(box: Box, size: tuple[int, int]) -> Box:
    """The part of a box that is on the image.

    Raises:
        InputError: That is less than a pixel.
    """
    height, width = size
    left, right = (min(max(float(x), 0.0), float(width)) for x in box[::2])
    top, bottom = (min(max(float(y), 0.0), float(height)) for y in box[1::2])
    if not (right - left >= 1 and bottom - top >= 1):
        raise InputError(
            f'boxes: found {list(box)}, expected left, top, right, bottom within the '
            f'{width}x{height} pixels of the image'
        )
    return left, top, right, bottom


def _write(path: Path, content: bytes) -> None:
    with atomic_write(path) as unfinished:
        Path(unfinished).write_bytes(content)
