# Copyright (c) mmacnn authors. All rights reserved.
"""A config for each method, and weights for it that cost what trained ones do."""

from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope

CONFIGS = Path(__file__).parents[1] / 'configs'
METHODS = {
    'A-CNN': 'acnn/acnn-opt_strided_8e_synthetic-product-code.py',
    'ROI mask R-18': 'roi_mask/roi-mask_resnet18_8e_synthetic-regions.py',
    'CAM': 'cam/cam_strided-s16_20e_synthetic-defect-folders.py',
    'AttentDifferNet': 'attentdiffernet/'
    'attentdiffernet-se_alexnet_12e_synthetic-anomaly.py',
    'CANet R-18': 'canet/canet_r18_fpn_8e_synthetic-surface-defects.py',
}
REGION = [[10, 10, 50, 10, 50, 40]]  # what the ROI-mask classifier is asked about


def random_weights(config: str | Path, folder: str | Path) -> str:
    """Write random weights for a config into a folder.

    An anomaly detector gets a threshold, without which there is no verdict.

    Returns:
        Path of the checkpoint.
    """
    cfg = Config.fromfile(config)
    settings = cfg.model
    if 'data_preprocessor' in cfg:
        settings.setdefault('data_preprocessor', cfg.data_preprocessor)
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        model = MODELS.build(settings)
    if hasattr(model, 'calibration'):
        model.calibration.fit(torch.rand(20), torch.zeros(20), torch.rand(20))
    path = Path(folder, f'{Path(config).stem}.pth')
    torch.save(dict(state_dict=model.state_dict()), path)
    return str(path)
