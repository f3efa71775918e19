# Copyright (c) mmacnn authors. All rights reserved.
"""Nothing grows while images are inspected or epochs are trained."""

import json

import pytest

from .test_tools.test_train import run
from .testing.paths import ROOT

HELD = ('files', 'threads', 'children', 'temporary')


def figures(folder, *arguments, timeout=300):
    """Rows and growth, in %, of a run of benchmarks/memory.py."""
    out = folder / 'memory.json'
    script = ROOT / 'benchmarks' / 'memory.py'
    done = run(script, *arguments, '--out', out, cwd=folder, timeout=timeout)
    assert done.returncode == 0, done.stderr
    return json.loads(out.read_text())


@pytest.mark.soak
@pytest.mark.parametrize(
    ('arguments', 'limit'),
    [
        # What a few images leak is little beside what the libraries take.
        (('inspect', '--images', 160, '--pictures'), 1),
        (('train', '--epochs', 8, '--workers', 0), 2),
        (('inspect', '--images', 20000), 3),
        (('inspect', '--images', 2000, '--pictures'), 3),
        (('train', '--epochs', 50), 3),
    ],
    ids=lambda value: '-'.join(map(str, value)) if isinstance(value, tuple) else '',
)
def test_nothing_grows(tmp_path, arguments, limit):
    """From the second quarter to the last one, in %; the first is for warming up."""
    found = figures(tmp_path, *arguments, timeout=3600)
    assert len(found['rows']) >= 8
    for name in ('memory', 'of_children'):
        assert found['growth'][name] < limit, found
    for name in HELD:
        assert found['growth'][name] <= 0, found
