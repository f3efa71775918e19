# Copyright (c) mmacnn authors. All rights reserved.
import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        'cam_head': ['CAMHead'],
        'normed_linear_head': ['NormedLinearClsHead'],
        'roi_box_head': ['ROIBoxHead'],
    },
)
