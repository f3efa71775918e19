# Copyright (c) mmacnn authors. All rights reserved.
"""TensorRT engines, and which operators it has."""
