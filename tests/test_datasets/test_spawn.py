# Copyright (c) mmacnn authors. All rights reserved.
"""Workers that are not forked, as on Windows: all that they need is pickled."""

import subprocess
import sys

from ..testing.methods import METHODS, prepare

PROGRAM = """
import sys
import mmacnn
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmacnn.engine.config import load_config

if __name__ == '__main__':
    cfg = load_config(sys.argv[1])
    workers = dict(num_workers=1, multiprocessing_context='spawn')
    settings = dict(cfg.train_dataloader, **workers)
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        loader = Runner.build_dataloader(settings, seed=0)
    print(len(next(iter(loader))['inputs']))
"""


def test_a_batch_from_a_spawned_worker(tmp_path):
    program = tmp_path / 'program.py'
    program.write_text(PROGRAM)
    run = [sys.executable, program, prepare(METHODS['acnn'], tmp_path, train=4, test=1)]
    done = subprocess.run(run, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == '4'
