# Copyright (c) mmacnn authors. All rights reserved.
"""A process for each checkout of the package; they run interleaved."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
FLAG = '--take-turns'


def add_before(parser: argparse.ArgumentParser) -> None:
    """Add the argument that :func:`trees` takes."""
    parser.add_argument(
        '--before', metavar='DIR', help='an older checkout, to compare with'
    )


def trees(before: str | None) -> dict[str, Path]:
    """The checkouts to compare: ``now`` and, if there is one, ``before``."""
    found = dict(now=ROOT)
    if before:
        found['before'] = Path(before).resolve()
    return found


class Turns:
    """Another process of a script, with the package and the configs of a checkout.

    Args:
        tree: The checkout.
        script: ``__file__`` of the script, which calls :func:`take_turns` if its
            arguments have :data:`FLAG`.
        *arguments: What follows the flag.
    """

    def __init__(self, tree: Path, script: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, '-W', 'ignore', os.path.abspath(script), FLAG, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=tree,
            env=dict(os.environ, PYTHONPATH=str(tree), OMP_NUM_THREADS='1'),
        )

    def __call__(self) -> dict:
        """What the process found in its next turn."""
        print(file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f'{self.process.args}: ended with {self.process.wait()}')
        return json.loads(line)

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def take_turns(prepare: Callable[[], Callable[[], dict]]) -> None:
    """In the other process: prepare the work, do it once for each line of stdin."""
    answers, sys.stdout = sys.stdout, sys.stderr  # Whatever is printed is no answer.
    work = prepare()
    for _ in sys.stdin:
        print(json.dumps(work()), file=answers, flush=True)
