# Copyright (c) mmacnn authors. All rights reserved.
"""What a CAM classifier costs beside a plain classifier of the same backbone.

The plain one is the backbone to stride 32, the mean and a linear layer. Both have
random weights, and the export folds their batch normalization. ONNX Runtime, one
thread, interleaved: medians, and the median of the ratios of each round.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

import torch
from mmengine.registry import MODELS, DefaultScope
from torch import Tensor, nn

from mmacnn.cli import image_size, int_at_least
from mmacnn.deploy.onnx.session import open_session
from mmacnn.engine.building import build_model
from mmacnn.engine.config import load_config
from mmacnn.models.classifiers import CAMClassifier
from mmacnn.utils import InputError, run_tool
from mmacnn.utils.text import markdown_table


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='of a CAM classifier')
    parser.add_argument(
        '--size', type=image_size, default=(256, 256), metavar='HEIGHTxWIDTH'
    )
    parser.add_argument('--rounds', type=int_at_least(1), default=100)
    return parser.parse_args()


class Ours(nn.Module):
    """From normalised images (B, C, H, W) to logits and maps."""

    def __init__(self, model: CAMClassifier) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        cam = self.model.head.activation_map(self.model.extract_feat(images))
        return self.model.head.pool(cam), cam


class Plain(nn.Module):
    """From the same images to the logits of two classes."""

    def __init__(self, backbone: dict) -> None:
        super().__init__()
        kind = dict(type=backbone.get('backbone', backbone)['type'])
        cut = dict(type='mmacnn.TruncatedBackbone', stride=32, backbone=kind)
        self.backbone = MODELS.build(cut)
        self.backbone.eval()
        with torch.no_grad():
            channels = self.backbone(torch.zeros(1, 3, 64, 64))[-1].shape[1]
        self.fc = nn.Linear(channels, 2)

    def forward(self, images: Tensor) -> Tensor:
        return self.fc(self.backbone(images)[-1].mean((2, 3)))


def to_onnx(network: nn.Module, image: Tensor, folder: str) -> Callable[[], list]:
    """A run in ONNX Runtime, one thread, of an image (1, C, H, W)."""
    path = Path(folder, f'{type(network).__name__}.onnx')
    network.eval()
    torch.onnx.export(
        network, image, str(path), opset_version=17, dynamo=False, input_names=['input']
    )
    session = open_session(path, 1)
    return lambda: session.run(None, dict(input=image.numpy()))


def main() -> None:
    args = parse_args()
    torch.set_num_threads(1)
    cfg = load_config(args.config)
    model = build_model(cfg, 'mmpretrain')
    if not isinstance(model, CAMClassifier):
        raise InputError(f'{args.config}: expected a CAMClassifier')
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        networks = dict(cam=Ours(model), plain=Plain(cfg.model.backbone))
    image = torch.randn(1, 3, *args.size)
    times: dict[str, list[float]] = {name: [] for name in networks}
    with tempfile.TemporaryDirectory() as folder:
        runs = {name: to_onnx(each, image, folder) for name, each in networks.items()}
        for _ in range(args.rounds + 1):
            for name, run in runs.items():
                start = perf_counter()
                run()
                times[name].append(1000 * (perf_counter() - start))
    cam, plain = (times[name][1:] for name in ('cam', 'plain'))  # the first warms up
    ratio = median(a / b for a, b in zip(cam, plain, strict=True))
    rows = [
        ['CAM classifier', f'{median(cam):.1f}', f'{ratio:.2f}'],
        ['plain classifier, stride 32', f'{median(plain):.1f}', '1.00'],
    ]
    print(markdown_table(['model', 'ms', 'times plain'], rows))


if __name__ == '__main__':
    run_tool(main)
