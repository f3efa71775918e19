# Copyright (c) mmacnn authors. All rights reserved.
"""Checkpoint, exported model and runner see one image of a 12-bit camera."""

import cv2
import numpy as np
import pytest

from mmacnn.engine.config import load_config
from mmacnn.inference import Inspector
from mmacnn.utils import InputError

from ..testing.methods import METHODS, images_of, prepare, random_weights
from ..testing.paths import ROOT

for package in ('mmdeploy', 'onnx', 'onnxruntime'):
    pytest.importorskip(package)
from ..testing.exported import run_on_board, same_on_board  # noqa: E402
from .test_methods import export  # noqa: E402


@pytest.mark.parametrize('name', [pytest.param('canet', marks=pytest.mark.soak), 'cam'])
def test_a_12_bit_camera(name, tmp_path):
    method = METHODS[name]
    config = prepare(method, tmp_path, train=2, test=4, depth=12)
    weights = random_weights(config, tmp_path / 'weights.pth')
    image = cv2.imread(str(images_of(method, tmp_path)[0]))
    files = [tmp_path / 'images/12.png', tmp_path / '8.png']
    files[0].parent.mkdir()
    cv2.imwrite(str(files[0]), image.astype(np.uint16) << 4)
    cv2.imwrite(str(files[1]), image)
    # `export` compares with the checkpoint, on the 12 bits.
    deploy_cfg = ROOT / 'configs/deploy' / method.deploy
    folder = export(deploy_cfg, config, weights, files[0], tmp_path / 'out')
    (trained,) = Inspector(config, weights, device='cpu')([files[1]])
    exported = Inspector(config, backend_model=folder)
    for number, file in enumerate(files):
        shown = run_on_board(folder, file, tmp_path / f'{number}.jsonl')
        same_on_board(shown, trained)
        same_on_board(shown, next(exported([file])))

    other = load_config(config, cfg_options=dict(depth=14))
    with pytest.raises(InputError, match='of depth=12, but the test pipeline .*14'):
        Inspector(other, backend_model=folder)
