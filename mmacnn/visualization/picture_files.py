# Copyright (c) mmacnn authors. All rights reserved.
"""Where the pictures of many images go, so that none covers another."""

import hashlib
import os
import os.path as osp
import unicodedata
from collections.abc import Sequence
from pathlib import Path

LONGEST = 230  # Bytes; file systems take 255.


def name_pictures(image_paths: Sequence[str]) -> dict[str, str]:
    """Name the picture of each image after the image.

    ``a/1.png`` becomes ``1.jpg``; if two images have one name, all keep their folders
    below the common one, and if two differ in the suffix alone, all keep it:
    ``a/1.png.jpg``. Upper and lower case count as one, as some file systems do.

    Args:
        image_paths: The images.

    Returns:
        Image path to the path of its picture in the output folder.

    Example:
        >>> name_pictures(['in/a/1.png', 'in/a/2.png'])
        {'in/a/1.png': '1.jpg', 'in/a/2.png': '2.jpg'}
        >>> name_pictures(['in/a/1.png', 'in/b/1.png'])
        {'in/a/1.png': 'a/1.jpg', 'in/b/1.png': 'b/1.jpg'}
    """
    # The same file may be named twice: './a.png' and 'a.png'.
    places = {path: Path(osp.abspath(path)) for path in image_paths}
    if not places:
        return {}
    root = osp.commonpath([place.parent for place in places.values()])
    different = len(set(places.values()))
    for name in (
        lambda place: place.stem,
        lambda place: place.relative_to(root).with_suffix('').as_posix(),
        lambda place: place.relative_to(root).as_posix(),
    ):
        names = {path: f'{_fit(name(place))}.jpg' for path, place in places.items()}
        # macOS takes one text in two forms of Unicode for one name.
        if len({_fold(picture) for picture in names.values()}) == different:
            break
    return names


def _fold(name: str) -> str:
    return unicodedata.normalize('NFC', name).casefold()


def _fit(name: str) -> str:
    """A path whose last part, with a number and a suffix, a file system takes."""
    folder, last = osp.split(name)
    content = os.fsencode(last)
    if len(content) > LONGEST:
        digest = hashlib.sha256(content).hexdigest()[:12]
        start = content[: LONGEST - 16].decode(errors='ignore')
        last = f'{start}-{digest}'
    return osp.join(folder, last)
