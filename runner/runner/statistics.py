# Copyright (c) mmacnn authors. All rights reserved.
"""Frames a second, and percentiles of each stage's latency."""

import time
from collections import Counter, deque

import numpy as np

from .results import STAGES

KEPT = 10000  # frames that the percentiles look back on; a camera runs for days


class Statistics:
    """Counts frames, and keeps how long the last ones took."""

    def __init__(self):
        self.count = self.num_errors = 0
        self._verdicts = Counter()
        self._times = deque(maxlen=KEPT)
        self.start()

    def start(self):
        """Time runs from here."""
        self._start = time.time()

    def add(self, result):
        """Count a ``results.Result``."""
        self.count += 1
        self.num_errors += bool(result.error)
        self._verdicts[result.verdict] += 1
        if result.milliseconds:
            self._times.append([result.milliseconds[stage] for stage in STAGES])

    def frames_per_second(self):
        """Over the whole run, waiting for the camera and writing included."""
        return self.count / max(time.time() - self._start, 1e-9)

    def summary(self):
        """The verdicts, and a table in milliseconds, one line a stage."""
        found = ', '.join(
            f'{count} {verdict}' for verdict, count in self._verdicts.most_common()
        )
        speed = self.frames_per_second()
        lines = [f'{self.count} frames ({found}), {speed:.1f} frames a second']
        if self._times:
            lines.append(f'{"ms":10}{"median":>10}{"95 %":>10}{"99 %":>10}')
            for name, column in zip(STAGES, np.array(self._times).T):
                values = np.percentile(column, (50, 95, 99))
                cells = ''.join(f'{value:10.2f}' for value in values)
                lines.append(f'{name:10}{cells}')
        return '\n'.join(lines)
