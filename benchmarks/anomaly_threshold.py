# Copyright (c) mmacnn authors. All rights reserved.
"""Does the threshold keep its word? False positive rates over random splits.

Of good images, some are learned from, the threshold is chosen on them alone, and the
others say how many good images it reports. The model is one that learns in one pass and
scores learned images without themselves, such as mmacnn.PatchCore.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from mmcv.transforms import Compose
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope
from torch import Tensor, nn

from mmacnn.cli import int_at_least
from mmacnn.engine.config import load_config
from mmacnn.ops import fpr_threshold
from mmacnn.registry import MODELS, TRANSFORMS
from mmacnn.utils import InputError, run_tool, track
from mmacnn.utils.text import markdown_table

CONFIG = 'configs/attentdiffernet/patchcore_efficientnet-lite0_mvtec.py'
SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp')
BATCH = 16


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('folders', nargs='+', help='folders of good images')
    parser.add_argument('--config', default=CONFIG)
    parser.add_argument('--weights', default='data/efficientnet-lite0.pth')
    parser.add_argument(
        '--learned', nargs='+', type=int_at_least(2), default=[10, 20, 50, 100, 180]
    )
    parser.add_argument('--splits', type=int_at_least(1), default=20)
    parser.add_argument('--max-fpr', type=float, default=0.05)
    parser.add_argument('--confidence', type=float, default=0.9)
    return parser.parse_args()


def list_images(folders: Sequence[str]) -> list[str]:
    """The images in all folders, by name."""
    found = [
        str(path)
        for folder in folders
        for path in sorted(Path(folder).iterdir())
        if path.suffix.lower() in SUFFIXES
    ]
    if not found:
        raise InputError(f'{", ".join(folders)}: found no image')
    return found


def batches(samples: Sequence[dict]) -> list[dict]:
    """As a data loader has them."""
    starts = range(0, len(samples), BATCH)
    return [pseudo_collate(samples[start : start + BATCH]) for start in starts]


@torch.no_grad()
def score_split(
    model: nn.Module, learned: Sequence[dict], tested: Sequence[dict], count: int
) -> tuple[Tensor, Tensor]:
    """Held-out scores of the learned images, and scores of the others."""
    model.start(count)
    for batch in learned:
        model.train_step(batch)
    model.fit()
    held_out, _ = model.calibration_scores(learned)
    with model.core.feature_extractor.caching():
        scores = [
            model.score(model.data_preprocessor(batch, False)['inputs'])
            for batch in tested
        ]
    return held_out, torch.cat(scores)


def main() -> None:
    args = parse_args()
    torch.set_num_threads(1)
    paths = list_images(args.folders)
    if len(paths) <= max(args.learned):
        raise InputError(
            f'--learned: found {max(args.learned)}, expected less than the '
            f'{len(paths)} images'
        )
    cfg = load_config(args.config)
    backbone = cfg.model.feature_extractor.backbone.backbone
    backbone.init_cfg.checkpoint = args.weights
    cfg.model.feature_extractor.cache = 'memory'
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'mmpretrain')):
        model = MODELS.build(cfg.model)
        pipeline = Compose(
            [TRANSFORMS.build(each) for each in cfg.train_dataloader.dataset.pipeline]
        )
    model.init_weights()
    model.eval()
    samples = [
        pipeline(dict(img_path=path, gt_label=0, sample_idx=index))
        for index, path in enumerate(track(paths, 'images'))
    ]
    rows = []
    for count in args.learned:
        rates = {name: [] for name in ('expected', 'confidence', 'largest')}
        promised = fpr_threshold(torch.rand(count), args.max_fpr).promised_fpr
        for seed in track(range(args.splits), f'{count} learned'):
            order = np.random.default_rng(seed).permutation(len(samples))
            learned = batches([samples[index] for index in order[:count]])
            tested = batches([samples[index] for index in order[count:]])
            held_out, scores = score_split(model, learned, tested, count)
            thresholds = dict(
                expected=fpr_threshold(held_out, args.max_fpr).value,
                confidence=fpr_threshold(held_out, args.max_fpr, args.confidence).value,
                largest=float(held_out.max()),
            )
            for name, value in thresholds.items():
                rates[name].append(100 * float((scores > value).float().mean()))
        first, second, third = map(np.array, rates.values())
        rows.append(
            [
                count,
                f'{100 * promised:.1f}',
                f'{first.mean():.1f} ± {first.std():.1f}',
                f'{np.quantile(first, 0.9):.1f}',
                f'{second.mean():.1f}',
                f'{100 * (second <= 100 * args.max_fpr).mean():.0f}',
                f'{third.mean():.1f}',
            ]
        )
    header = [
        'learned',
        'promised, %',
        'false positive rate, %',
        '90 % quantile',
        f'with confidence {args.confidence:g}, %',
        f'splits within {100 * args.max_fpr:g} %, %',
        'above the largest, %',
    ]
    print(markdown_table(header, rows))


if __name__ == '__main__':
    run_tool(main)
