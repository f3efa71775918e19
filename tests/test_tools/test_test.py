# Copyright (c) mmacnn authors. All rights reserved.
import json
import os
import subprocess
import sys
from pathlib import Path

from mmacnn.apis import train

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
    results = json.loads((tmp_path / 'results.json').read_text())
    right = [each['pred_label'] == each['gt_label'] for each in results['predictions']]
    assert len(right) == 8
    assert results['metrics'] == {'accuracy/top1': 100 * sum(right) / 8}
