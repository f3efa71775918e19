# Copyright (c) mmacnn authors. All rights reserved.
"""A station whose surroundings are killed again and again."""

import json
import os

import pytest
from line_soak import missing

from ..test_tools.test_train import run
from ..testing.paths import ROOT


@pytest.mark.soak
def test_a_station_among_servers_that_are_killed(tmp_path):
    """``make soak SOAK_MINUTES=60`` takes an hour for it."""
    if needed := missing():
        pytest.skip(f'not installed: {needed}')
    minutes, out = float(os.environ.get('SOAK_MINUTES', 5)), tmp_path / 'figures.json'
    script = ROOT / 'benchmarks' / 'line_soak.py'
    command = (script, '--minutes', minutes, '--out', out)
    done = run(*command, cwd=tmp_path, timeout=60 * minutes + 600)
    assert done.returncode == 0, done.stderr
    figures = json.loads(out.read_text())
    assert not figures['ended_early'] and figures['status'] == 1, figures
    assert set(figures['lost'].values()) == {0}, figures
    assert all(figures['equal'].values()), figures
    assert figures['sizes'] == [240, 480]
    assert figures['age'][0] < 40  # a frame's time; the median
    # A run of minutes is too short to tell a leak from warming up.
    assert figures['growth'] < (3 if minutes >= 30 else 10), figures
