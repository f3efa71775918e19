# Copyright (c) mmacnn authors. All rights reserved.
"""Where results go: a file of lines, a folder of pictures, a window.

A sink has ``write(frame, name, result, times)`` and ``close()``; the result is a
``model_folder.Result``, times are a ``statistics.Times``.
"""

import contextlib
import csv
import json
import os
import re
import time

import cv2

from .errors import UserError

COLUMNS = (
    *('frame', 'time', 'label', 'class', 'score'),
    *('roi_x0', 'roi_y0', 'roi_x1', 'roi_y1'),
    *('prepare_ms', 'network_ms', 'decode_ms'),
)
COLOUR = (0, 200, 0)  # BGR
FONT = cv2.FONT_HERSHEY_SIMPLEX


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

    def write(self, frame, name, result, times):
        roi = result.roi or (None,) * 4
        values = (name, time.time(), result.label, result.name, result.score)
        values += tuple(roi) + tuple(1000 * seconds for seconds in times)
        record = dict(zip(COLUMNS, values))
        try:
            if self._is_csv:
                self._writer.writerow(record)
            else:
                self._file.write(json.dumps(record, ensure_ascii=False) + '\n')
            self._file.flush()
        except OSError as error:
            raise UserError(f'{self._path}: {error.strerror}') from None

    def close(self):
        # After a full disk, what is left in the buffer cannot be written either.
        with contextlib.suppress(OSError):
            self._file.close()


class PictureFolder:
    """A picture of each frame with the region and the class.

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

    def write(self, frame, name, result, times):
        title = re.sub(r'[^\w.-]+', '_', os.path.basename(name))
        name = f'{self._number:06d}_{title}.jpg'
        self._number += 1
        path = os.path.join(self._path, name)
        content = cv2.imencode('.jpg', draw(frame, result))[1].tobytes()
        unfinished = path + '.unfinished'
        try:
            with open(unfinished, 'wb') as file:
                file.write(content)
            os.replace(unfinished, path)
        except OSError as error:
            if os.path.exists(unfinished):
                os.remove(unfinished)
            raise UserError(f'{path}: {error.strerror}') from None

    def close(self):
        pass


class Window:
    """A window with each frame as it comes; q or Escape ends the program.

    Raises:
        UserError: there is no screen, or this OpenCV was built without windows.
    """

    TITLE = 'mmacnn (q to quit)'

    def __init__(self):
        # Without a screen, OpenCV ends the program with an error of its own.
        if not any(map(os.environ.get, ('DISPLAY', 'WAYLAND_DISPLAY'))):
            raise UserError('--show: no screen; over ssh -X, or leave --show out')
        try:
            cv2.namedWindow(self.TITLE, cv2.WINDOW_NORMAL)
        except cv2.error:
            raise UserError('--show: this OpenCV was built without windows') from None

    def write(self, frame, name, result, times):
        cv2.imshow(self.TITLE, draw(frame, result))
        if cv2.waitKey(1) & 0xFF in (ord('q'), 27):
            raise KeyboardInterrupt

    def close(self):
        cv2.destroyWindow(self.TITLE)


def draw(frame, result):
    """Region and class on a copy of a frame.

    Args:
        frame (np.ndarray): (H, W, 3) uint8 BGR.
        result (Result): what was found on it.

    Returns:
        np.ndarray: the picture.
    """
    picture = frame.copy()
    unit = max(1, round(min(frame.shape[:2]) / 400))
    # OpenCV's letters are ASCII; others would come out as question marks.
    name = result.name if _is_ascii(result.name) else f'class {result.label}'
    text = f'{name} {result.score:.2f}'
    size = 0.6 * unit
    (width, height), below = cv2.getTextSize(text, FONT, size, unit)
    x, y = 0, height + 2 * unit
    if result.roi is not None:
        x0, y0, x1, y1 = (int(round(edge)) for edge in result.roi)
        cv2.rectangle(picture, (x0, y0), (x1, y1), COLOUR, 2 * unit)
        # Above the region; below it where the image ends.
        x = max(x0, 0)
        y = y0 - below - 2 * unit if y0 > height + 3 * below else y1 + height + below
    corners = (x, y - height - 2 * unit), (x + width, y + below)
    cv2.rectangle(picture, corners[0], corners[1], (0, 0, 0), cv2.FILLED)
    cv2.putText(picture, text, (x, y), FONT, size, COLOUR, unit, cv2.LINE_AA)
    return picture


def _is_ascii(text):
    return all(ord(letter) < 128 for letter in text)
