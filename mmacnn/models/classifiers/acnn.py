# Copyright (c) mmacnn authors. All rights reserved.

import math

import torch
from mmengine.logging import MessageHub
from mmpretrain.models.classifiers.base import BaseClassifier
from mmpretrain.structures import DataSample
from torch import Tensor

from mmacnn.models.localizers import Localization
from mmacnn.ops import add_angles, as_direction, oriented_corners, roi_box
from mmacnn.registry import MODELS
from mmacnn.utils import InputError
from mmacnn.utils.arguments import check_number


@MODELS.register_module()
class ACNN(BaseClassifier):
    """Localizer -> spatial transformer -> classifier of the crop.

    Kim, Yi, Lee, *An Attention-Based CNN With Spatial Transformer Module for Automated
    Optical Inspection of Small Objects*, IEEE TIM 2025, doi 10.1109/TIM.2025.3548240.

    In training, an image with a box shows the classifier its true ROI, moved by up to
    ``roi_jitter``: the classifier learns from good crops from the first step on, and
    to bear the localizer's error. All other images are cropped where the localizer
    points, and their classification loss reaches the localizer through the crop.

    Where the localizer predicts a pose, the crop is turned and scaled by it, so that
    the classifier sees the object straightened. The pose is learned from ``loss_pose``
    alone: through the crop it would shrink or turn the ROI to what is easiest to tell.

    Args:
        localizer: Config: image -> :class:`Localization`.
        stn: Config: image and centre -> crop.
        backbone: Config of the classifier's backbone.
        neck: Config of the classifier's neck.
        head: Config of the classifier's head, such as :class:`NormedLinearClsHead`.
        loss_localization: Config of the loss on the images that have a box;
            ``HeatmapKLDivLoss`` by default.
        loss_consistency: Config of a loss on the localizer that needs no box, such as
            ``EquivarianceLoss``; None for none.
        loss_pose: Config of a loss on the localizer's direction and scale, such as
            ``PoseLoss``; None for none.
        pose_jitter: Largest turn in degrees, and largest change of the scale's
            logarithm, of the ROI that the classifier sees in training, where there is
            a pose.
        roi_jitter: Largest shift of a true ROI in training, (vertical, horizontal), as
            a fraction of the ROI's size.
        crop_gradient: Factor of the gradient that reaches the localizer through the
            crop, [0, 1]. That of a pretrained classifier is large and rough enough to
            keep a localizer from learning.
        localize_first: Fraction of the training in which the localizer learns alone,
            [0, 1). A classifier learns nothing from crops that miss the object.
        data_preprocessor: Config; :class:`ImageDataPreprocessor` by default.
    """

    def __init__(
        self,
        localizer: dict,
        stn: dict,
        backbone: dict,
        head: dict,
        neck: dict | None = None,
        loss_localization: dict | None = None,
        loss_consistency: dict | None = None,
        roi_jitter: tuple[float, float] = (0.2, 0.2),
        loss_pose: dict | None = None,
        pose_jitter: tuple[float, float] = (8.0, 0.1),
        crop_gradient: float = 1.0,
        localize_first: float = 0.0,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        check_number('ACNN: crop_gradient', crop_gradient, 0, 1)
        check_number('ACNN: localize_first', localize_first, 0, 1, below=True)
        data_preprocessor = dict(data_preprocessor or {})
        data_preprocessor.setdefault('type', 'mmacnn.ImageDataPreprocessor')
        super().__init__(init_cfg=init_cfg, data_preprocessor=data_preprocessor)
        self.localizer = MODELS.build(localizer)
        self.stn = MODELS.build(stn)
        self.backbone = MODELS.build(backbone)
        self.neck = MODELS.build(neck or dict(type='mmpretrain.GlobalAveragePooling'))
        self.head = MODELS.build(head)
        self.loss_localization = MODELS.build(
            loss_localization or dict(type='mmacnn.HeatmapKLDivLoss')
        )
        self.loss_consistency = loss_consistency and MODELS.build(loss_consistency)
        self.roi_jitter = roi_jitter
        self.loss_pose = loss_pose and MODELS.build(loss_pose)
        self.pose_jitter = pose_jitter
        self.crop_gradient = crop_gradient
        self.localize_first = localize_first
        # Depthwise convolutions train 1.5 to 2 times faster on the CPU in this layout.
        self.to(memory_format=torch.channels_last)

    def forward(
        self,
        inputs: Tensor,
        data_samples: list[DataSample] | None = None,
        mode: str = 'tensor',
    ):
        """OpenMMLab's three modes.

        Args:
            inputs: (B, C, H, W), normalised.
            data_samples: Annotations; required by 'loss'.
            mode: 'tensor' returns class scores before the softmax (B, num_classes),
                'predict' the data samples with predictions, 'loss' a dict of losses.
        """
        inputs = inputs.contiguous(memory_format=torch.channels_last)
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        if mode == 'tensor':
            return self.head(self.extract_feat(inputs, self.localizer(inputs)))
        raise InputError(
            f"mode: expected 'tensor', 'predict' or 'loss', found {mode!r}"
        )

    def extract_feat(self, inputs: Tensor, where: Localization) -> tuple[Tensor]:
        """Features of the ROI at ``where``."""
        crop = self.stn(inputs, where.centre, where.direction, where.scale)
        return self.neck(self.backbone(crop))

    def loss(self, inputs: Tensor, data_samples: list[DataSample]) -> dict:
        """Classification, localization and, where configured, consistency loss."""
        localization = self.localizer(inputs)
        size = tuple(inputs.shape[-2:])
        truth, known = true_centres(data_samples, localization.centre, size)
        shown = self._jitter(truth, size)
        seen = localization.centre.detach()
        seen = seen + self.crop_gradient * (localization.centre - seen)
        shown = torch.where(known[:, None], shown, seen)
        where = self._jitter_pose(localization)._replace(centre=shown)
        if training_progress() < self.localize_first:
            parts = (self.stn, self.backbone, self.neck, self.head)
            values = [value.sum() for part in parts for value in part.parameters()]
            losses = dict(loss=0 * sum(values))  # processes wait for each gradient
        else:
            losses = self.head.loss(self.extract_feat(inputs, where), data_samples)
        losses['loss_localization'] = self.loss_localization(
            localization, truth, known, size
        )
        if self.loss_consistency is not None:
            losses['loss_consistency'] = self.loss_consistency(
                self.localizer, inputs, localization
            )
        if self.loss_pose is not None:
            losses |= self.loss_pose(
                self.localizer,
                inputs,
                localization,
                torch.where(known[:, None], truth, localization.centre),
                data_samples,
                self.stn.roi_size,
                self.loss_localization,
            )
        return losses

    def predict(
        self, inputs: Tensor, data_samples: list[DataSample] | None = None
    ) -> list[DataSample]:
        """Set what is it (``pred_label``, ``pred_score``) and where.

        ``pred_centre`` (2,) is normalised to the input, ``pred_roi`` (4,) is xyxy in
        pixels of the original image. Of a turned ROI it is the upright box round it,
        and ``pred_corners`` (4, 2) are its corners there, ``(x, y)``.
        """
        localization = self.localizer(inputs)
        feats = self.extract_feat(inputs, localization)
        samples = self.head.predict(feats, data_samples)
        self.set_place(samples, localization, inputs.shape[-2:])
        return samples

    def set_place(
        self,
        samples: list[DataSample],
        localization: Localization,
        image_size: tuple[int, int],
    ) -> None:
        """Set what :meth:`predict` says of where."""
        rois, corners = roi_geometry(localization, self.stn.roi_size, image_size)
        for i, sample in enumerate(samples):
            x_scale, y_scale = sample.get('scale_factor', (1.0, 1.0))[:2]
            sample.set_field(localization.centre[i], 'pred_centre')
            scale = rois.new_tensor((x_scale, y_scale, x_scale, y_scale))
            sample.set_field(rois[i] / scale, 'pred_roi')
            if corners is not None:
                sample.set_field(corners[i] / scale[:2], 'pred_corners')
            if localization.heatmap is not None:
                sample.set_field(localization.heatmap[i], 'pred_heatmap')

    def _jitter(self, centre: Tensor, image_size: tuple[int, int]) -> Tensor:
        """Move centres (B, 2) at random, by at most ``roi_jitter`` of the ROI."""
        reach = centre.new_tensor(
            [
                jitter * roi / extent
                for jitter, roi, extent in zip(
                    self.roi_jitter, self.stn.roi_size, image_size, strict=True
                )
            ]
        ).flip(0)
        return centre + (torch.rand_like(centre) * 2 - 1) * reach

    def _jitter_pose(self, where: Localization) -> Localization:
        """Turn and scale ROIs at random, by at most ``pose_jitter``."""
        if where.direction is None:
            return where
        degrees, log_scale = self.pose_jitter
        angle = (torch.rand_like(where.scale) * 2 - 1) * math.radians(degrees)
        factor = ((torch.rand_like(where.scale) * 2 - 1) * log_scale).exp()
        return where._replace(
            direction=add_angles(where.direction.detach(), as_direction(angle)),
            scale=where.scale.detach() * factor,
        )


def training_progress() -> float:
    """Fraction of the training that is done; 1 where none runs."""
    hub = MessageHub.get_current_instance()
    step, steps = (hub.runtime_info.get(name) for name in ('iter', 'max_iters'))
    return 1.0 if step is None or not steps else step / steps


def roi_geometry(
    where: Localization, roi_size: tuple[int, int], image_size: tuple[int, int]
) -> tuple[Tensor, Tensor | None]:
    """Upright box (B, 4) of the ROIs, xyxy, and their corners (B, 4, 2).

    Both in pixels of the model's input; there are no corners without a pose.
    """
    if where.direction is None:
        return roi_box(where.centre, roi_size, image_size), None
    # Not one product, which an export would fix to one size of image.
    x, y = where.centre[:, 0] * image_size[1], where.centre[:, 1] * image_size[0]
    centre = torch.stack((x, y), 1)
    corners = oriented_corners(centre, where.direction, where.scale, roi_size)
    return torch.cat((corners.amin(1), corners.amax(1)), 1), corners


def true_centres(
    data_samples: list[DataSample], like: Tensor, image_size: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """Centres of the labelled boxes.

    Args:
        data_samples: ``gt_bboxes`` (N, 4) xyxy in pixels of the model's input, N = 0
            where the box is not known.
        like: (B, 2), gives type and device.
        image_size: (h, w) of the model's input.

    Returns:
        (B, 2) normalised ``(x, y)``, 0.5 where unknown, and (B,) bool, known.
    """
    centre = torch.full_like(like, 0.5)
    known = torch.zeros(len(like), dtype=torch.bool, device=like.device)
    extent = like.new_tensor((image_size[1], image_size[0]))
    for i, sample in enumerate(data_samples):
        boxes = sample.get('gt_bboxes')
        if boxes is not None and len(boxes):
            box = boxes[0].to(like)
            centre[i] = (box[:2] + box[2:]) / 2 / extent
            known[i] = True
    return centre, known
