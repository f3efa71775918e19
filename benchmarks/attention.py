# Copyright (c) mmacnn authors. All rights reserved.
"""What CANet's spatial attention costs in linear time and in its published form."""

import argparse
import os
import time
from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import accumulate
from pathlib import Path
from statistics import median
from typing import NamedTuple

import torch
import torch.nn.functional as F
from mmengine.registry import MODELS, init_default_scope
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

from mmacnn.cli import image_size, int_at_least
from mmacnn.engine.config import load_config
from mmacnn.models.attention import SpatialAttentionEncoder
from mmacnn.utils import run_tool, track
from mmacnn.utils.text import markdown_table

HEADER = (
    *('input', 'step', 'linear ms', 'quadratic ms', 'times faster', 'linear MB'),
    *('quadratic MB', 'times less'),
)


class QuadraticAttentionEncoder(SpatialAttentionEncoder):
    """The encoder as published, with a matrix of pixels x pixels for each head.

    Only to compare with: the result is the same.
    """

    def forward(self, x: Tensor) -> Tensor:
        pixels = x[..., :: self.kv_stride, :: self.kv_stride]
        size = pixels.shape[2:]
        heads = (self.num_heads, -1)
        keys = self.key_conv(pixels).flatten(2).unflatten(1, heads)
        values = self.value_conv(pixels).flatten(2).unflatten(1, heads)
        query = self.appr_bias.view(self.num_heads, 1, -1)
        attention = (query.expand(-1, keys.shape[-1], -1) @ keys).softmax(-1)
        attended = values @ attention.transpose(2, 3)
        attended = self.proj_conv(attended.flatten(1, 2).unflatten(2, size))
        attended = F.interpolate(attended, x.shape[2:], mode='bilinear')
        return x + (self.gamma * attended).to(x.dtype)


class Cost(NamedTuple):
    """Median time of a step, and the most that it had allocated at once."""

    seconds: float
    peak_bytes: int


class Comparison(NamedTuple):
    """One step on one input in both forms, or the reason why it was not done."""

    input: str
    step: str
    linear: Cost
    quadratic: Cost | str


def compare_on_maps(
    sizes: Iterable[tuple[int, int]],
    channels: int,
    num_heads: int,
    kv_stride: int,
    rounds: int,
) -> list[Comparison]:
    """Compare both forms of the encoder by itself, on one feature map at a time.

    Args:
        sizes: (h, w) of the feature maps.
        channels: Channels of the feature maps.
        num_heads: As of :class:`SpatialAttentionEncoder`.
        kv_stride: As of :class:`SpatialAttentionEncoder`.
        rounds: Runs of each, of which the median is taken, 1 or more.

    Returns:
        Forward pass and training step for each size.
    """
    encoder = SpatialAttentionEncoder(channels, num_heads, kv_stride)
    comparisons = []
    for height, width in track(list(sizes), 'Measuring'):
        x = torch.rand(1, channels, height, width, requires_grad=True)

        def train(module: nn.Module, x: Tensor = x) -> None:
            module(x).sum().backward()
            x.grad = None

        steps = dict(forward=lambda module, x=x: module(x), train=train)
        name = f'{channels}x{height}x{width}'
        comparisons += _compare(name, encoder, steps, rounds)
    return comparisons


def compare_in_detector(
    config: str, image_size: tuple[int, int], rounds: int
) -> list[Comparison]:
    """Compare both forms inside a whole detector, on one image of noise.

    Args:
        config: Config file of an mmdet detector with the encoder in its backbone.
        image_size: (h, w) of the image.
        rounds: Runs of each, of which the median is taken, 1 or more.

    Returns:
        Prediction and training step.

    Raises:
        ValueError: The model has no :class:`SpatialAttentionEncoder`.
    """
    # Late, because only this needs mmdet's test tools.
    from mmdet.testing import demo_mm_inputs

    cfg = load_config(config)
    init_default_scope(cfg.get('default_scope', 'mmdet'))
    model = MODELS.build(cfg.model)
    if not _encoders(model):
        raise ValueError(
            f'{config}: expected an mmacnn.SpatialAttentionEncoder in the model, '
            'found none'
        )
    data = demo_mm_inputs(1, (3, *image_size), num_items=[4], num_classes=2)

    def train(model: nn.Module) -> None:
        batch = model.data_preprocessor(deepcopy(data), training=True)
        losses = model(**batch, mode='loss')
        model.parse_losses(losses)[0].backward()

    steps = dict(forward=lambda model: model.test_step(deepcopy(data)), train=train)
    return _compare(f'image of {image_size[0]}x{image_size[1]}', model, steps, rounds)


def format_table(comparisons: Iterable[Comparison]) -> str:
    """The comparisons as a table in Markdown."""
    rows = []
    for name, step, linear, quadratic in comparisons:
        cells = [name, step, f'{1e3 * linear.seconds:.2f}', '-', '-']
        cells += [f'{linear.peak_bytes / 1e6:.2f}', '-', '-']
        if isinstance(quadratic, Cost):
            cells[3] = f'{1e3 * quadratic.seconds:.2f}'
            cells[4] = f'{quadratic.seconds / linear.seconds:.1f}'
            cells[6] = f'{quadratic.peak_bytes / 1e6:.2f}'
            cells[7] = f'{quadratic.peak_bytes / linear.peak_bytes:.1f}'
        else:
            cells[3] = quadratic
        rows.append(cells)
    return markdown_table(HEADER, rows)


Step = Callable[[nn.Module], object]


def _compare(
    name: str, linear: nn.Module, steps: dict[str, Step], rounds: int
) -> list[Comparison]:
    quadratic = deepcopy(linear)
    for encoder in _encoders(quadratic):
        encoder.__class__ = QuadraticAttentionEncoder
    comparisons = []
    for step_name, step in steps.items():
        for model in (linear, quadratic):
            model.train(step_name == 'train')
        reason = _reason_to_leave_out(step, linear)
        costs = _measure(step, [linear] if reason else [linear, quadratic], rounds)
        comparisons.append(Comparison(name, step_name, costs[0], reason or costs[1]))
    return comparisons


def _encoders(model: nn.Module) -> list[SpatialAttentionEncoder]:
    return [m for m in model.modules() if isinstance(m, SpatialAttentionEncoder)]


def _run(step: Step, model: nn.Module) -> None:
    with torch.set_grad_enabled(model.training):
        step(model)
    model.zero_grad()


def _reason_to_leave_out(step: Step, model: nn.Module) -> str:
    """Say if the matrices of the quadratic form would not fit, else nothing.

    Two of them are there at a time, before and behind softmax. In training each encoder
    keeps one, and the way back of one encoder takes three more.
    """
    sizes = []

    def note_size(encoder: SpatialAttentionEncoder, inputs: tuple[Tensor]) -> None:
        pixels = inputs[0][..., :: encoder.kv_stride, :: encoder.kv_stride]
        num_pixels = pixels[0, 0].numel()
        matrices = len(pixels) * encoder.num_heads
        sizes.append(matrices * num_pixels**2 * pixels.element_size())

    hooks = [e.register_forward_pre_hook(note_size) for e in _encoders(model)]
    _run(step, model)
    for hook in hooks:
        hook.remove()
    needed = sum(sizes) + 3 * max(sizes) if model.training else 2 * max(sizes)
    free = _available_memory()
    if needed <= free / 2:
        return ''
    return (
        f'left out: {needed / 1e9:.1f} GB are more than half of the '
        f'{free / 1e9:.1f} GB free'
    )


def _available_memory() -> int:
    """Bytes that can be had without swapping, file cache included where it is known."""
    meminfo = Path('/proc/meminfo')
    if meminfo.exists():
        for line in meminfo.read_text().splitlines():
            if line.startswith('MemAvailable:'):
                return int(line.split()[1]) * 1024
    return os.sysconf('SC_AVPHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')


def _measure(step: Step, models: list[nn.Module], rounds: int) -> list[Cost]:
    """Run the models interleaved, so that a busy machine slows them down alike."""
    peaks = [_peak_bytes(step, model) for model in models]
    times = [[_seconds(step, model) for model in models] for _ in range(rounds)]
    return [
        Cost(median(seconds), peak)
        for seconds, peak in zip(zip(*times, strict=True), peaks, strict=True)
    ]


def _seconds(step: Step, model: nn.Module) -> float:
    start = time.perf_counter()
    _run(step, model)
    return time.perf_counter() - start


def _peak_bytes(step: Step, model: nn.Module) -> int:
    """The most that PyTorch had allocated for the step at one time."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        _run(step, model)
    events = profiler.profiler.kineto_results.events()
    # In the order of time; what is freed has a negative size.
    return max(accumulate(e.nbytes() for e in events if e.name() == '[memory]'))


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--config',
        help='compare the full detector of this config, not only the encoder',
    )
    parser.add_argument(
        '--image-size',
        type=image_size,
        default='600x600',
        metavar='HxW',
        help='image for the detector (%(default)s)',
    )
    parser.add_argument(
        '--map-sizes',
        nargs='+',
        type=image_size,
        default=[(38, 38), (75, 75), (150, 150), (200, 304)],
        metavar='HxW',
        help='feature maps for the encoder (38x38 75x75 150x150 200x304)',
    )
    parser.add_argument(
        '--channels', type=int_at_least(1), default=64, help='of the maps (%(default)s)'
    )
    parser.add_argument(
        '--num-heads', type=int_at_least(1), default=8, help='(%(default)s)'
    )
    parser.add_argument(
        '--kv-stride', type=int_at_least(1), default=2, help='(%(default)s)'
    )
    parser.add_argument(
        '--rounds',
        type=int_at_least(1),
        default=5,
        help='runs of each; the median is printed (%(default)s)',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    if args.config:
        found = compare_in_detector(args.config, args.image_size, args.rounds)
    else:
        found = compare_on_maps(
            args.map_sizes, args.channels, args.num_heads, args.kv_stride, args.rounds
        )
    print(format_table(found))


if __name__ == '__main__':
    run_tool(main)
