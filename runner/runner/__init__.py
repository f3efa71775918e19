# Copyright (c) mmacnn authors. All rights reserved.
"""Runs a model folder on a Jetson: Python 3.6, numpy, OpenCV and TensorRT alone."""
