# Copyright (c) mmacnn authors. All rights reserved.
"""A config of the user's own, on top of one of ours."""

from textwrap import wrap

import numpy as np
from mmengine.config import Config

from .facts import Facts
from .recipes import FITTED, REGION, Recipe

STEP = 32  # Image sides are multiples of it.
SMALLEST = 10  # Percentile of the objects' sizes that counts as the smallest.


def fit_size(
    size: tuple[int, int],
    area: float,
    smallest: float | None = None,
    least: float = 16,
    most: float = 2.0,
) -> tuple[int, int]:
    """A network's input: the image's shape, and small objects large enough.

    Args:
        size: (height, width) of the image, pixels.
        area: Pixels of the input where objects do not ask for more.
        smallest: Shorter side of a small object in pixels of the image.
        least: Shorter side that it shall have in the input.
        most: Factor by which ``area`` may grow for it.

    Returns:
        (height, width), multiples of 32.
    """
    height, width = size
    scale = np.sqrt(area / (height * width))
    if smallest and smallest * scale < least:
        scale = min(least / smallest, scale * np.sqrt(most))
    scale = min(scale, max(1.0, np.sqrt(area / (height * width))))
    sides = (max(STEP, int(STEP * round(side * scale / STEP))) for side in size)
    return tuple(sides)


def smallest_side(facts: Facts) -> float | None:
    """Shorter side of a small object, in pixels of the median image."""
    if not len(facts.object_sizes):
        return None
    sides = (facts.object_sizes * facts.size[::-1]).min(axis=1)
    return float(np.percentile(sides, SMALLEST))


def num_epochs(
    recipe: Recipe, num_train: int, size: tuple[int, int], effort: float = 1
) -> int:
    """Epochs in which the samples are seen as often as the recipe says, 3 to 100."""
    views = effort * recipe.views * recipe.area / (size[0] * size[1])
    return int(np.clip(round(views / max(num_train, 1)), 3, 100))


SCHEDULE = """
max_epochs = {epochs}
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=1, convert_to_iter_based=True),
    dict(
        type='CosineAnnealingLR',
        begin=1,
        T_max=max_epochs - 1,
        eta_min_ratio=0.01,
        end=max_epochs,
        convert_to_iter_based=True,
    ),
]
"""
STOPPING = """\
train_cfg = dict(max_epochs=max_epochs)
# A checkpoint each epoch, and the best one; the end if {patience} epochs gain nothing.
default_hooks = dict(checkpoint=dict(interval=1, save_best={monitor!r}))
custom_hooks = [
    dict(
        type='EarlyStoppingHook',
        monitor={monitor!r},
        min_delta={min_delta},
        patience={patience},
    )
]
"""
LATE = """\
# Validated once the learning rate is low: before, the best epoch is so by chance.
train_cfg = dict(max_epochs=max_epochs, val_begin=max_epochs * 3 // 5)
# A checkpoint each epoch, and the best one.
default_hooks = dict(checkpoint=dict(interval=1, save_best={monitor!r}))
"""


def size_text(recipe: Recipe, facts: Facts) -> str:
    """What becomes of the images' sizes, one line."""
    height, width = facts.size
    text = f'the images have {width}x{height} (width x height)'
    if facts.num_sizes > 1:
        text += f' in the median, {facts.num_sizes} sizes in all'
    if recipe.fit == REGION:
        return f'{text}; each region, with what is around it, becomes img_scale'
    if facts.num_sizes == 1:
        return text
    if recipe.fit == FITTED:
        return f'{text}; each is fitted into img_scale and keeps its shape'
    return (
        f'{text}; each becomes img_scale, one side stretched up to {facts.stretch:.2f} '
        'times against the other (95 % of them)'
    )


def config_text(
    recipe: Recipe,
    facts: Facts,
    base: str,
    data: str,
    classes: list[str],
    weights: str,
    num_train: int,
    effort: float = 1,
) -> str:
    """The config as text.

    Args:
        recipe: Of the method.
        facts: Of the labelled set.
        base: Path of the base config, as the new file shall name it.
        data: Folder of the imported data.
        classes: Their names, in order.
        weights: File of ImageNet's weights.
        num_train: Samples to learn from.
        effort: Fraction of the epochs of a full training.
    """
    shape = (1, 1) if recipe.fit == REGION else facts.size
    size = fit_size(shape, recipe.area, smallest_side(facts), recipe.least)
    lines = [f'_base_ = [{base!r}]', '', f'data_root = {data!r}']
    if recipe.target != 'anomaly':
        lines.append(f'classes = {tuple(classes)!r}')
    own = Config(recipe.settings(facts, size, classes, weights, data))
    lines += [
        *wrap(
            f'Width, height; {size_text(recipe, facts)}.',
            width=88,
            initial_indent='# ',
            subsequent_indent='# ',
        ),
        f'img_scale = {size[::-1]}',
        own.pretty_text.rstrip(),
    ]
    text = '\n'.join(lines) + '\n'
    if recipe.views:
        epochs = num_epochs(recipe, num_train, size, effort)
        text += (SCHEDULE + (LATE if recipe.late else STOPPING)).format(
            epochs=epochs,
            monitor=recipe.monitor,
            min_delta=recipe.min_delta,
            patience=max(5, epochs // 2),
        )
    return text
