# Copyright (c) mmacnn authors. All rights reserved.

import os.path as osp
from collections.abc import Sequence

import mmcv
from mmengine.dist import barrier, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.structures import DataSample

from mmacnn.registry import HOOKS
from mmacnn.utils import InputError, maybe_atomic_write, require_empty

from .picture_files import name_pictures


@HOOKS.register_module()
class RoIVisualizationHook(Hook):
    """Draw the test images with the runner's visualizer.

    Pictures go to ``out_dir/wrong`` and ``out_dir/correct`` by the class predicted, so
    that the mistakes lie together, or straight to ``out_dir`` where the true class is
    not known. They are named after their images.

    Args:
        enable: Whether to draw at all.
        out_dir: A new or empty folder. Without it the pictures go to
            the backends of the visualizer.
        interval: Draw every so many images.
    """

    def __init__(
        self, enable: bool = False, out_dir: str | None = None, interval: int = 1
    ) -> None:
        if interval < 1:
            raise InputError(f'interval must be at least 1 image, got {interval}')
        self.enable = enable
        self.out_dir = out_dir
        self.interval = interval

    def before_test(self, runner: Runner) -> None:
        """Name the pictures, the same in all processes.

        Raises:
            FileExistsError: ``out_dir`` is not empty.
        """
        if not self.enable:
            return
        self._seen = 0
        dataset = runner.test_dataloader.dataset
        self._names = name_pictures(
            [dataset.get_data_info(i)['img_path'] for i in range(len(dataset))]
        )
        # `LoadAnyDepthImage` reads what would be almost black otherwise.
        steps = getattr(getattr(dataset, 'pipeline', None), 'transforms', ())
        self._read = next((s.read for s in steps if hasattr(s, 'read')), mmcv.imread)
        if self.out_dir is not None and is_main_process():
            require_empty(self.out_dir)
        barrier()  # No process may write before the folder was found empty.

    def after_test_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: Sequence[DataSample] = (),
    ) -> None:
        """Draw the images of one batch."""
        if not self.enable:
            return
        for sample in outputs:
            if self._seen % self.interval == 0:
                self._draw(runner, sample)
            self._seen += 1

    def _draw(self, runner: Runner, sample: DataSample) -> None:
        name, out_file = self._names[sample.img_path], None
        if 'instance_id' in sample:  # one of several regions of the image
            stem, suffix = osp.splitext(name)
            name = f'{stem}_{sample.instance_id}{suffix}'
        if self.out_dir is not None:
            out_file = osp.join(self.out_dir, _verdict(sample), name)
        with maybe_atomic_write(out_file) as path:
            runner.visualizer.add_datasample(
                osp.basename(sample.img_path),
                self._read(sample.img_path)[..., ::-1],
                sample,
                out_file=path,
                step=self._seen,
            )


def _verdict(sample: DataSample) -> str:
    if 'gt_label' not in sample or 'pred_label' not in sample:
        return ''
    agree = sample.pred_label.tolist() == sample.gt_label.tolist()
    return 'correct' if agree else 'wrong'
