# Copyright (c) mmacnn authors. All rights reserved.

import math

import torch
import torch.nn.functional as F
from mmpretrain.models.heads import LinearClsHead
from mmpretrain.structures import DataSample
from torch import Tensor

from mmacnn.ops import (
    RegionRule,
    class_activation_map,
    mark_regions,
    pool_map,
    upsample_map,
)
from mmacnn.ops.cam import POOLINGS
from mmacnn.registry import MODELS
from mmacnn.utils import InputError
from mmacnn.utils.arguments import check_number


@MODELS.register_module()
class CAMHead(LinearClsHead):
    """Pooling and one linear layer, which also says where: the class activation map.

    Augustauskas et al., *Defects Localization in Images Using Deep Learning-based
    Classification with CAM Output*, IDAACS 2023. The map is made first, by the linear
    layer at every position, and the logit is its mean: one 1x1 convolution, no second
    pass, no gradients. Another pooling than the mean is ours.

    With ``mask_loss`` the map also learns where the defect is: from good images, which
    have none anywhere, and from the masks of defective ones, as far as the data samples
    have ``gt_seg_map``. A good image whose mask marks something has a drawn defect
    (:class:`mmacnn.datasets.transforms.DrawDefect`): the map learns from it, the score
    of the image does not.

    Belongs in a :class:`CAMClassifier`, which knows where the cells of the map lie.

    Two classes share one logit, that of the second one (the defect), with a sigmoid.
    More classes have a logit and a map each, with a softmax.

    Args:
        num_classes: Number of classes.
        in_channels: Channels of the backbone's last feature map.
        map_threshold: Where the map is above it is the defect, in logits.
        pooling: How a map becomes a logit, see :func:`mmacnn.ops.pool_map`: 'mean' as
            published, or 'log-sum-exp'.
        sharpness: Of 'log-sum-exp'.
        mask_loss: Config of a loss of pixels such as :class:`MaskLoss`, for two
            classes; None to learn from the labels of images alone.
        loss: Config of the loss; ``BinaryFocalLoss`` for two classes and
            ``CrossEntropyLoss`` for more by default.
        init_cfg: Config of the initialization; PyTorch's by default, since mmpretrain's
            near zero holds back the gradient of a backbone that learns from scratch.

    Raises:
        InputError: Fewer than two classes, more than two with ``mask_loss`` or a loss
            of two, or no such pooling or sharpness.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        map_threshold: float = 0.0,
        pooling: str = 'mean',
        sharpness: float = 4.0,
        mask_loss: dict | None = None,
        loss: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        if num_classes < 2:
            raise InputError(
                f'CAMHead: num_classes is {num_classes}, expected 2 or more: '
                'a good class and a defective one'
            )
        is_binary = num_classes == 2
        if mask_loss is not None and not is_binary:
            raise InputError(
                f'CAMHead: num_classes is {num_classes} with mask_loss, expected 2: '
                'masks tell defective from good'
            )
        if pooling not in POOLINGS:
            raise InputError(
                f'CAMHead: pooling is {pooling!r}, expected one of '
                f'{", ".join(POOLINGS)}'
            )
        check_number('CAMHead: sharpness', sharpness, 1e-3)
        if loss and not is_binary and loss['type'].endswith('BinaryFocalLoss'):
            raise InputError(
                f'CAMHead: num_classes is {num_classes} with the loss {loss["type"]}, '
                "expected 2, or loss=dict(_delete_=True, type='CrossEntropyLoss')"
            )
        kind = 'mmacnn.BinaryFocalLoss' if is_binary else 'mmpretrain.CrossEntropyLoss'
        super().__init__(
            1 if is_binary else num_classes,
            in_channels,
            init_cfg,
            loss=loss or dict(type=kind),
        )
        self.num_classes = num_classes
        self.map_threshold = map_threshold
        self.region_rule = RegionRule()
        self.pooling = pooling
        self.sharpness = sharpness
        self.mask_loss = None if mask_loss is None else MODELS.build(mask_loss)

    def place_cells(self, stride: int, offset: float) -> None:
        """Say where the cells of the map lie on the network's input.

        Args:
            stride: Pixels from one cell to the next.
            offset: Centre of the first cell, in pixels from the edge.
        """
        self.stride = stride
        self.offset = offset

    def activation_map(self, feats: tuple[Tensor]) -> Tensor:
        """Map of each logit, (B, K, h, w), from the last feature map.

        Raises:
            InputError: It is no map, or has another number of channels.
        """
        features = self.pre_logits(feats)
        if features.ndim != 4 or features.shape[1] != self.in_channels:
            raise InputError(
                f'CAMHead: found features of shape {tuple(features.shape)}, expected '
                f'(batch, {self.in_channels}, height, width): in_channels of the '
                'head as of the backbone, no pooling before (no neck, and '
                'gap_before_final_norm=False where a backbone has it)'
            )
        return class_activation_map(features, self.fc.weight, self.fc.bias)

    def pool(self, maps: Tensor) -> Tensor:
        """Logits (B, K) of maps (B, K, h, w)."""
        return pool_map(maps, self.pooling, self.sharpness)

    def forward(self, feats: tuple[Tensor]) -> Tensor:
        """Logits, (B, 1) for two classes, else (B, num_classes)."""
        return self.pool(self.activation_map(feats))

    def loss(self, feats: tuple[Tensor], data_samples: list[DataSample]) -> dict:
        """``loss`` of the images' labels, and those of ``mask_loss``."""
        maps = self.activation_map(feats)
        logits = self._pool_images(maps, data_samples)
        asked = [i for i, each in enumerate(data_samples) if not _is_drawn(each)]
        samples = [data_samples[i] for i in asked]
        losses = (
            self._get_loss(logits[asked], samples)
            if asked
            else dict(loss=0 * logits.sum())
        )
        if self.mask_loss is not None:
            losses.update(self._mask_losses(maps, data_samples))
        return losses

    def _pool_images(self, maps: Tensor, data_samples: list[DataSample]) -> Tensor:
        """:meth:`pool`; of images of several sizes, without their padding."""
        sizes = _sizes(data_samples)
        if len(set(sizes)) < 2:
            return self.pool(maps)
        cut = (self._cut(each, size) for each, size in zip(maps, sizes, strict=True))
        return torch.cat([self.pool(each) for each in cut])

    def _cut(self, cam: Tensor, size: tuple[int, int]) -> Tensor:
        """The cells (1, K, h, w) of an image of a size, out of (K, h', w')."""
        height, width = (math.ceil(side / self.stride) for side in size)
        return cam[None, :, :height, :width]

    def _mask_losses(self, maps: Tensor, data_samples: list[DataSample]) -> dict:
        """Of the images whose mask is known, at the size of the network's input."""
        known, target = [], []
        for index, sample in enumerate(data_samples):
            if 'gt_seg_map' in sample:
                target.append(torch.as_tensor(sample.gt_seg_map).to(maps))
            elif sample.gt_label == 0:
                target.append(maps.new_zeros(sample.img_shape[:2]))
            else:
                continue
            known.append(index)
        sizes = _sizes(data_samples)
        if len(set(sizes)) < 2:
            shown = upsample_map(maps[known], sizes[0], self.stride, self.offset)[:, 0]
            return self.mask_loss(shown, torch.stack(target) if target else shown)
        # Padded again, now at the size of pixels, and with what is no padding.
        shown = [self._over_image(maps[i], sizes[i]) for i in known]
        valid = [torch.ones_like(each) for each in target]
        largest = tuple(map(max, zip(*sizes, strict=True)))
        return self.mask_loss(
            *(_padded(each, largest, maps) for each in (shown, target, valid))
        )

    def _over_image(self, cam: Tensor, size: tuple[int, int]) -> Tensor:
        """The first map, (H, W), of an image of a size, out of (K, h', w')."""
        cut = self._cut(cam, size)
        return upsample_map(cut, size, self.stride, self.offset)[0, 0]

    def predict(
        self,
        feats: tuple[Tensor],
        data_samples: list[DataSample] | None = None,
    ) -> list[DataSample]:
        """Set what is it, and where, in the data samples.

        ``pred_label``; ``pred_score`` (num_classes,); ``pred_cam`` (K, h, w), the maps
        as they are; ``pred_heatmap`` (H, W), the map of the defect (with more than two
        classes: of the predicted one) at the size of the network's input, in logits;
        ``pred_mask`` (H, W) bool, where it is above ``map_threshold``, as
        ``region_rule`` says.
        """
        maps = self.activation_map(feats)
        samples = self._get_predictions(self.pool(maps), data_samples)
        for sample, cam in zip(samples, maps, strict=True):
            self.show(sample, cam)
        return samples

    def show(self, sample: DataSample, cam: Tensor) -> None:
        """Set ``pred_cam``, ``pred_heatmap`` and ``pred_mask`` of one image.

        The metainfo ``map_threshold`` and ``map_unit`` say how the mask was cut, and
        ``mm_per_pixel`` how large a pixel of the image is.

        Args:
            sample: With ``pred_label``, and ``img_shape`` where it is known.
            cam: (K, h, w), the map of each logit.
        """
        extent = [cells * self.stride for cells in cam.shape[-2:]]
        size = tuple(sample.get('img_shape', extent))[:2]
        shown = 0 if self.num_classes == 2 else int(sample.pred_label)
        heatmap = upsample_map(
            cam[None, shown : shown + 1], size, self.stride, self.offset
        )[0, 0]
        sample.set_field(cam, 'pred_cam')
        sample.set_field(heatmap, 'pred_heatmap')
        rule, scale = self.region_rule, sample.get('scale_factor', (1.0, 1.0))
        marked = mark_regions(heatmap, self.map_threshold, rule, scale)
        sample.set_field(marked, 'pred_mask')
        facts = dict(map_threshold=self.map_threshold, map_unit='logit')
        sample.set_metainfo(dict(facts, mm_per_pixel=rule.mm_per_pixel))

    def scores(self, logits: Tensor) -> Tensor:
        """Score of each class, (B, num_classes), from the logits."""
        if self.num_classes == 2:
            positive = logits.sigmoid()
            return torch.cat((1 - positive, positive), dim=1)
        return logits.softmax(1)

    def _get_loss(self, logits: Tensor, data_samples: list[DataSample]) -> dict:
        if self.num_classes > 2:
            return super()._get_loss(logits, data_samples)
        label = torch.cat([sample.gt_label for sample in data_samples])
        target = label[:, None].to(logits)
        return dict(loss=self.loss_module(logits, target, avg_factor=len(target)))

    def _get_predictions(
        self, logits: Tensor, data_samples: list[DataSample] | None
    ) -> list[DataSample]:
        samples = data_samples or [DataSample() for _ in logits]
        for sample, score in zip(samples, self.scores(logits), strict=True):
            sample.set_pred_score(score).set_pred_label(score.argmax(0, keepdim=True))
        return samples


def _is_drawn(sample: DataSample) -> bool:
    """Whether it is a good image with a defect that :class:`DrawDefect` has drawn."""
    return bool(sample.gt_label == 0 and sample.get('gt_seg_map', Tensor()).any())


def _sizes(data_samples: list[DataSample]) -> list[tuple[int, int]]:
    """(H, W) of each image on the network's input; none where it is not known."""
    return [tuple(s.img_shape[:2]) for s in data_samples if 'img_shape' in s]


def _padded(several: list[Tensor], size: tuple[int, int], like: Tensor) -> Tensor:
    """Maps (H_i, W_i) as one (N, H, W), 0 where there is none."""
    if not several:
        return like.sum() * like.new_zeros((0, *size))
    height, width = size
    return torch.stack(
        [F.pad(x, (0, width - x.shape[1], 0, height - x.shape[0])) for x in several]
    )
