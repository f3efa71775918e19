# Copyright (c) mmacnn authors. All rights reserved.


class LineError(OSError):
    """What the user can fix, said in one line.

    Both programs print any ``OSError`` so, whichever classes of errors they have.
    """


def missing_package(user, package):
    """The error that names a package to install.

    Args:
        user (str): what needs it.
        package (str): its name at the registry.
    """
    return LineError(f'{user}: needs a package, install it with: pip install {package}')
