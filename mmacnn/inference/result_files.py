# Copyright (c) mmacnn authors. All rights reserved.
"""The folder of an inspection: pictures, JSON lines, and a table."""

import csv
import json
import os.path as osp
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from mmacnn.visualization import name_pictures

from .result import InspectionResult

PICTURES, JSON_LINES, TABLE = 'pictures', 'results.jsonl', 'results.csv'


class LineFile:
    """A file that grows by whole lines, also where the disk fills up.

    Args:
        path: The file; must not exist.

    Raises:
        OSError: It can't be written; the error names ``path``.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._file = open(path, 'xb', buffering=0)  # noqa: SIM115 closed by `close`

    def write(self, text: str) -> None:
        """Add lines, all of them or nothing."""
        # A byte of a file's name that is no UTF-8 is JSON's escape then.
        content, start = text.encode(errors='backslashreplace'), self._file.tell()
        try:
            while content:
                content = content[self._file.write(content) :]
        except OSError as error:
            self._file.truncate(start)
            error.filename = self.path
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class ResultFiles(ExitStack):
    """Writes results as they come, each line whole; ``with`` closes the files.

    Args:
        folder: New or empty; nothing is written without one.
        names: The images' names, where they are known before.
        has_lines: Whether to write the lines, beside the pictures.
    """

    def __init__(
        self,
        folder: str,
        names: Sequence[str] | None = None,
        has_lines: bool = True,
    ) -> None:
        super().__init__()
        self.folder, self.has_lines = folder, has_lines and bool(folder)
        if not folder:
            return
        self.pictures = name_pictures(names) if names else None
        self.sources: dict[str, int] = {}  # videos, in the order of their frames
        Path(folder).mkdir(parents=True, exist_ok=True)
        if not has_lines:
            return
        self.lines = self._open(JSON_LINES)
        columns = InspectionResult(source='', verdict='').to_row()
        self.table = csv.DictWriter(self._open(TABLE), columns)
        self.table.writeheader()

    def _open(self, name: str) -> LineFile:
        return self.enter_context(closing(LineFile(osp.join(self.folder, name))))

    def picture_of(self, name: str) -> str:
        """File for the picture of an image, '' where none is drawn."""
        if not self.folder:
            return ''
        if self.pictures is not None:
            return osp.join(self.folder, PICTURES, self.pictures[name])
        source, _, number = name.rpartition('#')
        if not number.isdigit():  # an image among videos
            source, number = name, '0'
        place = self.sources.setdefault(source, len(self.sources))
        prefix = f'{place}_' if place else ''
        return osp.join(self.folder, PICTURES, f'{prefix}{int(number):06d}.jpg')

    def write(self, result: InspectionResult) -> None:
        """Add a line to both files."""
        if not self.has_lines:
            return
        line = json.dumps(result.to_dict(), ensure_ascii=False)
        self.lines.write(line + '\n')
        self.table.writerow(result.to_row())
