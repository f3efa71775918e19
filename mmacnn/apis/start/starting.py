# Copyright (c) mmacnn authors. All rights reserved.
"""From a folder of labelled images to a config that trains on it."""

import csv
import os.path as osp
import sys
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from mmacnn.converters.labels.importer import (
    ImportOptions,
    ImportReport,
    import_labels,
    read_labels,
)
from mmacnn.datasets.image_files import IMAGE_SUFFIXES
from mmacnn.engine.model_zoo import find_root
from mmacnn.utils import InputError, atomic_write, require_empty

from .choice import ANOMALY, CAM, ROI_MASK, Choice, choose_method
from .facts import facts_of
from .own_config import config_text, size_text
from .recipes import WEIGHTS, Recipe, recipe_for

CONFIG, CHOSEN = 'config.py', 'chosen.py'
DATA = 'data'
VAL_FRACTION, TEST_FRACTION = 0.15, 0.2


@dataclass(frozen=True)
class StartReport:
    """What was found and written.

    Args:
        choice: The method and why.
        imported: What the importer did.
        sizes: What becomes of the images' sizes.
        config: Path of the config.
        commands: What to run next.
    """

    choice: Choice
    imported: ImportReport
    sizes: str
    config: str
    commands: list[str]

    def lines(self) -> list[str]:
        """The report as text."""
        return [
            *self.imported.lines(),
            '',
            f'method: {self.choice.method}: {self.choice.reason}',
            *(f'  not {name}: {why}' for name, why in self.choice.others.items()),
            f'sizes: {self.sizes}',
            f'written: {self.config}',
            '',
            'next:',
            *(f'  {command}' for command in self.commands),
        ]


def start(
    source: str,
    out: str,
    method: str | None = None,
    weights: str = WEIGHTS,
    options: ImportOptions | None = None,
    effort: float = 1,
) -> StartReport:
    """Look at labelled images, choose a method, and write a data set and a config.

    Args:
        source: Folder or label file, see :func:`import_labels`; never touched.
        out: New or empty folder: gets ``data/`` and ``config.py``.
        method: 'anomaly', 'cam', 'acnn', 'detection' or 'roi-mask'; one of the first
            four by default.
        weights: File of ImageNet's weights of EfficientNet-Lite0.
        options: Of the import. Where the source has no split for validation or for the
            test, fractions of the training images are taken: 15 % and 20 % by default.
        effort: Fraction of the epochs of a full training.

    Raises:
        FileNotFoundError: The source, or the weights that the method starts from, are
            missing.
        InputError: The labels are not understood, or do not fit the method.
    """
    options = options or ImportOptions()
    require_empty(out)
    dataset, _, _ = read_labels(source, options)
    facts = facts_of(dataset)
    choice = choose_method(facts, method)
    recipe = recipe_for(choice.method, facts)
    if choice.method not in (ANOMALY, CAM) and not facts.num_boxed:
        raise InputError(f'{source}: --method {choice.method}: {choice.reason}')
    if recipe.has_weights and not osp.isfile(weights):
        raise FileNotFoundError(
            f'{weights}: found no weights, expected those of EfficientNet-Lite0 on '
            'ImageNet (docs/en/get_started.md#weights), or --weights FILE'
        )
    _choose_fractions(options, dataset.splits(), choice.method)
    options.link = True
    root = Path(out)
    data = root / DATA
    imported = import_labels(source, str(data), recipe.target, options)
    text = config_text(
        recipe,
        facts,
        base=osp.relpath(Path(find_root(), 'configs', recipe.base), root),
        data=str(data),
        classes=imported.classes,
        weights=weights,
        num_train=_num_samples(imported, choice.method),
        effort=effort,
    )
    config = root / CONFIG
    with atomic_write(str(config)) as path:
        Path(path).write_text(text, encoding='utf-8')
    sizes = size_text(recipe, facts)
    chooses = choice.method == CAM and len(imported.classes) == 2
    commands = _commands(root, recipe, chooses)
    return StartReport(choice, imported, sizes, str(config), commands)


def _num_samples(imported: ImportReport, method: str) -> int:
    """How many images, or regions, an epoch has."""
    if method == ROI_MASK:
        return sum(imported.objects['train'].values())
    return imported.images['train']


def _choose_fractions(options: ImportOptions, splits: list[str], method: str) -> None:
    """Ask for the splits that the source lacks."""
    if method == 'anomaly':
        return  # its threshold comes from good images that are left out one by one
    if 'val' not in splits and not options.val_fraction:
        options.val_fraction = VAL_FRACTION
    if 'test' not in splits and not options.test_fraction:
        options.test_fraction = TEST_FRACTION


def _commands(root: Path, recipe: Recipe, chooses: bool) -> list[str]:
    """What to run next; ``chooses``: whether the map's threshold is to be chosen."""
    tools = 'tools'
    if not Path(tools, 'train.py').is_file():
        tools = str(Path(find_root(), 'tools'))
    python = Path(sys.executable).name
    run = f'{python} {quote(tools)}'
    deploy = quote(str(Path(tools).parent / 'configs' / 'deploy' / recipe.deploy))
    names = ('run', 'pictures', 'results.pkl', 'report.html', 'inspected', 'exported')
    config, work, shown, results, page, inspected, exported = (
        quote(str(root / name)) for name in (CONFIG, *names)
    )
    image, mask = _first_sample(root / DATA)
    # The best one on the validation images, or the only one of a bank.
    weights = f'{work}/{"best_*" if recipe.views else "epoch_1"}.pth'
    first = [
        f'{python} -m mmacnn analyse {quote(str(root / DATA))} --html '
        f'--out-dir {quote(str(root / "analysis"))}',
        f'{run}/train.py {config} --work-dir {work}',
    ]
    if chooses:
        chosen = quote(str(root / CHOSEN))
        by = '' if (root / DATA / 'val' / 'masks').is_dir() else ' --max-fpr 0.05'
        first.append(
            f'{run}/analysis_tools/choose_map_threshold.py {config} {weights} '
            f'{chosen}{by}'
        )
        config = chosen
    return [
        *first,
        f'{run}/test.py {config} {weights} --work-dir {work} --show-dir {shown} '
        f'--out {results}',
        f'{run}/analysis_tools/report.py {results} --out {page}',
        f'{python} -m mmacnn inspect {image} --model {config} --weights {weights} '
        f'--out-dir {inspected}' + (f' --mask {mask}' if mask else ''),
        f'{run}/deploy.py {deploy} {config} {weights} {image} --work-dir {exported} '
        '--verify 20 --runner',
    ]


def _first_sample(data: Path) -> tuple[str, str]:
    """A test image, to look at and to trace the model with, and a mask of a region."""
    table = data / 'test.csv'
    if table.is_file():
        with table.open(encoding='utf-8', newline='') as lines:
            row = next(csv.DictReader(lines))
        paths = data / 'images' / row['image'], data / 'masks' / row['mask']
        return tuple(quote(str(path)) for path in paths)
    images = (
        path
        for path in sorted((data / 'test').rglob('*'))
        if path.suffix.lower() in IMAGE_SUFFIXES and 'masks' not in path.parts
    )
    return quote(str(next(images, 'IMAGE'))), ''
