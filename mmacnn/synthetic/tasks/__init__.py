# Copyright (c) mmacnn authors. All rights reserved.
"""One file a task: classes, devices, labels, and what draws one image."""
