# Copyright (c) mmacnn authors. All rights reserved.
"""Memory of a piece of work, and curves of what it costs against its size."""

import gc
import io
import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from mmengine.logging import MMLogger

from mmacnn.benchmark.machine import peak_memory_mb
from mmacnn.utils import atomic_write

Curves = Mapping[str, Sequence[float]]


def in_child(work: Callable[..., Any], *args) -> tuple[Any, float]:
    """Do some work in a forked process, which alone can say its own peak of memory.

    Args:
        work: A function of the module's top level; its result must be picklable.
        *args: Its arguments.

    Returns:
        Its result, and the MB that the process had at most beyond those at its start.

    Raises:
        RuntimeError: The process failed or was killed.
    """
    gc.freeze()  # The child's garbage collection need not look at what is here.
    context = multiprocessing.get_context('fork')
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(sender, work, args))
    process.start()
    sender.close()
    try:
        return receiver.recv()
    except EOFError:
        process.join()
        raise RuntimeError(
            f'{work.__name__}{args}: the process ended with {process.exitcode}, '
            'expected a result'
        ) from None
    finally:
        process.join()


def _send(sender, work: Callable[..., Any], args: tuple) -> None:
    MMLogger.get_current_instance().setLevel('WARNING')
    before = peak_memory_mb()
    with redirect_stdout(io.StringIO()):  # where the table goes
        result = work(*args)
    sender.send((result, peak_memory_mb() - before))


def plot_curves(
    path: str | Path, xlabel: str, sizes: Sequence[float], panels: Mapping[str, Curves]
) -> None:
    """Draw curves over sizes, both on logarithmic scales, as a PNG.

    Args:
        path: The file, written atomically.
        xlabel: What the sizes are.
        sizes: Sizes, ascending; of each curve, the first ones that it has values for.
        panels: Title of each panel, which is the unit, to its curves by name.
    """
    figure = Figure(figsize=(4.6 * len(panels), 4.0), layout='constrained')
    FigureCanvasAgg(figure)
    all_axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, (title, curves) in zip(all_axes, panels.items(), strict=True):
        for (name, values), marker in zip(curves.items(), 'os^Dv*X', strict=False):
            axes.loglog(sizes[: len(values)], values, marker=marker, label=name)
        axes.set_xticks(sizes, [f'{size:g}' for size in sizes])
        axes.minorticks_off()
        axes.set(title=title, xlabel=xlabel)
        axes.grid(alpha=0.3)
    lines, names = all_axes[0].get_legend_handles_labels()
    figure.legend(lines, names, loc='outside lower center', ncols=3, frameon=False)
    with atomic_write(path) as unfinished:
        figure.savefig(unfinished, dpi=110)
