# Copyright (c) mmacnn authors. All rights reserved.
"""Reading what ``tools/test.py --out`` wrote."""

import os.path as osp
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from mmacnn.utils import InputError, read_json, read_pickle
from mmacnn.utils.file_schema import check_schema

from .checks import Results
from .records import Record, make_record

SOURCE = 'tools/test.py --out'


@dataclass(frozen=True)
class Run:
    """The results of one test.

    Attributes:
        name: What the report calls it.
        metrics: Numbers by name.
        predictions: A dict of plain values an image.
        info: What the run depended on; empty in files of earlier versions.
        maps: Maps of some images, by their place in ``predictions``.
    """

    name: str
    metrics: dict[str, float]
    predictions: list[dict]
    info: dict[str, Any] = field(default_factory=dict)
    maps: dict[int, dict] = field(default_factory=dict)

    @cached_property
    def records(self) -> list[Record]:
        """What the report needs of each prediction."""
        paths = [osp.abspath(each['img_path']) for each in self.predictions]
        root = osp.commonpath([osp.dirname(path) for path in paths])
        names = _numbered([Path(osp.relpath(path, root)).as_posix() for path in paths])
        return [
            make_record(name, prediction)
            for name, prediction in zip(names, self.predictions, strict=True)
        ]

    @property
    def fingerprint(self) -> str | None:
        """Of the data; None where it is not known."""
        return (self.info.get('data') or {}).get('fingerprint')

    @property
    def classes(self) -> Sequence[str]:
        return self.info.get('classes') or ()

    def class_name(self, label: int | None) -> str:
        """The name of a class, or its number where no name is known."""
        if label is None:
            return '–'
        return self.classes[label] if label < len(self.classes) else f'class {label}'


def same_data(one: Run, other: Run) -> bool:
    """Whether two runs were tested on the same data, as far as that is known."""
    return one.fingerprint == other.fingerprint or None in (
        one.fingerprint,
        other.fingerprint,
    )


def _numbered(names: Sequence[str]) -> list[str]:
    """A name that comes again, for another region of an image, gets a number."""
    seen: Counter[str] = Counter()
    numbered = []
    for name in names:
        seen[name] += 1
        numbered.append(name if seen[name] == 1 else f'{name} ({seen[name]})')
    return numbered


def read_run(path: str, name: str | None = None) -> Run:
    """Read the results of a test.

    A pickle that holds more than plain values and arrays is refused.

    Args:
        path: ``.pkl`` or ``.json`` file that ``tools/test.py --out`` wrote.
        name: What the report calls the run; the file's name without its suffix by
            default.

    Raises:
        FileNotFoundError: There is no such file.
        InputError: It is something else, is damaged, or holds no prediction.
    """
    if Path(path).suffix not in ('.pkl', '.json'):
        raise InputError(f'{path}: expected a name ending in .pkl or .json')
    content = read_results(path)
    check_schema(Results, content, path, SOURCE)
    metrics, info, maps = (content.get(key) or {} for key in ('metrics', 'run', 'maps'))
    return Run(name or Path(path).stem, metrics, content['predictions'], info, maps)


def read_results(path: str) -> Any:
    """Read a ``.pkl`` or ``.json`` file of plain values.

    Raises:
        FileNotFoundError: There is no such file.
        InputError: It is something else, or is damaged.
    """
    if Path(path).suffix == '.pkl':
        return read_pickle(path, f'what {SOURCE} writes')
    return read_json(path, f'what {SOURCE} writes', nan=True)
