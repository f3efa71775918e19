# Copyright (c) mmacnn authors. All rights reserved.
from .picture_files import name_pictures
from .roi_visualizer import RoIVisualizer
from .visualization_hook import RoIVisualizationHook

__all__ = ['RoIVisualizationHook', 'RoIVisualizer', 'name_pictures']
