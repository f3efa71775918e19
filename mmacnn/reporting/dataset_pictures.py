# Copyright (c) mmacnn authors. All rights reserved.
"""Small pictures of a data set: samples of each class, outliers, duplicates."""

import os.path as osp
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from mmacnn.datasets.analysis.dataset import DatasetAnalysis, names_on
from mmacnn.datasets.analysis.pixels import read_reduced
from mmacnn.datasets.regions import decode_region
from mmacnn.utils import InputError
from mmacnn.visualization.drawing import as_canvas, draw_box, fit
from mmacnn.visualization.roi_visualizer import BOX_COLOUR

from .pictures import as_data_url

HEIGHT, WIDTH = 200, 260  # Pixels of a picture.
LINE = 2  # Pixels of an outline.
SAMPLES_EACH = 6  # Of a class.
# Fractions of all pictures.
FOR_SAMPLES, FOR_OUTLIERS, FOR_PAIRS = 0.5, 0.2, 0.3


@dataclass(frozen=True)
class Thumbnail:
    """A small picture; ``source`` is the ``data:`` URL of a JPEG."""

    source: str
    name: str
    caption: str


@dataclass
class DatasetPictures:
    """The pictures of a data set.

    Args:
        samples: Of each class.
        outliers: Of each kind.
        pairs: Identical or near-identical images: what they are, and both.
    """

    samples: dict[str, list[Thumbnail]] = field(default_factory=dict)
    outliers: dict[str, list[Thumbnail]] = field(default_factory=dict)
    pairs: list[tuple[str, list[Thumbnail]]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many there are."""
        rows = (*self.samples.values(), *self.outliers.values())
        return sum(map(len, rows)) + sum(len(pair) for _, pair in self.pairs)


def draw_dataset(analysis: DatasetAnalysis, limit: int) -> DatasetPictures:
    """Draw samples, outliers and pairs of duplicates.

    Args:
        analysis: The data set.
        limit: How many pictures there may be in all.
    """
    pictures = DatasetPictures()
    room = int(FOR_SAMPLES * limit)
    used = set().union(*map(names_on, analysis.images))
    names = [name for name in analysis.classes if name in used][:room]
    each = min(SAMPLES_EACH, room // max(1, len(names)))
    for name in names:
        of_class = [i for i, im in enumerate(analysis.images) if name in names_on(im)]
        pictures.samples[name] = _draw(analysis, _spread(of_class, each))
    kinds = list(dict.fromkeys(outlier.what for outlier in analysis.outliers))
    room = int(FOR_OUTLIERS * limit) // max(1, len(kinds))
    for kind in kinds:
        chosen = [o for o in analysis.outliers if o.what == kind][:room]
        notes = [f'{o.value:.3g}, median {o.median:.3g}' for o in chosen]
        pictures.outliers[kind] = _draw(analysis, [o.index for o in chosen], notes)
    for title, pair in _pairs(analysis)[: int(FOR_PAIRS * limit) // 2]:
        pictures.pairs.append((title, _draw(analysis, pair)))
    return pictures


def _spread(places: Sequence[int], count: int) -> list[int]:
    """So many of the places, evenly from all."""
    if len(places) <= count:
        return list(places)
    return [places[i * len(places) // count] for i in range(count)]


def _pairs(analysis: DatasetAnalysis) -> list[tuple[str, tuple[int, int]]]:
    """What pairs there are, those in different splits first."""
    pairs = [('identical', group[:2]) for group in _in_two_splits(analysis)]
    pairs += [
        (f'correlation {pair.correlation:.3f}', (pair.first, pair.second))
        for pair in analysis.near
    ]
    return sorted(
        pairs, key=lambda item: len({analysis.split_of[i] for i in item[1]}) < 2
    )


def _in_two_splits(analysis: DatasetAnalysis) -> Iterable[tuple[int, ...]]:
    """The identical groups, two images of different splits first where there are."""
    for group in analysis.identical:
        split = analysis.split_of[group[0]]
        others = [i for i in group[1:] if analysis.split_of[i] != split]
        yield group[0], *(others or group[1:])


def _draw(
    analysis: DatasetAnalysis, places: Sequence[int], notes: Sequence[str] = ()
) -> list[Thumbnail]:
    thumbnails = []
    root = analysis.root
    folder = root if osp.isdir(root) else osp.dirname(root) or osp.curdir
    for number, place in enumerate(places):
        image = analysis.images[place]
        top = analysis.ranges[analysis.facts[place].depth]
        try:
            source = as_data_url(draw_labels(image, top))
        except (OSError, InputError):  # it was there a minute ago
            continue
        parts = [analysis.split_of[place], ', '.join(sorted(names_on(image)))]
        parts += notes[number : number + 1]
        caption = ' · '.join(filter(None, parts))
        name = osp.relpath(image.path, folder)
        thumbnails.append(Thumbnail(source, name, caption))
    return thumbnails


def draw_labels(image, top: float) -> np.ndarray:
    """An image with its outlines, or boxes where it has none.

    Args:
        image: See ``mmacnn.datasets.analysis.figures.Labelled``.
        top: Largest value that its pixels may have.

    Returns:
        (H, W, 3) uint8, RGB, at most 200 pixels high and 260 wide.

    Raises:
        InputError: It cannot be read.
    """
    pixels = read_reduced(image.path, colour=True)
    if pixels.dtype != np.uint8:
        pixels = np.clip(np.nan_to_num(pixels) * (255.0 / top), 0, 255).astype(np.uint8)
    photo = fit(np.ascontiguousarray(pixels[..., ::-1]), HEIGHT, WIDTH)
    scale = np.divide(photo.shape[1::-1], image.size[::-1])
    canvas, draw = as_canvas(photo)
    for item in image.objects:
        lines = outlines_of(item, image.size) or [_corners(item.box)]
        for points in lines:
            corners = [tuple(point) for point in (points * scale).tolist()]
            draw.line([*corners, corners[0]], fill=BOX_COLOUR, width=LINE)
        box = np.array(item.box) * np.tile(scale, 2)
        if max(box[2:] - box[:2]) < 12:  # too small to be seen
            draw_box(draw, box + (-3, -3, 3, 3), BOX_COLOUR, 1)
    return np.asarray(canvas)


def _corners(box: Sequence[float]) -> np.ndarray:
    left, top, right, bottom = box
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])


def outlines_of(item, size: tuple[int, int]) -> list[np.ndarray]:
    """The outline of an object as polygons, (N, 2) points x and y in pixels each.

    Args:
        item: See ``mmacnn.datasets.analysis.figures.Object``.
        size: (height, width) of its image.
    """
    if not item.outline:
        return []
    if isinstance(item.outline, list):
        return [np.reshape(polygon, (-1, 2)) for polygon in item.outline]
    try:
        mask = decode_region(item.outline, size, '')
    except InputError:
        return []
    found = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
    return [contour[:, 0] + 0.5 for contour in found]
