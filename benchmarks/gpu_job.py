# Copyright (c) mmacnn authors. All rights reserved.
"""A method on generated data: what the parts of gpu.py leave to one another."""

from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from mmengine.config import Config
from mmengine.registry import DATASETS, DefaultScope
from mmengine.runner import Runner
from torch import nn
from training_throughput import METHODS

from mmacnn import apis
from mmacnn.deploy import deploy
from mmacnn.deploy.deploy_config import build_model, plain_model_config
from mmacnn.engine.checkpoint import load_checkpoint, load_weights
from mmacnn.engine.config import load_config
from mmacnn.synthetic import TASKS, write_dataset

CONFIGS = Path(__file__).parents[1] / 'configs'
PACKAGES = ('mmdeploy', 'onnx', 'onnxruntime')
# Below configs/deploy: for ONNX Runtime, and for TensorRT in fp16.
EXPORTS = {
    'A-CNN': (
        'acnn/full_onnxruntime_dynamic',
        'acnn/full_tensorrt-fp16_static-480x640',
    ),
    'CANet R-18': ('mmdet/detection_onnxruntime_dynamic', None),
    'CAM': ('cam/cam_onnxruntime_dynamic', 'cam/cam_tensorrt-fp16_static-480x752'),
    'ROI mask R-18': (
        'roi_mask/classification_onnxruntime_dynamic',
        'roi_mask/classification_tensorrt-fp16_static-480x480',
    ),
    'AttentDifferNet': (
        'attentdiffernet/anomaly_onnxruntime_dynamic-batch',
        'attentdiffernet/anomaly_tensorrt-fp16_static-256x256',
    ),
}


class Skipped(Exception):
    """A part lacks its hardware or its library; the message names it."""


class Job:
    """A method with its generated data, and what the parts leave to one another."""

    def __init__(self, name: str, folder: Path, device: str, images: int) -> None:
        config, task = METHODS[name]
        self.folder, self.device = folder, device
        self.config, self.size = str(CONFIGS / config), TASKS[task].size
        self.onnx, self.tensorrt = (
            each and CONFIGS / f'deploy/{each}.py' for each in EXPORTS[name]
        )
        counts = dict(train=images, test=images // 2)
        write_dataset(TASKS[task], folder / 'data', counts, self.size, seed=0)
        self.options = {
            'data_root': str(folder / 'data'),
            'train_cfg.max_epochs': 1,
            'train_dataloader.batch_size': 4,
            'log_level': 'WARNING',
        }
        if task == 'regions':  # an epoch of the config has 7 500
            self.options['train_dataloader.sampler.num_samples'] = images

    def train(self, name: str, amp: bool = False, **options: object) -> Runner:
        """An epoch; its checkpoint goes into a folder of this name."""
        place, options = str(self.folder / name), self.options | options
        settings = dict(amp=amp, validate=False, cfg_options=options)
        return apis.train(self.config, place, **settings)

    @cached_property
    def cfg(self) -> Config:
        """The config as the exporter reads it."""
        return plain_model_config(load_config(self.config, cfg_options=self.options))

    @cached_property
    def images(self) -> list[str]:
        """The test images."""
        with DefaultScope.overwrite_default_scope(self.cfg.default_scope):
            dataset = DATASETS.build(self.cfg.test_dataloader.dataset)
        found = {dataset.get_data_info(i)['img_path'] for i in range(len(dataset))}
        return sorted(found)

    @property
    def weights(self) -> str:
        """The checkpoint that the first part trained."""
        path = self.folder / 'run' / 'epoch_1.pth'
        if not path.is_file():
            raise Skipped('there is no checkpoint')
        return str(path)

    def model(self, device: str) -> nn.Module:
        """The trained model on a device."""
        model = build_model(self.cfg)
        load_weights(model, load_checkpoint(self.weights), self.weights)
        return model.to(device)

    def export(self, target: Path, name: str) -> str:
        """Export into a folder; how far it is from the checkpoint."""
        missing = [each for each in PACKAGES if find_spec(each) is None]
        if missing:
            raise Skipped(f'not installed: {", ".join(missing)}')
        model = (str(target), self.config, self.weights, self.images[0])
        settings = dict(verify=len(self.images), cfg_options=dict(self.options))
        return deploy(*model, str(self.folder / name), **settings)[-1]
