# Copyright (c) mmacnn authors. All rights reserved.
"""Anomaly detectors of mmacnn beside anomalib's PatchCore, PaDiM and FastFlow.

All have the same backbone with the same weights (the first config's), and see the same
pixels. anomalib's parts, settings and training are its own; what it cannot be told (no
FastFlow for this backbone) is built from its parts. One thread. The models of anomalib
have the threshold that anomalib chooses by default: the best F1 on the test images.

anomalib (2.7.0 is what this was run with) wants an environment of its own, with this
package in it.
"""

import argparse
import io
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import numpy as np
import torch
from mmengine.runner import Runner
from torch import Tensor, nn

from mmacnn.apis import train
from mmacnn.cli import int_at_least
from mmacnn.evaluation import AnomalyMetric
from mmacnn.utils import InputError, run_tool, track
from mmacnn.utils.text import markdown_table

LAYERS = ('stride8', 'stride16')
CONFIGS = (
    'configs/attentdiffernet/patchcore_efficientnet-lite0_mvtec.py',
    'configs/attentdiffernet/spatial-flow_efficientnet-lite0_mvtec.py',
)
RIVALS = ('PatchCore', 'PaDiM', 'FastFlow')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('data_root', help='data set in the layout of MVTec AD')
    parser.add_argument('--category', default='', help='folder of the category')
    parser.add_argument('--weights', default='data/efficientnet-lite0.pth')
    parser.add_argument('--config', nargs='*', default=CONFIGS, help='of ours')
    parser.add_argument('--rivals', nargs='*', choices=RIVALS, default=RIVALS)
    parser.add_argument('--seed', type=int_at_least(0), default=0)
    parser.add_argument('--rounds', type=int_at_least(1), default=100)
    parser.add_argument(
        '--epochs', type=int_at_least(1), default=16, help="of anomalib's FastFlow"
    )
    parser.add_argument(
        '--coreset',
        type=float,
        default=0.1,
        metavar='FRACTION',
        help="kept by anomalib's PatchCore (0.1, its default: hours on a CPU)",
    )
    parser.add_argument('--onnx', action='store_true', help='time ONNX Runtime too')
    return parser.parse_args()


class Contender(nn.Module):
    """From normalised images to scores (B,) and maps (B, H, W)."""

    def __init__(self, module: nn.Module, measure: Callable) -> None:
        super().__init__()
        self.module = module
        self.measure = measure
        self.seconds = float('nan')
        self.threshold = float('nan')

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        scores, maps = self.measure(images)
        maps = maps[:, 0] if maps.ndim == 4 else maps
        return scores.reshape(-1), maps


def train_ours(config: str, args: argparse.Namespace) -> tuple[Contender, Runner]:
    """Train as ``tools/train.py`` does, in this process."""
    options = {
        'data_root': args.data_root,
        'category': args.category,
        'randomness.seed': args.seed,
        'model.feature_extractor.backbone.backbone.init_cfg.checkpoint': args.weights,
    }
    for name in ('train', 'calibration', 'test'):
        options |= {
            f'{name}_dataloader.dataset.data_root': args.data_root,
            f'{name}_dataloader.dataset.category': args.category,
            f'{name}_dataloader.num_workers': 0,
            f'{name}_dataloader.persistent_workers': False,
        }
    with tempfile.TemporaryDirectory() as folder:
        start = process_time()
        runner = train(config, folder, validate=False, cfg_options=options)
        seconds = process_time() - start
    model = runner.model.eval()
    contender = Contender(model, model.measure)
    contender.seconds = seconds
    contender.threshold = float(model.calibration.threshold)
    return contender, runner


class Backbone(nn.Module):
    """The backbone of ours, as anomalib's feature extractors look."""

    def __init__(self, backbone: nn.Module, layers: Sequence[str] | None) -> None:
        super().__init__()
        self.backbone = backbone
        self.layers = layers

    def forward(self, images: Tensor) -> dict[str, Tensor] | list[Tensor]:
        # As ours, which is faster on the CPU.
        maps = self.backbone(images.contiguous(memory_format=torch.channels_last))
        maps = [each.contiguous() for each in maps]
        return (
            maps if self.layers is None else dict(zip(self.layers, maps, strict=True))
        )


def build_rival(name: str, backbone: nn.Module, sizes: Sequence[torch.Size]):
    """A model of anomalib, with its own settings.

    Args:
        name: One of :data:`RIVALS`.
        backbone: Of ours.
        sizes: (C, h, w) of each of its maps.
    """
    options = dict(backbone='efficientnet_lite0', pre_trained=False)
    # Their constructors build a backbone of timm, which is then replaced.
    if name == 'PatchCore':
        from anomalib.models.image.patchcore.torch_model import PatchcoreModel

        model = PatchcoreModel(layers=['blocks.2', 'blocks.4'], **options)
    elif name == 'PaDiM':
        from anomalib.models.image.padim.torch_model import PadimModel

        # As many features as anomalib takes of a ResNet-18, its default.
        model = PadimModel(layers=['blocks.2', 'blocks.4'], n_features=100, **options)
    else:
        return _fastflow(backbone, sizes)
    model.layers = list(LAYERS)
    model.feature_extractor = Backbone(backbone, LAYERS)
    return model


def _fastflow(backbone: nn.Module, sizes: Sequence[torch.Size]) -> nn.Module:
    """As anomalib builds it for a ResNet: it refuses other convolutional backbones."""
    from anomalib.models.image.fastflow.anomaly_map import AnomalyMapGenerator
    from anomalib.models.image.fastflow.torch_model import (
        FastflowModel,
        create_fast_flow_block,
    )

    model = FastflowModel.__new__(FastflowModel)
    nn.Module.__init__(model)
    model.feature_extractor = Backbone(backbone, None).requires_grad_(False)
    model.norms = nn.ModuleList(nn.LayerNorm(list(size)) for size in sizes)
    model.fast_flow_blocks = nn.ModuleList(
        create_fast_flow_block(
            list(size), conv3x3_only=False, hidden_ratio=1.0, flow_steps=8
        )
        for size in sizes
    )
    stride = 8
    model.input_size = tuple(stride * side for side in sizes[0][1:])
    model.anomaly_map_generator = AnomalyMapGenerator(input_size=model.input_size)
    return model


def train_rival(
    name: str, model: nn.Module, images: Tensor, args: argparse.Namespace
) -> Contender:
    """Learn good images as anomalib's Lightning modules do, in batches of 32.

    Args:
        name: One of :data:`RIVALS`.
        model: Of :func:`build_rival`.
        images: (N, 3, H, W), normalised.
        args: Seed, epochs, coreset.
    """
    torch.manual_seed(args.seed)
    start = process_time()
    if name == 'FastFlow':
        _train_fastflow(model, images, args.epochs)
    else:
        model.train()
        model.feature_extractor.eval()
        with torch.no_grad():
            for batch in track(images.split(32), f"anomalib's {name}"):
                model(batch)
            if name == 'PatchCore':
                model.subsample_embedding(args.coreset)
            else:
                model.fit()
    seconds = process_time() - start
    contender = Contender(model.eval(), partial(_measure_rival, model))
    contender.seconds = seconds
    return contender


def _measure_rival(model: nn.Module, images: Tensor) -> tuple[Tensor, Tensor]:
    found = model(images)
    return found.pred_score, found.anomaly_map


def _train_fastflow(model: nn.Module, images: Tensor, epochs: int) -> None:
    from anomalib.models.image.fastflow.loss import FastflowLoss

    loss_of = FastflowLoss()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=0.001, weight_decay=0.00001)
    model.train()
    for _ in track(range(epochs), "anomalib's FastFlow"):
        for indices in torch.randperm(len(images)).split(32):
            optimizer.zero_grad()
            loss_of(*model(images[indices])).backward()
            optimizer.step()


def load(runner: Runner, name: str) -> tuple[Tensor, list]:
    """Normalised images (N, 3, H, W) of a data loader, and their data samples."""
    loader = runner.build_dataloader(runner.cfg[f'{name}_dataloader'], seed=0)
    images, samples = [], []
    for batch in track(loader, f'images for {name}'):
        batch = runner.model.data_preprocessor(batch, False)
        images.append(batch['inputs'])
        samples += batch['data_samples']
    return torch.cat(images), samples


@torch.no_grad()
def evaluate(
    model: Contender, images: Tensor, samples: Sequence, name: str
) -> dict[str, float]:
    """The metrics of :class:`mmacnn.AnomalyMetric`."""
    found = [model(image[None]) for image in track(images, name)]
    scores = torch.cat([score for score, _ in found])
    labels = torch.tensor([int(sample.gt_label) for sample in samples])
    if np.isnan(model.threshold):
        model.threshold = choose_as_anomalib(scores, labels)
    metric = AnomalyMetric()
    for sample, (score, heat) in zip(samples, found, strict=True):
        record = dict(
            gt_label=sample.gt_label,
            pred_anomaly_score=score,
            pred_label=int(score > model.threshold),
            pred_heatmap=heat[0],
        )
        if 'gt_seg_map' in sample:
            record['gt_seg_map'] = sample.gt_seg_map
        metric.process({}, [record])
    return metric.compute_metrics(metric.results)


def choose_as_anomalib(scores: Tensor, labels: Tensor) -> float:
    """Its default: the threshold of the best F1 on the test images themselves."""
    from anomalib.metrics.threshold.f1_adaptive_threshold import _F1AdaptiveThreshold

    chosen = _F1AdaptiveThreshold()
    chosen.update(scores, labels)
    return float(chosen.compute())


@torch.no_grad()
def time_interleaved(
    runs: dict[str, Callable], images: Tensor, rounds: int
) -> dict[str, float]:
    """Median milliseconds of each, one image at a time, all in turn."""
    times = {name: [] for name in runs}
    names = list(runs)
    for turn in track(range(5 + rounds), 'timing'):
        image, first = images[turn % len(images)][None], turn % len(names)
        for name in names[first:] + names[:first]:
            start = perf_counter()
            runs[name](image)
            if turn >= 5:  # the first ones warm up
                times[name].append(perf_counter() - start)
    return {name: 1000 * median(values) for name, values in times.items()}


def to_onnx(model: Contender, image: Tensor) -> Callable[[Tensor], list]:
    """The same in ONNX Runtime on one thread."""
    import onnxruntime

    graph = io.BytesIO()
    with torch.no_grad():
        torch.onnx.export(model, image[None], graph, opset_version=17, dynamo=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        graph.getvalue(), options, providers=['CPUExecutionProvider']
    )
    name = session.get_inputs()[0].name
    return lambda images: session.run(None, {name: images.numpy()})


def size_on_disk(model: Contender) -> float:
    """MB of the weights and of what was learned."""
    file = io.BytesIO()
    torch.save(model.module.state_dict(), file)
    return len(file.getvalue()) / 1e6


def main() -> None:
    args = parse_args()
    torch.set_num_threads(1)
    if not args.config:
        raise InputError('--config: found none, expected one at least')
    models, runner = {}, None
    for config in args.config:
        name = f'mmacnn {Path(config).stem.split("_")[0]}'
        models[name], latest = train_ours(config, args)
        runner = runner or latest
    images, _ = load(runner, 'train')
    backbone = runner.model.core.feature_extractor.backbone
    with torch.no_grad():
        sizes = [each.shape[1:] for each in backbone(images[:1])]
    for name in args.rivals:
        rival = build_rival(name, backbone, sizes)
        models[f'anomalib {name}'] = train_rival(name, rival, images, args)
    images, samples = load(runner, 'test')
    metrics = {n: evaluate(m, images, samples, n) for n, m in models.items()}
    times = [time_interleaved(models, images, args.rounds)]
    columns = ['ms, PyTorch']
    if args.onnx:
        sessions = {name: to_onnx(model, images[0]) for name, model in models.items()}
        times.append(time_interleaved(sessions, images, args.rounds))
        columns.append('ms, ONNX Runtime')
    shown = ('image_auroc', 'pixel_auroc', 'pro', 'fpr', 'fnr')
    rows = [
        [
            name,
            *(f'{metrics[name].get(key, float("nan")):.2f}' for key in shown),
            f'{model.seconds:.0f}',
            *(f'{each[name]:.1f}' for each in times),
            f'{size_on_disk(model):.1f}',
        ]
        for name, model in models.items()
    ]
    header = 'model|image AUROC|pixel AUROC|PRO 30 %|FPR, %|FNR, %'
    header = [*header.split('|'), 'training, CPU s', *columns, 'MB']
    print(markdown_table(header, rows))


if __name__ == '__main__':
    run_tool(main)
