# Copyright (c) mmacnn authors. All rights reserved.
"""What a source of the command line is, and how results call it."""

import re


def is_camera(source):
    """Whether it names a camera or a stream: ``0``, ``csi:0``, ``gige:0``, a URL.

    Args:
        source (str): of the command line.
    """
    return '://' in source or bool(re.match(r'([0-9]+|csi:[0-9]+|gige:.+)$', source))


def camera_name(source):
    """What results call it; without the password of a URL."""
    if '://' in source:
        return re.sub(r'://[^/?#]*@', '://', source)
    return f'camera {source}' if source.isdigit() else source
