# Copyright (c) mmacnn authors. All rights reserved.
"""A-CNN: class, ROI and crop; or the ROI as the one detection of an image."""

import torch
from torch import Tensor

from mmacnn.models.classifiers import ACNN
from mmacnn.models.classifiers.acnn import roi_geometry
from mmacnn.ops import sample_oriented_roi_gather, sample_roi_separable
from mmacnn.utils import InputError

from .base import Method, Normalise, register_method


@register_method
class ACNNMethod(Method):
    """See the module."""

    model = ACNN
    tasks = ('Classification', 'ObjectDetection')
    outputs = dict(
        output='scores',
        scores='scores',
        centre='centre',
        roi='roi',
        corners='corners',
        crop='crop',
        dets='boxes',
        labels='labels',
    )

    def graph(
        self, model: ACNN, images: Tensor, normalise: Normalise
    ) -> dict[str, Tensor]:
        """See :class:`Method`.

        The crop is taken before it is normalised: of all pixels it has but a few. It is
        taken by matrix products, or by gathers where it is turned, whatever sampler the
        model was trained with.
        """
        where, stn = model.localizer(normalise(images)), model.stn
        how = stn.roi_size, stn.output_size, normalise
        if where.direction is None:
            crop = sample_roi_separable(images, where.centre, *how)
        else:
            pose = where.centre, where.direction, where.scale
            crop = sample_oriented_roi_gather(images, *pose, *how)
        crop = crop if stn.norm is None else stn.norm(crop)
        scores = model.head(model.neck(model.backbone(crop))).softmax(1)
        roi, corners = roi_geometry(where, stn.roi_size, images.shape[-2:])
        score = scores.amax(1, keepdim=True)
        return dict(
            output=scores,
            scores=scores,
            centre=where.centre,
            roi=roi,
            corners=corners,
            crop=crop,
            dets=torch.cat((roi, score), 1)[:, None],
            labels=scores.argmax(1, keepdim=True),
        )

    def output_names(self, model: ACNN, listed: list[str]) -> list[str]:
        """With the corners of a turned ROI where the ROI is listed."""
        has_pose = getattr(model.localizer, 'pose', None) is not None
        if 'corners' in listed and not has_pose:
            raise InputError(
                'ir_config.output_names has corners, but the localizer has no pose'
            )
        if not has_pose or 'roi' not in listed or 'corners' in listed:
            return listed
        return [*listed, 'corners']

    def facts(self, model: ACNN) -> dict[str, dict]:
        """A box tells the score of its class alone: how many there are."""
        return dict(boxes=dict(num_classes=model.head.num_classes))
