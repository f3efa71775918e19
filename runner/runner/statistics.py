# Copyright (c) mmacnn authors. All rights reserved.
"""Frames a second, and percentiles of each stage's latency."""

import time
from collections import deque, namedtuple

import numpy as np

# Seconds of one frame's stages.
Times = namedtuple('Times', 'prepare network decode')

KEPT = 10000  # frames that the percentiles look back on; a camera runs for days


class Statistics:
    """Counts frames, and keeps how long the last ones took."""

    def __init__(self):
        self.count = 0
        self._times = deque(maxlen=KEPT)
        self.start()

    def start(self):
        """Time runs from here."""
        self._start = time.time()

    def add(self, times):
        self.count += 1
        self._times.append(times)

    def frames_per_second(self):
        """Over the whole run, waiting for the camera and writing included."""
        return self.count / max(time.time() - self._start, 1e-9)

    def summary(self):
        """A table in milliseconds, one line a stage."""
        lines = [f'{self.count} frames, {self.frames_per_second():.1f} frames a second']
        if self._times:
            lines.append(f'{"ms":10}{"median":>10}{"95 %":>10}{"99 %":>10}')
            columns = np.array(self._times)
            columns = np.column_stack((columns, columns.sum(axis=1)))
            for name, column in zip(Times._fields + ('total',), columns.T):
                values = 1000 * np.percentile(column, (50, 95, 99))
                cells = ''.join(f'{value:10.2f}' for value in values)
                lines.append(f'{name:10}{cells}')
        return '\n'.join(lines)
