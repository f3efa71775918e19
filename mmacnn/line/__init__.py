# Copyright (c) mmacnn authors. All rights reserved.
"""What a station on the line needs: live cameras, receivers of results, drift.

The board's runner uses these files as ``runner/line``, a link: they import nothing of
the package and run with Python 3.6.
"""
