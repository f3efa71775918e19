# Copyright (c) mmacnn authors. All rights reserved.

import torch
from mmpretrain.structures import DataSample
from torch import Tensor

from mmacnn.models.localizers import Localization
from mmacnn.models.losses.mean_count import mean_count
from mmacnn.registry import MODELS

from .normed_linear_head import NormedLinearClsHead


@MODELS.register_module()
class MultiTaskHead(NormedLinearClsHead):
    """What is it, and where: classification and localization losses in one head.

    Cross-entropy on every image that has a class, localization loss on the images that
    have a box. The weight of each is the ``loss_weight`` in its config.

    Args:
        loss_localization: Config of the localization loss.
        **kwargs: Arguments of :class:`NormedLinearClsHead`, ``num_classes`` and
            ``in_channels`` among them.
    """

    def __init__(self, *args, loss_localization: dict | None = None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.loss_localization = MODELS.build(
            loss_localization or dict(type='mmacnn.HeatmapKLDivLoss')
        )

    def loss(
        self,
        feats: tuple[Tensor],
        data_samples: list[DataSample],
        localization: Localization,
        image_size: tuple[int, int],
    ) -> dict:
        """Losses of a batch.

        Args:
            feats: Features of the crops, the last of shape (B, in_channels).
            data_samples: ``gt_label`` where the class is known, ``gt_bboxes`` (N, 4)
                xyxy in pixels of the model's input, N = 0 where the box is not.
            localization: Prediction of the localizer.
            image_size: (h, w) of the model's input.

        Returns:
            ``loss`` (classification) and ``loss_localization``.
        """
        cls_score = self(feats)
        named = [i for i, s in enumerate(data_samples) if 'gt_label' in s]
        # With other processes in mind, each of which may have other images named.
        share = len(named) / mean_count(cls_score.new_tensor(len(named)))
        if named:
            losses = self._get_loss(cls_score[named], [data_samples[i] for i in named])
            losses['loss'] = losses['loss'] * share
        else:
            losses = dict(loss=cls_score.sum() * 0)
        centre, known = true_centres(data_samples, localization.centre, image_size)
        losses['loss_localization'] = self.loss_localization(
            localization, centre, known, image_size
        )
        return losses


def true_centres(
    data_samples: list[DataSample], like: Tensor, image_size: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """Centres of the labelled boxes.

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
