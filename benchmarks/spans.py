# Copyright (c) mmacnn authors. All rights reserved.
"""Where the time of a call goes: stages inside stages, each timed by a wrapper."""

from collections.abc import Callable, Sequence
from statistics import median
from time import process_time

from torch import nn

Path = tuple[str, ...]
WIDTH = 24  # of the bar of the whole, in characters


class Spans:
    """Processor seconds of stages, by the path of names that leads to each.

    One item for each call of the whole; a stage that runs several times in it counts
    with the sum.
    """

    def __init__(self) -> None:
        self.runs: list[dict[Path, float]] = []
        self._open: list[str] = []

    def start(self) -> None:
        """Begin the next run."""
        self.runs.append({})

    def enter(self, name: str) -> float:
        """Open a stage inside the one that is open now."""
        self._open.append(name)
        return process_time()

    def leave(self, entered: float) -> None:
        """Close the stage opened last."""
        seconds = process_time() - entered
        path = tuple(self._open)
        self._open.pop()
        self.runs[-1][path] = self.runs[-1].get(path, 0.0) + seconds

    def wrap(self, name: str, call: Callable) -> Callable:
        """The same function, timed as a stage of this name."""

        def timed(*args, **kwargs):
            entered = self.enter(name)
            try:
                return call(*args, **kwargs)
            finally:
                self.leave(entered)

        return timed

    def wrap_method(self, owner: object, method: str, name: str) -> None:
        """Time a method of one object."""
        setattr(owner, method, self.wrap(name, getattr(owner, method)))

    def wrap_modules(self, model: nn.Module, depth: int) -> None:
        """Time a model's modules down to a depth; a list of modules is no stage."""
        for name, module in model.named_children():
            if isinstance(module, (nn.ModuleList, nn.Sequential, nn.ModuleDict)):
                if depth > 1:
                    self.wrap_modules(module, depth)
                continue
            module.forward = self.wrap(
                f'{name} ({type(module).__name__})', module.forward
            )
            if depth > 1:
                self.wrap_modules(module, depth - 1)


def rows_of(runs: Sequence[dict[Path, float]]) -> list[list[str]]:
    """Rows of a table: a stage, indented, its milliseconds, fraction and bar.

    A stage's own time, beside that of its parts, is a row if it is over a twentieth
    of the whole.
    """
    paths = list(dict.fromkeys(path for run in runs for path in run))
    seconds = {p: median(run.get(p, 0.0) for run in runs) for p in paths}
    whole = max(seconds.values())
    rows = []

    def add(path: Path) -> None:
        rows.append(_row(path[-1], len(path) - 1, seconds[path], whole))
        parts = [p for p in seconds if p[:-1] == path]
        for part in sorted(parts, key=seconds.get, reverse=True):
            add(part)
        rest = seconds[path] - sum(seconds[part] for part in parts)
        if parts and rest > whole / 20:
            rows.append(_row('the rest', len(path), rest, whole))

    for path in paths:
        if len(path) == 1:
            add(path)
    return rows


def _row(name: str, depth: int, seconds: float, whole: float) -> list[str]:
    fraction = seconds / whole
    bar = '█' * round(WIDTH * fraction)
    return [
        '&emsp;' * depth + name,
        f'{1000 * seconds:.2f}',
        f'{100 * fraction:.0f} %',
        f'`{bar}`' if bar else '',
    ]
