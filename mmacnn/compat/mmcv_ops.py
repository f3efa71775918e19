# Copyright (c) mmacnn authors. All rights reserved.
"""Stand-in for mmcv's compiled operators, on torchvision's.

Upstream: mmcv #3310, mmdetection #11475, #11611, #11983 (``No module named
'mmcv._ext'``). mmcv has no wheel with its compiled extension for current PyTorch, yet
``mmdet.models`` imports ``mmcv.ops``, which wants that extension. torchvision compiles
the three operators that Faster R-CNN and its kin call.

The stand-in is offered by a finder at the *end* of ``sys.meta_path``: Python asks it
only when nothing else has found ``mmcv._ext``, so the real extension always wins, and
nothing is imported before somebody asks for an operator.
"""

import logging
import sys
from collections.abc import Callable
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

import torch
from torch import Tensor

logger = logging.getLogger(__name__)

NAME = 'mmcv._ext'
MAX_POOLING = 0  # mmcv's code for pool_mode='max'; 1 is 'avg'


def apply() -> None:
    """Offer the stand-in to Python's import system."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
    _mend_imported_module()


def nms(boxes: Tensor, scores: Tensor, iou_threshold: float, offset: int) -> Tensor:
    """Non-maximum suppression with the signature of mmcv's compiled operator.

    Args:
        boxes: ``(N, 4)``, xyxy.
        scores: ``(N,)``.
        iou_threshold: A box that overlaps a better one by more than this is dropped.
        offset: A side is ``x2 - x1 + offset`` long; 0, or 1 for whole pixels.

    Returns:
        Indices of the boxes kept, ``(K,)`` int64, best first.
    """
    _load_torchvision()
    # torchvision wants one floating type for both, and has no float16 on the CPU.
    dtype = torch.promote_types(boxes.dtype, torch.float32)
    boxes = boxes.to(dtype)
    if offset:
        boxes = boxes + boxes.new_tensor([0, 0, offset, offset])
    return torch.ops.torchvision.nms(boxes, scores.to(dtype), iou_threshold)


def roi_align_forward(
    input: Tensor,
    rois: Tensor,
    output: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    """Write the average-pooled RoIs into ``output``.

    Args:
        input: Features ``(B, C, H, W)``.
        rois: ``(K, 5)``: index into the batch, then xyxy.
        output: ``(K, C, aligned_height, aligned_width)``, overwritten.
        argmax_y, argmax_x: Used by max pooling only.
        aligned_height, aligned_width: Size of the pooled RoI.
        spatial_scale: Feature size over image size.
        sampling_ratio: Samples a bin and axis; 0 chooses by the RoI's size.
        pool_mode: 1 for the average; 0, the maximum, does not exist in torchvision.
        aligned: Shift by half a pixel, as detectron2 does.

    Raises:
        NotImplementedError: For max pooling.
    """
    _refuse_max_pooling(pool_mode)
    _load_torchvision()
    dtype = torch.promote_types(input.dtype, torch.float32)
    output.copy_(
        torch.ops.torchvision.roi_align(
            input.to(dtype),
            rois.to(dtype),
            spatial_scale,
            aligned_height,
            aligned_width,
            sampling_ratio,
            aligned,
        )
    )


def roi_align_backward(
    grad_output: Tensor,
    rois: Tensor,
    argmax_y: Tensor,
    argmax_x: Tensor,
    grad_input: Tensor,
    aligned_height: int,
    aligned_width: int,
    spatial_scale: float,
    sampling_ratio: int,
    pool_mode: int,
    aligned: bool,
) -> None:
    """Write the gradient of :func:`roi_align_forward` into ``grad_input``.

    Args:
        grad_output: ``(K, C, aligned_height, aligned_width)``.
        grad_input: ``(B, C, H, W)``, overwritten. The others are as forward.

    Raises:
        NotImplementedError: For max pooling.
    """
    _refuse_max_pooling(pool_mode)
    _load_torchvision()
    dtype = torch.promote_types(grad_output.dtype, torch.float32)
    grad_input.copy_(
        torch.ops.torchvision._roi_align_backward(
            grad_output.to(dtype),
            rois.to(dtype),
            spatial_scale,
            aligned_height,
            aligned_width,
            *grad_input.shape,
            sampling_ratio,
            aligned,
        )
    )


def get_compiler_version() -> str:
    """What ``mmcv.utils.collect_env`` prints in a log's head."""
    return 'n/a (mmacnn runs mmcv.ops on torchvision)'


def get_compiling_cuda_version() -> str:
    """What ``mmcv.utils.collect_env`` prints in a log's head."""
    return 'n/a (mmacnn runs mmcv.ops on torchvision)'


def _load_torchvision() -> None:
    """Fill ``torch.ops.torchvision``; a dictionary look-up after the first time."""
    import torchvision  # noqa: F401


def _refuse_max_pooling(pool_mode: int) -> None:
    if pool_mode == MAX_POOLING:
        _missing("roi_align(pool_mode='max')")()


def _missing(operator: str) -> Callable:
    """A function in the place of ``operator`` that says what is missing."""

    def refuse(*args, **kwargs):
        raise NotImplementedError(
            f'{operator} needs the compiled operators of the full mmcv, and this is '
            'mmcv-lite: run `pip uninstall mmcv-lite && pip install openmim && '
            "mim install 'mmcv>=2.0,<2.2'` (compiles where no wheel fits your PyTorch)"
        )

    return refuse


def _missing_attribute(name: str) -> Callable:
    """``__getattr__`` of the stand-in.

    mmcv checks on import that each operator is there, so every public name is, and
    complains when it is called.
    """
    if name.startswith('__'):
        raise AttributeError(f'module {NAME!r} has no attribute {name!r}')
    return _missing(name)


def _mend_imported_module() -> None:
    """Add what mmcv's module of transformers lacks if it was imported before us.

    It goes without the operator where that cannot be imported, as in mmcv-lite;
    ``mmdet.models`` does not.
    """
    module = sys.modules.get('mmcv.cnn.bricks.transformer')
    if module is not None and not hasattr(module, 'MultiScaleDeformableAttention'):
        from mmcv.ops.multi_scale_deform_attn import MultiScaleDeformableAttention

        module.MultiScaleDeformableAttention = MultiScaleDeformableAttention


class _Finder(MetaPathFinder):
    def find_spec(self, fullname, path=None, target=None):
        # Without mmcv itself there is nothing to stand in for: Python never gets here.
        return (
            ModuleSpec(fullname, _Loader(), origin=__file__)
            if fullname == NAME
            else None
        )


class _Loader(Loader):
    def create_module(self, spec):
        return None  # Python's default

    def exec_module(self, module: ModuleType) -> None:
        for operator in (
            nms,
            roi_align_forward,
            roi_align_backward,
            get_compiler_version,
            get_compiling_cuda_version,
        ):
            setattr(module, operator.__name__, operator)
        module.__getattr__ = _missing_attribute
        logger.debug('mmcv has no compiled operators: nms and roi_align by torchvision')
