# Copyright (c) mmacnn authors. All rights reserved.
"""A-CNN: class, ROI and crop; or the ROI as the one detection of an image."""

import torch
from torch import Tensor

from mmacnn.models.classifiers import ACNN
from mmacnn.ops import roi_box, sample_roi_separable

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
        crop='crop',
        dets='boxes',
        labels='labels',
    )

    def graph(
        self, model: ACNN, images: Tensor, normalise: Normalise
    ) -> dict[str, Tensor]:
        """See :class:`Method`.

        The crop is taken before it is normalised: of all pixels it has but a few. It is
        taken by matrix products, whatever sampler the model was trained with.
        """
        centre, stn = model.localizer(normalise(images)).centre, model.stn
        crop = sample_roi_separable(
            images, centre, stn.roi_size, stn.output_size, normalise
        )
        crop = crop if stn.norm is None else stn.norm(crop)
        scores = model.head(model.neck(model.backbone(crop))).softmax(1)
        roi = roi_box(centre, stn.roi_size, images.shape[-2:])
        score = scores.amax(1, keepdim=True)
        return dict(
            output=scores,
            scores=scores,
            centre=centre,
            roi=roi,
            crop=crop,
            dets=torch.cat((roi, score), 1)[:, None],
            labels=scores.argmax(1, keepdim=True),
        )

    def facts(self, model: ACNN) -> dict[str, dict]:
        """A box tells the score of its class alone: how many there are."""
        return dict(boxes=dict(num_classes=model.head.num_classes))
