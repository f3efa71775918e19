# Copyright (c) mmacnn authors. All rights reserved.
import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        'picture_files': ['name_pictures'],
        'roi_visualizer': ['RoIVisualizer'],
        'visualization_hook': ['RoIVisualizationHook'],
    },
)
