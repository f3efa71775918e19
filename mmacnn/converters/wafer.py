# Copyright (c) mmacnn authors. All rights reserved.
"""Wafer maps, one number for each die, to images in MVTec AD's folders."""

import math
import re
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import mmcv
import numpy as np

from mmacnn.datasets.anomaly_folder import choose_held_out
from mmacnn.datasets.tables import read_table
from mmacnn.utils import InputError, atomic_folder, require_empty, track
from mmacnn.utils.text import short

# The eight columns of the labels of MixedWM38, in their order.
MIXED_WM38 = (
    *('Center', 'Donut', 'Edge-Loc', 'Edge-Ring'),
    *('Loc', 'Near-full', 'Scratch', 'Random'),
)
GOOD = 'good'
# Grey levels of no die, a good die and a failed one.
LEVELS = np.array([0, 128, 255], np.uint8)
# What numpy and zip raise for broken files.
BROKEN = (ValueError, OverflowError, OSError, EOFError, BadZipFile, zlib.error)
# Bytes; the maps of MixedWM38 take 0.8 GB as int64.
LARGEST_ARRAY = 1 << 33
SPLITS = dict(training='train', train='train', test='test')


class Wafer(NamedTuple):
    """One map; ``split`` is 'train', 'test' or '' where nobody decided."""

    name: str
    label: str
    split: str
    lot: str
    load: Callable[[], np.ndarray]


def convert_wafers(
    source: str,
    out: str,
    labels: str | None = None,
    good: str = 'none',
    test_fraction: float = 0.2,
    failed: Sequence[int] = (2,),
    at_most: int | None = None,
) -> dict[str, int]:
    """Write wafer maps as grey images, one pixel a die, into MVTec AD's folders.

    Good wafers go to ``train/good`` and ``test/good``, as ``split`` says or else by
    lots, those with a pattern of failures to ``test/PATTERN``. Wafers without a label
    are left out. See docs/en/data_formats.md for the files that are read.

    Args:
        source: MixedWM38's ``.npz``; or an ``.npz`` with one array for each wafer, or a
            folder of ``.npy`` files, with ``labels``.
        out: New or empty folder.
        labels: CSV file with the columns ``name`` and ``label``, and if wanted
            ``split`` (train or test) and ``lot``. Not for MixedWM38.
        good: The label of a good wafer in ``labels``.
        test_fraction: Fraction of the good wafers without a ``split`` that is for
            testing.
        failed: Numbers of a failed die. 0 is no die and 1 a good one.
        at_most: How many images a folder gets at most, chosen by their names.

    Returns:
        Number of images in each folder, and of wafers ``without a label``.

    Raises:
        FileNotFoundError: A file is missing.
        FileExistsError: ``out`` holds something.
        InputError: A file is wrong.
    """
    require_empty(out)
    if labels is not None:
        wafers = _read_labelled(source, labels, good)
    else:
        wafers = _read_mixed_wm38(source)
    folders: dict[str, list[Wafer]] = {}
    for wafer, folder in zip(wafers, _place(wafers, test_fraction), strict=True):
        folders.setdefault(folder, []).append(wafer)
    without = len(folders.pop('', ()))
    if 'train/good' not in folders:
        raise InputError(
            f'{labels or source}: found no good wafer ({good}) to train on'
        )
    counts = {}
    with atomic_folder(out) as root:
        for folder, members in track(sorted(folders.items()), 'Writing'):
            chosen = _choose(members, at_most)
            for wafer in chosen:
                image = to_image(wafer.load(), failed, f'{source}, {wafer.name}')
                mmcv.imwrite(image, str(root / folder / f'{wafer.name}.png'))
            counts[folder] = len(chosen)
    return counts | ({'without a label': without} if without else {})


def to_image(
    values: np.ndarray, failed: Sequence[int] = (2,), where: str = 'a wafer map'
) -> np.ndarray:
    """Draw a wafer map: black where no die is, grey a good die, white a failed one.

    Args:
        values: (H, W), 0 no die, 1 good die.
        failed: Numbers of a failed die.
        where: What it is, for messages.

    Returns:
        (H, W) uint8.

    Raises:
        InputError: It is no map, or has other numbers.
    """
    if values.ndim != 2 or not values.size or values.dtype.kind not in 'biuf':
        raise InputError(
            f'{where}: found an array of {values.shape} {values.dtype}, expected '
            '(height, width) numbers'
        )
    states = np.select(
        [values == 0, values == 1, np.isin(values, failed)], [0, 1, 2], 3
    )
    if states.max() > 2:
        raise InputError(
            f'{where}: found a die with the number {values[states == 3][0]}, expected '
            f'0 (none), 1 (good) or {" or ".join(map(str, failed))} (failed)'
        )
    return LEVELS[states]


def _place(wafers: list[Wafer], test_fraction: float) -> list[str]:
    """Folder of each wafer, '' for one without a label."""
    undecided = {w.lot or w.name for w in wafers if w.label == GOOD and not w.split}
    for_test = choose_held_out(sorted(undecided), test_fraction)
    folders = []
    for wafer in wafers:
        split = wafer.split
        if wafer.label != GOOD:
            split = 'test'
        elif not split:
            split = 'test' if (wafer.lot or wafer.name) in for_test else 'train'
        folders.append(f'{split}/{wafer.label}' if wafer.label else '')
    return folders


def _choose(wafers: list[Wafer], at_most: int | None) -> list[Wafer]:
    if at_most is None or len(wafers) <= at_most:
        return wafers
    fraction = at_most / len(wafers)
    names = choose_held_out([wafer.name for wafer in wafers], fraction)
    return [wafer for wafer in wafers if wafer.name in names]


def _read_mixed_wm38(source: str) -> list[Wafer]:
    arrays = _open(source)
    if isinstance(arrays, dict) or not {'arr_0', 'arr_1'} <= set(arrays.files):
        raise InputError(
            f'{source}: found no arrays arr_0 and arr_1, which MixedWM38 has, expected '
            'them, or a file of labels'
        )
    maps, codes = (_load(arrays, key, source) for key in ('arr_0', 'arr_1'))
    if maps.ndim != 3 or codes.shape != (len(maps), len(MIXED_WM38)):
        raise InputError(
            f'{source}: found arr_0 of {maps.shape} and arr_1 of {codes.shape}, '
            f'expected (wafers, height, width) and (wafers, {len(MIXED_WM38)})'
        )
    digits = len(str(len(maps)))
    return [
        Wafer(
            f'{number:0{digits}}',
            '+'.join(np.array(MIXED_WM38)[code > 0]) or GOOD,
            '',
            '',
            lambda number=number: maps[number],
        )
        for number, code in enumerate(codes)
    ]


def _read_labelled(source: str, labels: str, good: str) -> list[Wafer]:
    arrays = _open(source)
    known = set(arrays if isinstance(arrays, dict) else arrays.files)
    wafers, lines = [], {}
    for where, row in read_table(labels, ('name', 'label')):
        name, label = row['name'], row['label']
        if name not in known:
            raise InputError(f'{where}: found no map {short(name)} in {source}')
        if name in lines:
            raise InputError(f'{where}: found {name!r} again after {lines[name]}')
        if not re.fullmatch(r'[\w+-][\w .+-]*', name):
            raise InputError(f'{where}: found the name {name!r}, expected a file name')
        if (label and not re.fullmatch(r'[\w+-][\w .+-]*', label)) or (
            label == GOOD != good
        ):
            raise InputError(
                f'{where}: found the label {label!r}, expected a name that can be a '
                f'folder, {good!r} for a good wafer, or nothing'
            )
        split = row.get('split') or ''
        if split and split.lower() not in SPLITS:
            raise InputError(f'{where}: found split {split!r}, expected train or test')
        lines[name] = where.rpartition(', ')[2]
        wafers.append(
            Wafer(
                name,
                GOOD if label == good else label,
                SPLITS.get(split.lower(), ''),
                row.get('lot') or '',
                lambda name=name: _load(arrays, name, source),
            )
        )
    return wafers


def _open(source: str):
    """The arrays of a source by their names: an NpzFile, or the paths in a folder."""
    path = Path(source)
    if path.is_dir():
        return {file.stem: file for file in sorted(path.glob('*.npy'))}
    if not path.is_file():
        raise FileNotFoundError(f'{source}: found no such file or folder of wafer maps')
    try:
        arrays = np.load(path)
    except BROKEN:
        arrays = None
    if not isinstance(arrays, np.lib.npyio.NpzFile):
        raise InputError(
            f'{source}: found no .npz file, expected plain arrays (reading a .pkl '
            'file can run any program; docs/en/data_formats.md says how to export it)'
        )
    return arrays


def _load(arrays, name: str, source: str) -> np.ndarray:
    try:
        if isinstance(arrays, dict):
            # A header may claim any size; a map of memory is refused if there is less.
            return np.load(arrays[name], mmap_mode='r')
        return _read_member(arrays, name)
    except BROKEN as error:
        raise InputError(
            f'{source}, {name}: found no plain array ({error}), expected numbers'
        ) from None


def _read_member(arrays, name: str) -> np.ndarray:
    """An array of an ``.npz`` file whose header is looked at first."""
    with arrays.zip.open(f'{name}.npy') as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0
        if version != (1, 0):
            read = np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
    claimed = math.prod(shape) * dtype.itemsize
    if claimed > LARGEST_ARRAY:
        raise InputError(f'{claimed} bytes of {shape}')
    return arrays[name]
