# Copyright (c) mmacnn authors. All rights reserved.
"""Finding the image that a label file means, whatever machine the file comes from."""

import re
from collections.abc import Iterable
from os import path as osp
from urllib.parse import unquote

from .image_files import IMAGE_SUFFIXES, list_files_below

# Label Studio and CVAT put an identifier before the name of what is uploaded.
UPLOAD_PREFIX = re.compile(r'[0-9a-f]{6,8}-')
SPLIT_WORD = re.compile(
    r'(train)(?:ing|set|val)?\d*|(val)(?:id|idation|set)?\d*|(test)(?:ing|set)?\d*'
)
IMPORT_HINT = '`python -m mmacnn import` repairs it'


class AmbiguousName(LookupError):
    """Several files fit a name."""


def split_of_word(word: str) -> str:
    """Return 'train', 'val' or 'test' where a folder's name says so, else ''."""
    match = SPLIT_WORD.fullmatch(word.lower())
    return next(filter(None, match.groups()), '') if match else ''


def split_of(path: str) -> str:
    """Return the split that a path's folders name; the last one counts."""
    for part in reversed(path.split('/')[:-1]):
        split = split_of_word(part)
        if split:
            return split
    return ''


class ImageFinder:
    """Finds images by names as other programs write them.

    Args:
        paths: The images, below one folder, with ``/`` between the parts.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self.by_name: dict[str, list[str]] = {}
        self.by_stem: dict[str, list[str]] = {}
        for path in paths:
            name = path.rpartition('/')[2].lower()
            self.by_name.setdefault(name, []).append(path)
            self.by_stem.setdefault(name.rpartition('.')[0], []).append(path)

    def find(self, name: str, near: str = '') -> tuple[str, str]:
        """Return the image's path, and in what the name differs from it.

        Args:
            name: As the label file has it.
            near: Folder of the label file; of several images it holds the right one.

        Returns:
            The path, and the likely cause of the difference; '' where the name is a
            path that ends the image's.

        Raises:
            FileNotFoundError: No image fits.
            AmbiguousName: Several fit equally well.
        """
        parts, causes = _clean(name)
        if not parts:
            raise FileNotFoundError(name)
        found = self._candidates(parts, causes)
        found = [path for path in found if _same_split(path, parts)]
        if not found:
            raise FileNotFoundError(name)
        ranked = [(_common_tail(path, parts), path) for path in found]
        best = max(length for length, _ in ranked)
        found = [path for length, path in ranked if length == best]
        if len(found) > 1 and near:
            found = _nearest(found, near)
        if len(found) > 1:
            exact = [path for path in found if path == '/'.join(parts)]
            found = exact or found
        if len(found) > 1:
            raise AmbiguousName(f'{found[0]} and {found[1]}')
        path = found[0]
        if not causes and best < len(parts):
            causes.append(_folder_cause(parts, best))
        if not causes and path.split('/')[-len(parts) :] != parts:
            causes.append('another case of the name or suffix')
        return path, ', '.join(dict.fromkeys(causes))

    def _candidates(self, parts: list[str], causes: list[str]) -> list[str]:
        name = parts[-1].lower()
        if name in self.by_name:
            return self.by_name[name]
        without = UPLOAD_PREFIX.sub('', name, count=1)
        if UPLOAD_PREFIX.match(name) and without in self.by_name:
            causes.append("an upload's prefix")
            parts[-1] = parts[-1][len(name) - len(without) :]
            return self.by_name[without]
        stem, _, suffix = name.rpartition('.')
        if name in self.by_stem:
            causes.append('a name without suffix')
            return self.by_stem[name]
        if suffix and stem in self.by_stem:
            causes.append('another suffix')
            return self.by_stem[stem]
        return []


def _clean(name: str) -> tuple[list[str], list[str]]:
    """The parts of a name, and what was odd about it."""
    causes, text = [], name.strip()
    if '://' in text or '/?d=' in text or text.startswith('/data/'):
        causes.append("a server's path")
        text = text.partition('?d=')[2] or re.sub(r'^\w+://[^/]*', '', text)
        text = unquote(text.partition('?')[0])
    if '\\' in text:
        causes.append('a backslash')
        text = text.replace('\\', '/')
    if not causes and (text.startswith('/') or re.match(r'[A-Za-z]:/', text)):
        causes.append("another machine's path")
    parts = [part for part in text.split('/') if part not in ('', '.', '..')]
    return parts, causes


def _common_tail(path: str, parts: list[str]) -> int:
    """How many of the last parts are the same; the name itself always counts."""
    pairs = zip(reversed(path.split('/')[:-1]), reversed(parts[:-1]), strict=False)
    length = 1
    for ours, theirs in pairs:
        if ours.lower() != theirs.lower():
            break
        length += 1
    return length


def _nearest(found: list[str], near: str) -> list[str]:
    """Those that share the longest way from the root with a folder."""
    way = near.split('/')

    def shared(path: str) -> int:
        parts = path.split('/')[:-1]
        return next(
            (
                i
                for i, (a, b) in enumerate(zip(parts, way, strict=False))
                if a.lower() != b.lower()
            ),
            min(len(parts), len(way)),
        )

    best = max(map(shared, found))
    return [path for path in found if shared(path) == best]


def _same_split(path: str, parts: list[str]) -> bool:
    ours, theirs = split_of(path), split_of('/'.join(parts))
    return not ours or not theirs or ours == theirs


def _folder_cause(parts: list[str], length: int) -> str:
    head = parts[: len(parts) - length]
    if head and head[-1] in parts[len(head) :]:
        return 'a folder that is named twice'
    return 'another folder'


def likely_cause(name: str, folder: str) -> str:
    """Say why a label file's image is not found, and what repairs it, in brackets.

    Args:
        name: As the label file has it.
        folder: Where the images should be.

    Returns:
        Text to put behind a message; '' where nothing is known.
    """
    if not osp.isdir(folder or osp.curdir):
        return ''
    parts = _clean(name)[0]
    own = osp.basename(osp.abspath(folder))
    below = list_files_below(folder or osp.curdir, IMAGE_SUFFIXES)
    try:
        path, cause = ImageFinder(p.replace('\\', '/') for p in below).find(name)
    except LookupError as error:
        return f' (it may be {error})'
    except FileNotFoundError:
        return ''
    if parts[0] == own and len(parts) > 1 and cause == 'another folder':
        cause = 'a folder that is named twice'
    return f' ({cause or "another folder"}? {path} is there; {IMPORT_HINT})'
