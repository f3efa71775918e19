# Copyright (c) mmacnn authors. All rights reserved.
"""Images that come twice: identical, near-identical, and of one series by their names.

A perceptual hash (imagehash's, or a difference hash) was tried and left out. On images
of one product it cannot tell copies from neighbours: of 880 photographs of chips half
have another chip within 7 of 256 bits of their difference hash, while a copy with a
little noise on an even background is 98 bits away. 1 minus the correlation of the fine
structure is 0.0001 for that copy, and 0.012 or more for each other chip.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mmacnn.datasets.pixels import read_pixels

# The distance of two images is 1 less the correlation of their fine structure.
# Near-identical ones have at most a tenth of the distance from the median image to the
# one that is most like it, between these limits: small and noisy images are less alike,
# copies or not.
NEAREST, FARTHEST, FRACTION = 0.01, 0.1, 0.1
FEWEST = 20  # Images; among fewer it is 0.99.
PROJECTED = 256  # Numbers that candidates are found with,
PROJECTION_ERROR = 0.03  # more than twice its standard deviation at 0.9.
BLOCK = 2048  # Images that are compared with all others at once.
COPY = 0.999  # Correlation from which two images may have the same pixels.
MOST_PAIRS = 100_000
MOST_CONFIRMED = 1000  # Near-identical pairs that are decoded in full.
# An image of Roboflow's, which may be one of several made from one.
ROBOFLOW = re.compile(r'[._](?:jpe?g|png|bmp|tiff?)\.rf\.[0-9a-zA-Z]+$')
NUMBER = re.compile(r'[\s_.(-]*\d+\)?$')
LONGEST_SERIES = 20  # Images; a stem of more is the name of a kind, not of a part.


@dataclass(frozen=True)
class NearPair:
    """Two near-identical images, by their places, and their correlation."""

    first: int
    second: int
    correlation: float


def identical_groups(
    paths: Sequence[str], digests: Sequence[bytes]
) -> list[tuple[int, ...]]:
    """Find images of the same pixels.

    Args:
        paths: The files. Those of one digest are decoded in full to make sure.
        digests: See ``PixelFacts``.

    Returns:
        Groups of two or more, by their places.
    """
    found = []
    for group in _groups(enumerate(digests)):
        found += _groups((index, pixels_of(paths[index])) for index in group)
    return found


def _groups(items: Iterable[tuple[int, object]]) -> list[tuple[int, ...]]:
    """Places with the same key, where there are two or more."""
    places: dict[object, list[int]] = defaultdict(list)
    for index, key in items:
        places[key].append(index)
    return [tuple(group) for group in places.values() if len(group) > 1]


def pixels_of(path: str) -> bytes:
    """What is the same for two files if, and only if, they show the same pixels."""
    image = read_pixels(path, cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH)
    if image is None:
        return path.encode(errors='surrogateescape')
    digest = hashlib.sha256(repr((image.shape, image.dtype.str)).encode())
    digest.update(np.ascontiguousarray(image))
    return digest.digest()


def near_pairs(textures: np.ndarray) -> tuple[list[NearPair], bool]:
    """Find pairs of images whose fine structure is nearly the same.

    So are copies in another compression or size, with other brightness or noise, and
    photographs of one part that did not move. Images that are shifted by more than a
    hundredth of their size, turned or mirrored are not found.

    Args:
        textures: (N, D), see ``PixelFacts``.

    Returns:
        The pairs, the most alike first, and whether there were too many to list all.
    """
    short = _project(textures)
    least = _least_correlation(short)
    pairs: list[NearPair] = []
    for start in range(0, len(short), BLOCK):
        alike = short[start : start + BLOCK] @ short[start:].T
        # Each pair once: above the diagonal.
        rows, columns = np.nonzero(np.triu(alike > least - PROJECTION_ERROR, 1))
        pairs += _confirm(textures, rows + start, columns + start, least)
        if len(pairs) >= MOST_PAIRS:
            return _sorted(pairs[:MOST_PAIRS]), True
    return _sorted(pairs), False


def _project(textures: np.ndarray) -> np.ndarray:
    """(N, 256) float32 of length 1, or 0, whose angles are nearly the same."""
    count, size = textures.shape
    # A projection by a random matrix keeps angles; it makes candidates cheap.
    shape = (size, min(PROJECTED, size))
    matrix = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    short = np.concatenate(
        [
            textures[start : start + BLOCK].astype(np.float32) @ matrix
            for start in range(0, max(count, 1), BLOCK)
        ]
    )
    return short / np.maximum(np.linalg.norm(short, axis=1, keepdims=True), 1e-9)


def _least_correlation(short: np.ndarray) -> float:
    """The correlation from which two images of this data set are near-identical.

    Args:
        short: (N, 256), see :func:`_project`.
    """
    if len(short) < FEWEST:
        return 1 - NEAREST
    best = np.zeros(len(short))
    for start in range(0, len(short), BLOCK):
        alike = short[start : start + BLOCK] @ short.T
        rows = np.arange(len(alike))
        alike[rows, rows + start] = -1
        best[rows + start] = alike.max(axis=1)
    return 1 - float(np.clip(FRACTION * np.median(1 - best), NEAREST, FARTHEST))


def _confirm(
    textures: np.ndarray, firsts: np.ndarray, seconds: np.ndarray, least: float
) -> list[NearPair]:
    pairs = []
    for start in range(0, len(firsts), BLOCK):
        chosen = slice(start, start + BLOCK)
        products = np.einsum(
            'ij,ij->i',
            textures[firsts[chosen]].astype(np.float32),
            textures[seconds[chosen]].astype(np.float32),
        )
        for i in np.flatnonzero(products >= least):
            first, second = int(firsts[start + i]), int(seconds[start + i])
            pairs.append(NearPair(first, second, min(float(products[i]), 1.0)))
        if len(pairs) >= MOST_PAIRS:
            break
    return pairs


def _sorted(pairs: list[NearPair]) -> list[NearPair]:
    return sorted(pairs, key=lambda p: (-p.correlation, p.first, p.second))


def find_duplicates(
    paths: Sequence[str], digests: Sequence[bytes], textures: np.ndarray
) -> tuple[list[tuple[int, ...]], list[NearPair], bool]:
    """Find identical and near-identical images.

    Args:
        paths, digests: See :func:`identical_groups`.
        textures: See :func:`near_pairs`.

    Returns:
        Groups of identical images; pairs of near-identical ones, which are in no group
        together; and whether there were too many pairs to list all.
    """
    groups = identical_groups(paths, digests)
    pairs, is_cut = near_pairs(textures)
    group_of = {index: number for number, group in enumerate(groups) for index in group}
    # The same pixels in a JPEG and, without loss, in a PNG have different digests.
    for pair in [p for p in pairs if p.correlation > COPY][:MOST_CONFIRMED]:
        first, second = (group_of.get(i) for i in (pair.first, pair.second))
        if first is not None and second is not None:
            continue
        if pixels_of(paths[pair.first]) == pixels_of(paths[pair.second]):
            number = first if first is not None else second
            if number is None:
                number = len(groups)
                groups.append(())
            groups[number] = tuple(sorted({*groups[number], pair.first, pair.second}))
            group_of[pair.first] = group_of[pair.second] = number
    kept = [
        pair
        for pair in pairs
        if pair.first not in group_of
        or group_of[pair.first] != group_of.get(pair.second)
    ]
    return groups, kept, is_cut


def stem_of(path: str) -> str:
    """A name without suffix and the number at its end: that of a series.

    Example:
        >>> stem_of('part12_view_3.png')
        'part12_view'
    """
    stem = Path(path).stem
    original = ROBOFLOW.sub('', stem)
    return original if original != stem else NUMBER.sub('', stem)


def split_series(
    paths: Sequence[str], splits: Sequence[str]
) -> dict[str, tuple[int, ...]]:
    """Find series, by name, that are divided between splits.

    Args:
        paths: The files.
        splits: The split of each.

    Returns:
        The places of each series' images by its stem. Nothing where all names have one
        stem; a stem of more than 20 images is no series of one part.
    """
    series: dict[str, list[int]] = defaultdict(list)
    for index, path in enumerate(paths):
        series[stem_of(path)].append(index)
    if len(series) < 2:
        return {}
    return {
        stem: tuple(places)
        for stem, places in series.items()
        if stem
        and len(places) <= LONGEST_SERIES
        and len({splits[i] for i in places}) > 1
    }


def across(
    groups: Iterable[Sequence[int]], splits: Sequence[str]
) -> Iterator[Sequence[int]]:
    """Those of the groups that have images of more than one split."""
    return (group for group in groups if len({splits[i] for i in group}) > 1)
