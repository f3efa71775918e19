# Copyright (c) mmacnn authors. All rights reserved.


class LineError(OSError):
    """What the user can fix, said in one line.

    Both programs print any ``OSError`` so, whichever classes of errors they have.
    """
