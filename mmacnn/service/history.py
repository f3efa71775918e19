# Copyright (c) mmacnn authors. All rights reserved.
"""The last results with their images, for the page and for corrections."""

import os
import tempfile
from collections import Counter, OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any

import cv2
import numpy as np

from mmacnn.inference.base import Inferencer
from mmacnn.inference.result import InspectionResult

LAST, CHOSEN = 50, 10  # Entries that are kept: the last ones, and those looked at.


@dataclass(frozen=True)
class Entry:
    """A result and what it was about.

    Args:
        id: Of the result.
        time: In seconds since 1970.
        result: The result, without arrays.
        image: (H, W, 3) uint8 BGR; None where there was none.
        prediction: Of the model, to draw.
        content: The file as it was sent; b'' for a camera's frame.
        suffix: Of the file's format.
    """

    id: str
    time: float
    result: InspectionResult
    image: np.ndarray | None = None
    prediction: Any = None
    content: bytes = b''
    suffix: str = '.png'

    def file(self) -> bytes:
        """The image as a file: as it was sent, or as PNG."""
        return self.content or cv2.imencode('.png', self.image)[1].tobytes()

    def view(self) -> bytes:
        """The image as JPEG, for a browser."""
        return cv2.imencode('.jpg', self.image)[1].tobytes()

    def memory(self) -> int:
        """Bytes of the file, the image, and about as many of the prediction."""
        image = 0 if self.image is None else self.image.nbytes
        return len(self.content) + 2 * image


class History:
    """The last entries, within a budget, and counts of all.

    Args:
        inferencer: Draws the pictures.
        megabytes: In 10**6 bytes, of images and files. The newest entry is kept
            whatever its size.
    """

    def __init__(self, inferencer: Inferencer, megabytes: float = 256.0) -> None:
        self.counts: Counter = Counter()
        self._inferencer, self._budget = inferencer, megabytes * 1e6
        self._last: OrderedDict[str, Entry] = OrderedDict()
        self._chosen: OrderedDict[str, Entry] = OrderedDict()
        self._lock, self._drawing = Lock(), Lock()

    def add(self, entry: Entry) -> None:
        """Note a result."""
        with self._lock:
            self.counts[entry.result.verdict] += 1
            self._last[entry.id] = entry
            used = sum(each.memory() for each in self._last.values())
            while len(self._last) > LAST or (
                used > self._budget and len(self._last) > 1
            ):
                used -= self._last.popitem(last=False)[1].memory()

    def last(self) -> list[Entry]:
        """The newest first."""
        with self._lock:
            return list(reversed(self._last.values()))

    def find(self, id: str, choose: bool = False) -> Entry | None:
        """An entry; None where it is no longer kept.

        Args:
            id: Of the result.
            choose: Keep it longer than others: somebody looks at it.
        """
        with self._lock:
            entry = self._last.get(id) or self._chosen.get(id)
            if entry is not None and choose:
                self._chosen[id] = entry
                self._chosen.move_to_end(id)
                if len(self._chosen) > CHOSEN:
                    self._chosen.popitem(last=False)
            return entry

    def picture(self, entry: Entry) -> bytes:
        """The prediction drawn on its image, JPEG; the image alone after an error."""
        if entry.result.error:
            return entry.view()
        with self._drawing, tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'picture.jpg')
            name = os.path.basename(entry.result.source)
            self._inferencer.visualize(
                *(name, entry.image, entry.prediction), out_file=path
            )
            with open(path, 'rb') as file:
                return file.read()
