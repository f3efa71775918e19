# Copyright (c) mmacnn authors. All rights reserved.
"""Direction and scale of the ROI, learned from boxes and from turned copies."""

import math

import torch
import torch.nn.functional as F
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from mmacnn.models.localizers import Localization
from mmacnn.ops import add_angles, as_direction, turn
from mmacnn.registry import MODELS

from .localization_loss import mean_where

BLEND = 4.0  # Pixels over which the edge of a turned disc fades.


@MODELS.register_module()
class PoseLoss(nn.Module):
    """What the pose of an ROI must be, with or without a label that says it.

    - Of each image, with or without a box, a copy is made in which the disc round the
      object is turned and magnified at random. The pose found on it must be the first
      one, turned and magnified. A direction has length one, so that it cannot collapse.
      Only the disc is turned, for else the edges of the image would tell the angle.
      This settles the pose up to a constant. Where a box tells the centre, it is the
      copy's too: boxes on few images are seen at many angles.
    - An oriented box says direction and scale. Of an upright one, the upright box round
      the ROI must just hold it, which says the scale; and the object is taken to have
      lain upright on its photograph, with ``upright_weight``. This settles the
      constant and breaks the symmetry: copies alone hardly teach a direction.

    The principle of the former is that of Thewlis et al., *Unsupervised learning of
    object landmarks by factorized spatial embeddings*, ICCV 2017, section 3.1.

    Args:
        scale_range: Range of the magnification of the copies.
        margin: Side of the ROI over that of the object, 1 or more.
        copy_weight: Factor of the former loss.
        box_weight: Factor of the latter.
        upright_weight: How much to believe that an object with an upright box lay
            upright on its photograph; not believed where the box is high and the ROI
            wide, or the other way round. The loss is bounded, so that some that lay
            otherwise do little harm. 0 where they lie at any angle.
    """

    def __init__(
        self,
        scale_range: tuple[float, float] = (0.8, 1.25),
        margin: float = 1.1,
        copy_weight: float = 1.0,
        box_weight: float = 1.0,
        upright_weight: float = 1.0,
    ) -> None:
        super().__init__()
        self.scale_range = scale_range
        self.margin = margin
        self.copy_weight = copy_weight
        self.box_weight = box_weight
        self.upright_weight = upright_weight

    def forward(
        self,
        localizer: nn.Module,
        inputs: Tensor,
        localization: Localization,
        centre: Tensor,
        data_samples: list[DataSample],
        roi_size: tuple[int, int],
        loss_centre: nn.Module | None = None,
    ) -> dict[str, Tensor]:
        """Both losses, and that of the copies' centres.

        Args:
            localizer: Image -> :class:`Localization`.
            inputs: (B, C, H, W).
            localization: Prediction on ``inputs``.
            centre: (B, 2), where the objects are, as far as it is known.
            data_samples: ``gt_corners`` (N, 4, 2), with ``gt_is_oriented`` (N,) of
                oriented boxes, else of boxes that were upright before the images were
                turned; N = 0 where not known.
            roi_size: (h, w) of the ROI at scale 1 in pixels.
            loss_centre: Loss of the centre, such as :class:`HeatmapKLDivLoss`.
        """
        angle = torch.empty_like(localization.scale).uniform_(-math.pi, math.pi)
        low, high = (math.log(factor) for factor in self.scale_range)
        factor = torch.empty_like(localization.scale).uniform_(low, high).exp()
        radius = math.hypot(*roi_size) / 2
        turned_by = as_direction(angle)
        copies = turn_discs(inputs, centre.detach(), turned_by, factor, radius)
        found = localizer(copies)
        heading, axis = _angles(localization)
        found_heading, found_axis = _angles(found)
        expected = add_angles(heading, turned_by)
        copy_loss = 1 - (expected * found_heading).sum(1)
        expected = add_angles(axis, add_angles(turned_by, turned_by))
        copy_loss = copy_loss + 1 - (expected * found_axis).sum(1)
        copy_loss = copy_loss + _log_distance(
            found.scale, localization.scale * factor, beta=0.1
        )
        losses = dict(
            loss_pose_copy=self.copy_weight * copy_loss.mean(),
            loss_pose_box=self.box_weight
            * self._box_loss(localization, data_samples, roi_size),
        )
        if loss_centre is not None:
            known = known_corners(data_samples, localization.centre)[1]
            size = tuple(inputs.shape[-2:])
            losses['loss_pose_centre'] = loss_centre(
                found, centre.detach(), known, size
            )
        return losses

    def _box_loss(
        self,
        localization: Localization,
        data_samples: list[DataSample],
        roi_size: tuple[int, int],
    ) -> Tensor:
        corners, known, is_oriented = known_corners(data_samples, localization.centre)
        right, down = corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0]
        # (x, y) with y pointing down is the direction of minus the box's angle.
        turned_back = right / right.norm(dim=1, keepdim=True)
        turned = add_angles(localization.direction, turned_back)
        heading, axis = _angles(localization)
        wrong = 1 - add_angles(heading, turned_back)[:, 0]
        double = add_angles(turned_back, turned_back)
        wrong = wrong + 1 - add_angles(axis, double)[:, 0]
        # Of the scale alone: a direction half a turn off would have to pass the
        # quarter turn, where the ROI fits worst.
        cos, sin = turned.detach().abs().unbind(1)
        (height, width), scale = roi_size, localization.scale
        right, down = (self.margin * side.norm(dim=1) for side in (right, down))
        upright = _log_distance(
            scale * (width * cos + height * sin), right, beta=0.05
        ) + _log_distance(scale * (width * sin + height * cos), down, beta=0.05)
        fitting = torch.maximum(right / width, down / height)
        oriented = wrong + _log_distance(scale, fitting, beta=0.05)
        lies_along = (right > down) == (width > height)
        upright = upright + self.upright_weight * lies_along * wrong
        return mean_where(torch.where(is_oriented, oriented, upright), known)


def _angles(where: Localization) -> tuple[Tensor, Tensor]:
    """Heading and axis, which both lie in the direction where there is no more."""
    if where.axis is None:
        return where.direction, add_angles(where.direction, where.direction)
    return where.heading, where.axis


def _log_distance(first: Tensor, second: Tensor, beta: float) -> Tensor:
    return F.smooth_l1_loss(first.log(), second.log(), reduction='none', beta=beta)


def known_corners(
    data_samples: list[DataSample], like: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Corners of the first box of each image.

    Returns:
        (B, 4, 2), those of a square of a pixel where there is no box; (B,), where
        there is one; (B,), where it is oriented.
    """
    square = like.new_tensor([(-1, -1), (1, -1), (1, 1), (-1, 1)]) / 2
    found = [sample.get('gt_corners') for sample in data_samples]
    is_known = [each is not None and len(each) > 0 for each in found]
    corners = [
        each[0].to(like) if known else square
        for each, known in zip(found, is_known, strict=True)
    ]
    is_oriented = [
        known and 'gt_is_oriented' in sample and bool(sample.gt_is_oriented[0])
        for sample, known in zip(data_samples, is_known, strict=True)
    ]
    known, oriented = (
        torch.tensor(flags, device=like.device) for flags in (is_known, is_oriented)
    )
    return torch.stack(corners), known, oriented


@torch.no_grad()
def turn_discs(
    images: Tensor, centre: Tensor, direction: Tensor, scale: Tensor, radius: float
) -> Tensor:
    """Turn and magnify a disc of each image about its own middle.

    Args:
        images: (B, C, H, W).
        centre: (B, 2), ``(x, y)`` normalised to [0, 1] of the image edge to edge.
        direction: (B, 2), ``(cos, sin)`` of the angle, counter-clockwise as seen.
        scale: (B,), magnification.
        radius: Of the disc, in pixels.

    Returns:
        (B, C, H, W).
    """
    extent = centre.new_tensor(images.shape[:-3:-1])
    middle = centre * extent
    side = math.ceil(2 * radius) + 2
    corner = (middle - side / 2).floor()
    steps = torch.arange(side, device=centre.device) + 0.5
    steps = torch.stack(torch.meshgrid(steps, steps, indexing='xy'), -1)
    offset = steps + (corner - middle)[:, None, None]
    back = direction * direction.new_tensor((1, -1))
    source = turn(offset, back[:, None, None]) / scale[:, None, None, None]
    grid = ((middle[:, None, None] + source) / extent * 2 - 1).to(images.dtype)
    turned = F.grid_sample(images, grid, padding_mode='border', align_corners=False)
    fraction = ((radius - offset.norm(dim=-1)) / BLEND).clamp(0, 1).to(images.dtype)
    copies = images.clone()
    # Of the square round the disc, what lies on the image.
    for copy, square, weight, (left, top) in zip(
        copies, turned, fraction, corner.long().tolist(), strict=True
    ):
        window = copy[:, max(top, 0) : max(top + side, 0)]
        window = window[:, :, max(left, 0) : max(left + side, 0)]
        rows = slice(max(-top, 0), max(-top, 0) + window.shape[1])
        columns = slice(max(-left, 0), max(-left, 0) + window.shape[2])
        square, weight = square[:, rows, columns], weight[rows, columns]
        window += weight * (square - window)
    return copies
