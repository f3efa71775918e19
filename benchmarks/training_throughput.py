# Copyright (c) mmacnn authors. All rights reserved.
"""Images a second that a training reads and learns, and which of the two is slower.

One process for this version and, with --before, one for an older checkout; they run
interleaved, a batch at a time. Data are generated, weights are random. A core reads
while another one learns, so the slower of the two sets the pace.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from mmengine.config import Config
from turns import FLAG, Turns, add_before, take_turns, trees

from mmacnn.cli import int_at_least
from mmacnn.utils import run_tool
from mmacnn.utils.text import markdown_table

METHODS = {
    'A-CNN': ('acnn/acnn-opt_strided_8e_synthetic-product-code.py', 'product-code'),
    'CANet R-18': (
        'canet/canet_r18_fpn_8e_synthetic-surface-defects.py',
        'surface-defects',
    ),
    'AttentDifferNet': (
        'attentdiffernet/attentdiffernet-se_alexnet_12e_synthetic-anomaly.py',
        'anomaly',
    ),
    'ROI mask R-18': ('roi_mask/roi-mask_resnet18_8e_synthetic-regions.py', 'regions'),
    'CAM': ('cam/cam_strided-s16_20e_synthetic-defect-folders.py', 'defect-folders'),
}
NUM_IMAGES = 48


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--methods', nargs='+', choices=METHODS, default=list(METHODS))
    parser.add_argument('--rounds', type=int_at_least(1), default=9)
    add_before(parser)
    parser.add_argument(FLAG, nargs=2, dest='learn', help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    if args.learn:
        take_turns(lambda: learn(*args.learn))
        return
    # Late: a process that learns may have an older package.

    from mmacnn.benchmark.timing import interleave
    from mmacnn.synthetic import TASKS, write_dataset

    rows = []
    for name in args.methods:
        config, task = METHODS[name]
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder, 'data')
            counts = dict(train=NUM_IMAGES, test=1)
            write_dataset(TASKS[task], data, counts, TASKS[task].size, seed=0)
            learners = {
                when: Turns(tree, __file__, f'configs/{config}', str(data))
                for when, tree in trees(args.before).items()
            }
            found = interleave(learners, args.rounds, name, warm_up=1)
            for learner in learners.values():
                learner.close()
        rows.append([name, *cells(found)])
    header = ['', 'batch', 'read, images/s', 'learn, images/s', 'reading by learning']
    if args.before:
        header += ['read, times faster', 'learn, times faster']
    print(markdown_table(header, rows))


def cells(found: dict[str, list[dict]]) -> list[str]:
    """Of CPU time: images a second now, and how many times as many as before."""
    now = found['now']
    size = now[0]['batch']
    pace = [size / median(turn[part] for turn in now) for part in ('read', 'learn')]
    fraction = median(turn['read'] / turn['learn'] for turn in now)
    row = [str(size), *(f'{speed:.1f}' for speed in pace), f'{fraction:.2f}']
    if 'before' in found:
        turns = list(zip(found['before'], now, strict=True))
        row += [
            f'{median(old[part] / new[part] for old, new in turns):.2f}'
            for part in ('read', 'learn')
        ]
    return row


def learn(config: str, data: str) -> Callable[[], dict]:
    """Read and learn a batch in each turn."""
    from time import process_time

    import cv2
    import torch
    from mmengine.logging import MMLogger
    from mmengine.optim import build_optim_wrapper
    from mmengine.registry import MODELS, init_default_scope
    from mmengine.runner import Runner

    import mmacnn  # noqa: F401

    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    MMLogger.get_instance('learner', log_level='ERROR')
    cfg = Config.fromfile(config)
    init_default_scope(cfg.default_scope)
    settings = _with_data(cfg.train_dataloader.to_dict(), cfg.data_root, data)
    settings.update(num_workers=0, persistent_workers=False)
    loader = Runner.build_dataloader(settings, seed=0)
    model = MODELS.build(cfg.model)
    optimizer = build_optim_wrapper(model, cfg.optim_wrapper)
    batches = _for_ever(loader)

    def turn() -> dict:
        start = process_time()
        batch = next(batches)
        middle = process_time()
        model.train_step(batch, optimizer)
        end = process_time()
        size = len(batch['data_samples'])
        return dict(read=middle - start, learn=end - middle, batch=size)

    return turn


def _with_data(settings, old: str, new: str):
    """The settings with another folder of data."""
    if isinstance(settings, dict):
        return {key: _with_data(value, old, new) for key, value in settings.items()}
    if isinstance(settings, (list, tuple)):
        return type(settings)(_with_data(value, old, new) for value in settings)
    return settings.replace(old, new) if isinstance(settings, str) else settings


def _for_ever(loader) -> Iterator[dict]:
    while True:
        yield from loader


if __name__ == '__main__':
    run_tool(main)
