# Copyright (c) mmacnn authors. All rights reserved.
import torch.nn.functional as F
from mmpretrain.models.heads import LinearClsHead
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from mmacnn.models.losses.mean_count import mean_count
from mmacnn.registry import MODELS


@MODELS.register_module()
class NormedLinearClsHead(LinearClsHead):
    """Linear classification head on batch-normalized features.

    Images of one inspection task look alike, so their pooled features share a large
    common part and differ by little. Batch normalization takes the common part away
    and magnifies the difference, as the BNNeck of Luo et al., *Bag of Tricks and a
    Strong Baseline for Deep Person Re-Identification*, CVPRW 2019, section 3.5.

    The linear layer starts as PyTorch's do. mmpretrain's heads start near zero, which
    holds back the gradient of everything before them: a fine-tuned backbone bears
    that, one that learns to read digits from scratch does not start to learn.

    Images without ``gt_label`` are left out of the loss.

    Args:
        num_classes: Number of classes.
        in_channels: Channels of the pooled feature.
        loss: Config of the classification loss.
        init_cfg: Config of the initialization.
        **kwargs: ``topk`` and ``cal_acc`` of mmpretrain's ``ClsHead``.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        loss: dict | None = None,
        init_cfg: dict | None = None,
        **kwargs,
    ) -> None:
        loss = loss or dict(type='mmpretrain.CrossEntropyLoss')
        super().__init__(num_classes, in_channels, init_cfg, loss=loss, **kwargs)
        self.norm = nn.BatchNorm1d(in_channels)

    def pre_logits(self, feats: tuple[Tensor]) -> Tensor:
        """Normalize the last feature, (B, in_channels)."""
        feature, norm = feats[-1], self.norm
        if len(feature) > 1:
            return norm(feature)
        # A batch of one has no variance: an epoch's last batch can be one image.
        return F.batch_norm(
            feature, norm.running_mean, norm.running_var, norm.weight, norm.bias
        )

    def loss(
        self, feats: tuple[Tensor], data_samples: list[DataSample], **kwargs
    ) -> dict:
        """Classification loss, the mean over the images whose class is known."""
        cls_score = self(feats)
        named = [i for i, s in enumerate(data_samples) if 'gt_label' in s]
        # With other processes in mind, each of which may have other images named.
        fraction = len(named) / mean_count(cls_score.new_tensor(len(named)))
        if not named:
            return dict(loss=cls_score.sum() * 0)
        samples = [data_samples[i] for i in named]
        losses = self._get_loss(cls_score[named], samples, **kwargs)
        losses['loss'] = losses['loss'] * fraction
        return losses
