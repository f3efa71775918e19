# Copyright (c) mmacnn authors. All rights reserved.
import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        'binary_focal_loss': ['BinaryFocalLoss'],
        'equivariance_loss': ['EquivarianceLoss'],
        'pose_loss': ['PoseLoss'],
        'localization_loss': ['CentreSmoothL1Loss', 'HeatmapKLDivLoss'],
        'mask_loss': ['MaskLoss'],
    },
)
