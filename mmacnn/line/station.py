# Copyright (c) mmacnn authors. All rights reserved.
"""What a station does with each result beside the files: drift and receivers."""

import signal
from contextlib import contextmanager
from threading import current_thread, main_thread

from .drift import Calibration, Drift, measure
from .sinks import Sinks
from .streams import say


@contextmanager
def uninterrupted():
    """Let Control-C wait until a result has reached all its receivers."""
    if current_thread() is not main_thread():
        yield  # which no Control-C reaches
        return
    came = []
    before = signal.signal(signal.SIGINT, lambda *args: came.append(args))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt


def open_station(args, reference=None, place='', calibrates=False):
    """The station that the user asked for.

    Args:
        args (argparse.Namespace): with the options of ``station_arguments``.
        reference (dict): of ``drift.Calibration.facts``; None where there is none.
        place (str): where the reference is from, for messages.
        calibrates (bool): collect such facts instead.

    Raises:
        LineError: an address of a sink is wrong, or ``reference`` is damaged.
    """
    watch = Drift(reference, place) if reference and not calibrates else None
    sinks = Sinks([each for several in args.sink for each in several], args.spool)
    return Station(sinks, watch, Calibration() if calibrates else None)


class Station:
    """Watches drift, and hands results to sinks.

    Args:
        sinks (Sinks): where results go.
        drift (Drift): watches; None without a reference.
        calibration (Calibration): collects a reference; None not to.
    """

    def __init__(self, sinks, drift=None, calibration=None):
        self.calibration = calibration
        self._sinks, self._drift = sinks, drift

    def write(self, image, result):
        """Take a result.

        Args:
            image (np.ndarray): (H, W, 3) uint8 BGR; None where there is none.
            result: of the Inspector or of the runner.
        """
        changed = ()
        if image is not None and not result.error:
            if self.calibration is not None:
                self.calibration.add(result.source, measure(image, result))
            elif self._drift is not None:
                values = measure(image, result)
                changed, lines = self._drift.add(result.source, values)
                for line in lines:
                    say(line)
        self._sinks.write(image, dict(result.to_dict(), drift=list(changed)))

    def close(self):
        """Send what waits, as far as receivers are there."""
        self._sinks.close()
