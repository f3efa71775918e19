# Copyright (c) mmacnn authors. All rights reserved.
"""Where results go: a file of lines, a folder of pictures, a window."""

import contextlib
import csv
import json
import os
import re
import sys

import cv2

from .errors import UserError
from .results import COLUMNS


class ResultFile:
    """A line for each frame, on the disk as soon as it is known.

    Args:
        path (str): new file; ``.csv``, or ``.jsonl`` for JSON lines.

    Raises:
        UserError: it is there already, ends otherwise or cannot be written.
    """

    def __init__(self, path):
        self._path, self._is_csv = path, path.endswith('.csv')
        if not path.endswith(('.csv', '.jsonl')):
            raise UserError(f'{path}: expected a name ending in .csv or .jsonl')
        try:
            # Open for as long as frames come: close() closes it.
            self._file = open(path, 'x', encoding='utf-8', newline='')  # noqa: SIM115
        except OSError as error:
            raise UserError(f'{path}: {error.strerror}') from None
        if self._is_csv:
            self._writer = csv.DictWriter(self._file, COLUMNS)
            self._writer.writeheader()

    def write(self, result):
        """Add a line with a ``results.Result``."""
        try:
            if self._is_csv:
                self._writer.writerow(result.to_row())
            else:
                line = json.dumps(result.to_dict(), ensure_ascii=False)
                self._file.write(line + '\n')
            self._file.flush()
        except OSError as error:
            raise UserError(f'{self._path}: {error.strerror}') from None

    def close(self):
        # After a full disk, what is left in the buffer cannot be written either.
        with contextlib.suppress(OSError):
            self._file.close()


class PictureFolder:
    """A picture of each frame with what was found on it.

    Args:
        path (str): new or empty folder.

    Raises:
        UserError: it holds something, or a picture cannot be written. None is half.
    """

    def __init__(self, path):
        try:
            os.makedirs(path, exist_ok=True)
            if os.listdir(path):
                raise UserError(f'{path}: expected a new or empty folder')
        except OSError as error:
            raise UserError(f'{path}: {error.strerror}') from None
        self._path, self._number = path, 0

    def write(self, source, picture):
        """Write a picture, atomically.

        Args:
            source (str): name of the frame.
            picture (np.ndarray): (H, W, 3) uint8 BGR.

        Returns:
            str: the file.
        """
        title = re.sub(r'[^\w.-]+', '_', os.path.basename(source))
        path = os.path.join(self._path, f'{self._number:06d}_{title}.jpg')
        self._number += 1
        content = cv2.imencode('.jpg', picture)[1].tobytes()
        unfinished = path + '.unfinished'
        try:
            with open(unfinished, 'wb') as file:
                file.write(content)
            os.replace(unfinished, path)
        except OSError as error:
            if os.path.exists(unfinished):
                os.remove(unfinished)
            raise UserError(f'{path}: {error.strerror}') from None
        return path


class Window:
    """A window with each frame as it comes; q or Escape ends the program.

    Raises:
        UserError: there is no screen, or this OpenCV was built without windows.
    """

    TITLE = 'mmacnn (q to quit)'

    def __init__(self):
        # Without a screen, OpenCV ends the program with an error of its own.
        names = ('DISPLAY', 'WAYLAND_DISPLAY')
        if sys.platform.startswith('linux') and not any(map(os.environ.get, names)):
            raise UserError('--show: no screen; over ssh -X, or leave --show out')
        try:
            cv2.namedWindow(self.TITLE, cv2.WINDOW_NORMAL)
        except cv2.error:
            raise UserError('--show: this OpenCV was built without windows') from None

    def write(self, picture):
        """Show a picture, (H, W, 3) uint8 BGR."""
        cv2.imshow(self.TITLE, picture)
        if cv2.waitKey(1) & 0xFF in (ord('q'), 27):
            raise KeyboardInterrupt

    def close(self):
        cv2.destroyWindow(self.TITLE)
