# Copyright (c) mmacnn authors. All rights reserved.
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmacnn.apis import train

from .test_train import TORCHRUN, free_port, run

ROOT = Path(__file__).parents[2]


def test_writes_metrics_and_predictions(tiny_config, tmp_path):
    train(
        str(tiny_config),
        work_dir=str(tmp_path / 'run'),
        validate=False,
        cfg_options={'train_cfg.max_epochs': 1},
    )
    done = subprocess.run(
        [
            *(
                sys.executable,
                ROOT / 'tools' / 'test.py',
                tiny_config,
                tmp_path / 'run' / 'epoch_1.pth',
            ),
            *('--work-dir', tmp_path / 'run', '--out', tmp_path / 'results.json'),
        ],
        env={**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    header, line = done.stdout.splitlines()[-2:]
    assert header.split() == ['metric', 'value'] and 'accuracy/top1' in line
    results = json.loads((tmp_path / 'results.json').read_text())
    right = [each['pred_label'] == each['gt_label'] for each in results['predictions']]
    assert len(right) == 8
    assert results['metrics'] == {'accuracy/top1': 100 * sum(right) / 8}


@pytest.mark.soak
def test_two_processes_test_as_one(tiny_config, tmp_path):
    train(
        str(tiny_config),
        work_dir=str(tmp_path / 'run'),
        validate=False,
        cfg_options={'train_cfg.max_epochs': 1},
    )
    # Eight images in batches of three, so that the fractions are uneven.
    command = [ROOT / 'tools/test.py', tiny_config, tmp_path / 'run/epoch_1.pth']
    command += ['--work-dir', tmp_path / 'run', '--cfg-options']
    command += ['test_dataloader.batch_size=3', '--out']
    one = run(*command, 'one.json', cwd=tmp_path)
    torchrun = [*TORCHRUN, '--master_port', free_port()]
    two = run(*torchrun, *command, 'two.json', '--launcher', 'pytorch', cwd=tmp_path)

    assert one.returncode == two.returncode == 0, one.stderr + two.stderr
    alone, together = (
        json.loads((tmp_path / name).read_text()) for name in ('one.json', 'two.json')
    )
    assert together['metrics'] == alone['metrics']
    for mine, theirs in zip(alone['predictions'], together['predictions'], strict=True):
        assert mine['img_path'] == theirs['img_path']
        assert mine['pred_score'] == pytest.approx(theirs['pred_score'], abs=1e-6)
