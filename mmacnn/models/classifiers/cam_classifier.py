# Copyright (c) mmacnn authors. All rights reserved.
import torch
from mmpretrain.models import ImageClassifier
from mmpretrain.structures import DataSample
from torch import Tensor

from mmacnn.models.backbones import cell_geometry
from mmacnn.models.region_rule import region_rule
from mmacnn.registry import MODELS


@MODELS.register_module()
class CAMClassifier(ImageClassifier):
    """Backbone -> :class:`CAMHead`: what is it, and where, from labels of images.

    With masks of the defects, on some of the images or all, the map learns from them.

    Images of a batch may differ in size (``pseudo_collate``; the data preprocessor pads
    them at the right and at the bottom). While training, pooling and losses leave the
    padding out. A prediction is that of the image alone, for it is made without
    padding.

    Augustauskas et al., *Defects Localization in Images Using Deep Learning-based
    Classification with CAM Output*, IDAACS 2023.

    Args:
        backbone: Config of the backbone.
        head: Config of a :class:`CAMHead`, the good class first.
        neck: Config of a :class:`JoinedStrides`, for a finer map; None for the map of
            the backbone's last output.
        regions: How the map becomes defect regions: ``margin``, ``min_area`` and
            ``mm_per_pixel`` of :class:`mmacnn.ops.RegionRule`.
        data_preprocessor: Config; ``mmpretrain.ClsDataPreprocessor`` by default.
        init_cfg: Config of the initialization.

    Raises:
        InputError: The backbone gives no map, or ``regions`` has a wrong setting.
    """

    takes_several_sizes = True
    """Whether the images of a batch may differ in size."""

    def __init__(
        self,
        backbone: dict,
        head: dict,
        neck: dict | None = None,
        regions: dict | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(
            backbone=backbone,
            neck=neck,
            head=head,
            data_preprocessor=data_preprocessor,
            init_cfg=init_cfg,
        )
        level = getattr(self.neck, 'out_level', -1)
        self.head.place_cells(*cell_geometry(self.backbone, level))
        self.head.region_rule = region_rule(type(self).__name__, regions)
        # Depthwise convolutions train 1.4 times faster on the CPU in this layout.
        self.to(memory_format=torch.channels_last)

    def forward(
        self,
        inputs: Tensor,
        data_samples: list[DataSample] | None = None,
        mode: str = 'tensor',
    ):
        """OpenMMLab's three modes, of a batch (B, C, H, W), normalised.

        'tensor' returns the logits, (B, 1) for two classes, else (B, num_classes),
        'predict' the data samples with :class:`CAMHead`'s fields, 'loss' a dict.
        """
        inputs = inputs.contiguous(memory_format=torch.channels_last)
        return super().forward(inputs, data_samples, mode)

    def predict(
        self, inputs: Tensor, data_samples: list[DataSample] | None = None, **kwargs
    ) -> list[DataSample]:
        """Predict on images (B, C, H, W), each without what it was padded by.

        Convolutions see the padding, so images of several sizes go through alone.
        """
        padded = tuple(inputs.shape[-2:])
        sizes = [tuple(s.get('img_shape', padded)[:2]) for s in data_samples or ()]
        if len(set(sizes)) < 2:
            return super().predict(inputs, data_samples, **kwargs)
        for image, sample, (height, width) in zip(
            inputs, data_samples, sizes, strict=True
        ):
            image = image[None, :, :height, :width]
            image = image.contiguous(memory_format=torch.channels_last)
            super().predict(image, [sample], **kwargs)
        return data_samples
