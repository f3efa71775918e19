# Copyright (c) mmacnn authors. All rights reserved.
"""What MMDeploy puts in the place of our modules' code while it exports a model.

Every form here is plain arithmetic on operators that TensorRT 8.2 has.
"""

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from mmdeploy.core import FUNCTION_REWRITER
from torch import Tensor

from mmacnn.ops import roi_box, sample_roi_separable
from mmacnn.utils import InputError


@FUNCTION_REWRITER.register_rewriter('mmacnn.models.classifiers.acnn.ACNN.forward')
def acnn__forward(
    self, inputs: Tensor, data_samples: list | None = None, mode: str = 'predict'
) -> tuple[Tensor, ...]:
    """The outputs that ``ir_config.output_names`` lists, in that order.

    Args:
        inputs: (B, C, H, W), normalised, or with ``codebase_config.raw_input`` BGR grey
            levels as a camera gives them, (B, H, W, C).
    """
    cfg = FUNCTION_REWRITER.get_context().cfg
    if cfg['codebase_config'].get('raw_input'):
        # The crop is taken first: of all pixels it has but a few to normalise.
        inputs = inputs.float().permute(0, 3, 1, 2)
        normalise = partial(_normalise, data_preprocessor=self.data_preprocessor)
        centre = self.localizer(normalise(inputs)).centre
        crop = self.stn(inputs, centre, normalise)
    else:
        centre = self.localizer(inputs).centre
        crop = self.stn(inputs, centre)
    scores = self.head(self.neck(self.backbone(crop))).softmax(1)
    roi = roi_box(centre, self.stn.roi_size, inputs.shape[-2:])
    score = scores.amax(1, keepdim=True)
    outputs = dict(
        output=scores,
        scores=scores,
        centre=centre,
        roi=roi,
        crop=crop,
        dets=torch.cat((roi, score), 1)[:, None],
        labels=scores.argmax(1, keepdim=True),
    )
    return tuple(outputs[name] for name in cfg['ir_config']['output_names'])


@FUNCTION_REWRITER.register_rewriter(
    'mmacnn.models.classifiers.cam_classifier.CAMClassifier.forward'
)
def cam_classifier__forward(
    self, inputs: Tensor, data_samples: list | None = None, mode: str = 'predict'
) -> tuple[Tensor, ...]:
    """The outputs that ``ir_config.output_names`` lists; inputs as for A-CNN."""
    cfg = FUNCTION_REWRITER.get_context().cfg
    if cfg['codebase_config'].get('raw_input'):
        inputs = _normalise_raw_input(inputs, self.data_preprocessor)
    cam = self.head.activation_map(self.backbone(inputs))
    scores = self.head.scores(cam.mean((2, 3)))
    outputs = dict(output=scores, score=scores, cam=cam)
    return tuple(outputs[name] for name in cfg['ir_config']['output_names'])


@FUNCTION_REWRITER.register_rewriter(
    'mmacnn.models.anomaly.differnet.DifferNet.forward'
)
def differnet__forward(
    self, inputs: Tensor, data_samples: list | None = None, mode: str = 'predict'
) -> tuple[Tensor, ...]:
    """The outputs that ``ir_config.output_names`` lists; inputs as for A-CNN.

    Raises:
        InputError: The model has no threshold.
    """
    cfg = FUNCTION_REWRITER.get_context().cfg
    if not self.calibration.is_known:
        raise InputError(
            'the checkpoint has no threshold to export, expected one of '
            'mmacnn.AnomalyThresholdHook'
        )
    if cfg['codebase_config'].get('raw_input'):
        inputs = _normalise_raw_input(inputs, self.data_preprocessor)
    scores = self.score(inputs)
    outputs = dict(
        anomaly_score=scores[:, None],
        score=self.calibration.pair(scores),
        label=(scores > self.calibration.threshold)[:, None].long(),
    )
    return tuple(outputs[name] for name in cfg['ir_config']['output_names'])


@FUNCTION_REWRITER.register_rewriter('mmacnn.models.anomaly.differnet.DifferNet.latent')
def differnet__latent(self, views: Tensor) -> tuple[Tensor, Tensor]:
    """Without a look at the values: a graph can't complain."""
    return self.flow(self.feature_extractor(views))


@FUNCTION_REWRITER.register_rewriter(
    'mmacnn.models.anomaly.feature_extractor.MultiScaleFeatures.resize'
)
def resize(self, images: Tensor, size: tuple[int, int]) -> Tensor:
    """Bilinear ones as two matrix products: ONNX 13 has no filter against aliasing."""
    if self.interpolation != 'bilinear':
        return F.interpolate(images, size, mode=self.interpolation)
    height, width = (
        torch.from_numpy(_bilinear_weights(int(before), after))
        for before, after in zip(images.shape[-2:], size, strict=True)
    )
    return height @ images @ width.T


def _bilinear_weights(before: int, after: int) -> np.ndarray:
    """(after, before), as PyTorch resizes bilinearly with ``antialias=True``."""
    scale = before / after
    centre = scale * (np.arange(after) + 0.5)
    away = np.arange(before) + 0.5 - centre[:, None]
    weights = (1 - np.abs(away) / max(scale, 1)).clip(0)
    return (weights / weights.sum(1, keepdims=True)).astype(np.float32)


@FUNCTION_REWRITER.register_rewriter('mmacnn.ops.rotation.rotate_all')
def rotate_all(images: Tensor, degrees: float) -> Tensor:
    """By four gathers at places that are constants, for want of a sampler in ONNX 13.

    Of each output pixel the upper left neighbour on the image, which is given an edge
    of zeros, is gathered; slices that begin later give the other three.
    """
    height, width = (int(side) for side in images.shape[-2:])
    index, right, down = _neighbours(height, width, degrees)
    row = width + 2
    flat = _edged(images).flatten(2)
    length = row * (height + 2) - row - 1
    corners = [flat[..., start : start + length][..., index] for start in (0, 1)]
    below = [flat[..., row + s : row + s + length][..., index] for s in (0, 1)]
    upper = corners[0] + right * (corners[1] - corners[0])
    lower = below[0] + right * (below[1] - below[0])
    rotated = upper + down * (lower - upper)
    return rotated.reshape(-1, int(images.shape[1]), height, width)


def _edged(images: Tensor) -> Tensor:
    """A pixel of zeros all round."""
    return _with_zeros(_with_zeros(images, 3, 1, 1), 2, 1, 1)


def _with_zeros(images: Tensor, axis: int, before: int, after: int) -> Tensor:
    """Padded along an axis; TensorRT 8.2 can't read the exporter's own padding."""
    zeros = images.narrow(axis, 0, 1) * 0
    return torch.cat((zeros,) * before + (images,) + (zeros,) * after, axis)


@FUNCTION_REWRITER.register_rewriter(
    'mmcv.cnn.bricks.conv2d_adaptive_padding.Conv2dAdaptivePadding.forward'
)
def adaptive_padding__forward(self, x: Tensor) -> Tensor:
    """With the padding of the one size, where images have but one."""
    context = FUNCTION_REWRITER.get_context()
    axes = context.cfg['ir_config'].get('dynamic_axes') or {}
    if {2, 3} & set(axes.get('input', {})):
        return context.origin_func(self, x)
    for axis, kernel in ((2, self.weight.shape[2]), (3, self.weight.shape[3])):
        side, stride = int(x.shape[axis]), self.stride[axis - 2]
        reach = (math.ceil(side / stride) - 1) * stride
        reach += (kernel - 1) * self.dilation[axis - 2] + 1
        missing = max(reach - side, 0)
        x = _with_zeros(x, axis, missing // 2, missing - missing // 2)
    return F.conv2d(
        x, self.weight, self.bias, self.stride, 0, self.dilation, self.groups
    )


def _neighbours(height: int, width: int, degrees: float) -> tuple[Tensor, ...]:
    """Upper left neighbour in the padded image, (H x W,), and shares to the others."""
    y, x = torch.meshgrid(
        torch.arange(height, dtype=torch.float64) - (height - 1) / 2,
        torch.arange(width, dtype=torch.float64) - (width - 1) / 2,
        indexing='ij',
    )
    cos, sin = (f(math.radians(degrees)) for f in (math.cos, math.sin))
    column = cos * x - sin * y + (width - 1) / 2
    line = sin * x + cos * y + (height - 1) / 2
    inside = (column > -1) & (column < width) & (line > -1) & (line < height)
    # What is outside takes the corner of the edge, a zero.
    column, line = (
        torch.where(inside, each, -1.0).flatten() for each in (column, line)
    )
    left, top = column.floor(), line.floor()
    index = ((top + 1) * (width + 2) + left + 1).long()
    return index, (column - left).float(), (line - top).float()


def _normalise_raw_input(frames: Tensor, data_preprocessor: torch.nn.Module) -> Tensor:
    """(B, H, W, C) grey levels -> (B, C, H, W) as the model was trained with."""
    return _normalise(frames.float().permute(0, 3, 1, 2), data_preprocessor)


def _normalise(image: Tensor, data_preprocessor: torch.nn.Module) -> Tensor:
    """(B, C, H, W) grey levels, BGR -> as the model was trained with."""
    if data_preprocessor.to_rgb:
        image = image[:, [2, 1, 0]]
    if not data_preprocessor._enable_normalize:
        return image
    return (image - data_preprocessor.mean) * (1 / data_preprocessor.std)


@FUNCTION_REWRITER.register_rewriter(
    'mmacnn.models.necks.spatial_transformer.SpatialTransformerNeck.forward'
)
def spatial_transformer__forward(
    self,
    image: Tensor,
    centre: Tensor,
    normalise: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """The crop as matrix products, whatever sampler it was trained with.

    Args:
        normalise: For the pixels of the image, each by itself.
    """
    crop = sample_roi_separable(
        image, centre, self.roi_size, self.output_size, normalise
    )
    return crop if self.norm is None else self.norm(crop)


@FUNCTION_REWRITER.register_rewriter('torch.nn.functional.instance_norm')
def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """In plain arithmetic: the exporter wants to know the number of channels, and
    TensorRT before 8.6 runs the operator as a plug-in."""
    if not use_input_stats:
        return F.batch_norm(input, running_mean, running_var, weight, bias, eps=eps)
    axes = tuple(range(2, input.ndim))
    centred = input - input.mean(axes, keepdim=True)
    variance = centred.square().mean(axes, keepdim=True)
    normed = centred / (variance + eps).sqrt()
    shape = (1, -1) + (1,) * len(axes)
    normed = normed if weight is None else normed * weight.view(shape)
    return normed if bias is None else normed + bias.view(shape)


@FUNCTION_REWRITER.register_rewriter('mmpretrain.models.necks.gem.gem')
def generalized_mean(x: Tensor, p: Tensor, eps: float = 1e-6, clamp: bool = True):
    """With a constant power: the graph then computes no ``1 / p`` and no window."""
    power = float(p)
    x = x.clamp(min=eps) if clamp else x
    return F.adaptive_avg_pool2d(x.pow(power), 1).pow(1 / power)
