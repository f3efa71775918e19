# Copyright (c) mmacnn authors. All rights reserved.
"""What a station does with each result beside the files: drift and receivers."""

from .drift import Calibration, Drift, measure
from .sinks import FORMS, Sinks
from .streams import say
from .triggers import is_trigger


def trigger(text):
    """A ``type`` for argparse."""
    if not is_trigger(text):
        raise ValueError
    return text


def seconds(text):
    """A number above 0, a ``type`` for argparse."""
    value = float(text)
    if not value > 0:
        raise ValueError
    return value


def add_station_arguments(parser):
    """Add the options of live cameras and of receivers.

    Args:
        parser (argparse.ArgumentParser): of ``inspect``, or of the board's runner.
    """
    parser.add_argument(
        '--trigger',
        type=trigger,
        default='',
        metavar='WHAT',
        help='when to take a frame of a camera: camera (it is triggered itself), stdin '
        '(a line), udp:PORT or udp:ADDRESS:PORT (a datagram), every:SECONDS (always, '
        'the newest frame)',
    )
    parser.add_argument(
        '--stall',
        type=seconds,
        default=5.0,
        metavar='SECONDS',
        help='without a frame for so long, a camera is opened again (5)',
    )
    parser.add_argument(
        '--sink',
        nargs='+',
        action='append',
        default=[],
        metavar='ADDRESS',
        help=f'where each result goes too: {FORMS}',
    )
    parser.add_argument(
        '--spool',
        default='spool',
        metavar='DIR',
        help='where results wait while a receiver is away (./spool)',
    )


def open_station(args, reference=None, place='', calibrates=False):
    """The station that the user asked for.

    Args:
        args (argparse.Namespace): with the options of ``add_station_arguments``.
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
