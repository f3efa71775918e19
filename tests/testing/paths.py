# Copyright (c) mmacnn authors. All rights reserved.
from pathlib import Path

ROOT = Path(__file__).parents[2]  # of the checkout
