# Copyright (c) mmacnn authors. All rights reserved.
"""Export to ONNX, and what is done to the graph."""
