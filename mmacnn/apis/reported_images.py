# Copyright (c) mmacnn authors. All rights reserved.
"""A warning where a threshold is chosen on images that a test reports."""

import logging

from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.registry import DATASETS, DefaultScope
from torch.utils.data import Dataset


def warn_of_reported(cfg: Config, dataset: Dataset | dict, key: str) -> None:
    """Warn if some of the images are in the test set.

    Args:
        cfg: The config, with its ``test_dataloader``.
        dataset: What a threshold is chosen on, or its config.
        key: Key of the config that it comes from.
    """
    with DefaultScope.overwrite_default_scope(cfg.get('default_scope', 'mmpretrain')):
        tested = DATASETS.build(cfg.test_dataloader.dataset)
        if isinstance(dataset, dict):
            dataset = DATASETS.build(dataset)
    chosen_on = _paths(dataset)
    common = chosen_on & _paths(tested)
    if common:
        print_log(
            f'{len(common)} of the {len(chosen_on)} images of {key}, on which the '
            'threshold is chosen, are in the test set: a test on them reports too good '
            'figures. Choose on others, see '
            'docs/en/data_formats.md#split-one-folder-into-three',
            logger='current',
            level=logging.WARNING,
        )


def _paths(dataset: Dataset) -> set[str]:
    return {dataset.get_data_info(i).get('img_path') for i in range(len(dataset))}
