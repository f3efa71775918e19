# Copyright (c) mmacnn authors. All rights reserved.
"""How well maps of several kinds show defects, on the test images of a config.

The CAM classifier's own map; Grad-CAM (Selvaraju et al., ICCV 2017) of the same
classifier, at the end of its backbone; and models to compare with, such as the U-Net of
benchmarks/unet_efficientnet-lite0_20e_class-folders.py. PyTorch, one thread, each image
through all of them before the next one; medians of the time from image to map.
"""

import argparse
from collections.abc import Callable
from statistics import median
from time import perf_counter

import torch
from mmengine.config import DictAction
from mmengine.registry import DefaultScope
from mmengine.runner import Runner, load_checkpoint
from mmpretrain.structures import DataSample
from pytorch_grad_cam import GradCAM
from torch import Tensor

from mmacnn.engine.building import build_model
from mmacnn.engine.config import load_config
from mmacnn.evaluation import DefectMapMetric
from mmacnn.models.backbones.truncated_backbone import list_stages
from mmacnn.models.classifiers import CAMClassifier
from mmacnn.utils import InputError, run_tool, track
from mmacnn.utils.text import markdown_table

COLUMNS = ('image_auroc', 'pixel_auroc', 'pro', 'pointing', 'dice', 'best_dice')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help='of a CAM classifier, with masks for the test')
    parser.add_argument('weights')
    parser.add_argument(
        '--rival',
        nargs=3,
        action='append',
        default=[],
        metavar=('NAME', 'CONFIG', 'WEIGHTS'),
        help='another model with the same head, such as the U-Net',
    )
    parser.add_argument('--cfg-options', nargs='+', action=DictAction)
    return parser.parse_args()


def load(path: str, weights: str, options: dict | None) -> CAMClassifier:
    cfg = load_config(path, cfg_options=options)
    model = build_model(cfg, 'mmpretrain')
    if not isinstance(model, CAMClassifier) or model.head.num_classes != 2:
        raise InputError(f'{path}: expected a CAMClassifier of two classes')
    load_checkpoint(model, weights, 'cpu')
    return model.eval()


def own_map(model: CAMClassifier) -> Callable[[Tensor, DataSample], DataSample]:
    """The prediction of a model on a normalised image (1, C, H, W)."""

    def predict(image: Tensor, sample: DataSample) -> DataSample:
        with torch.no_grad():
            return model(image, [sample], 'predict')[0]

    return predict


def grad_cam(model: CAMClassifier) -> Callable[[Tensor, DataSample], DataSample]:
    """The same score, with the map of Grad-CAM, each image's from 0 to 1."""
    last = list_stages(model.backbone, 'backbone')[-1]
    cam = GradCAM(model, [last])

    def predict(image: Tensor, sample: DataSample) -> DataSample:
        image = image.clone().requires_grad_()  # the first stages are frozen
        heat = cam(image, [lambda logits: logits.sum()])[0]
        score = model.head.scores(cam.outputs.detach())[0]
        heat = torch.from_numpy(heat)
        sample.set_pred_score(score)
        sample.set_field(heat, 'pred_heatmap')
        sample.set_field(heat > 0.5, 'pred_mask')
        return sample

    return predict


def main() -> None:
    args = parse_args()
    torch.set_num_threads(1)
    model = load(args.config, args.weights, args.cfg_options)
    ways = {'own map': own_map(model), 'Grad-CAM of the same': grad_cam(model)}
    for name, *files in args.rival:
        ways[name] = own_map(load(*files, args.cfg_options))
    cfg = load_config(args.config, cfg_options=args.cfg_options)
    cfg.test_dataloader.update(batch_size=1)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        loader = Runner.build_dataloader(cfg.test_dataloader, seed=0)
    if 'mask_path' not in cfg.test_dataloader.dataset.data_prefix:
        raise InputError(
            f'{args.config}: found no mask_path for the test, expected '
            "test_dataloader.dataset.data_prefix.mask_path='test/masks'"
        )
    metrics = {name: DefectMapMetric() for name in ways}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for batch in track(loader, 'images'):
        data = model.data_preprocessor(batch)
        for name, predict in ways.items():
            sample = data['data_samples'][0].clone()
            start = perf_counter()
            shown = predict(data['inputs'], sample)
            times[name].append(1000 * (perf_counter() - start))
            metrics[name].process({}, [shown.to_dict()])
    rows = []
    for name, metric in metrics.items():
        found = metric.compute_metrics(metric.results)
        values = (found.get(column) for column in COLUMNS)
        shown = ['-' if value is None else f'{value:.1f}' for value in values]
        rows.append([name, *shown, f'{median(times[name]):.0f}'])
    print(markdown_table(['map', *COLUMNS, 'ms'], rows))


if __name__ == '__main__':
    run_tool(main)
