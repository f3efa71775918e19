# Copyright (c) mmacnn authors. All rights reserved.
"""A data set of any layout: its labels and pixels in figures, and what is odd."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from mmacnn.utils import InputError

from .duplicates import NearPair, across, find_duplicates, split_series
from .figures import Labelled, SplitFigures, count_split, note_lacking
from .outliers import Outlier, find_outliers
from .pixels import PixelFacts, measure, use_common_range

ALL = 'all'  # The one split of a data set that has none.
SPLITS = ('train', 'val', 'test')
# Outliers tell a class if so many, and this fraction of them, have it, and if it is
# not this usual among all images.
FEWEST_TOLD, TOLD, USUAL = 10, 0.9, 0.7
SPECK = 3.0  # Pixels; a shorter side below is often a speck of a mask.
IMBALANCE = 10.0  # Images of the most frequent class for one of the rarest.


@dataclass
class DatasetAnalysis:
    """What is in a data set.

    Images are meant by their places in ``images``.

    Args:
        root: Folder or label file.
        layout: What was recognised.
        classes: Names, in the order of their numbers.
        images: Those that could be decoded.
        good: The class of images without a defect, where whole images have classes.
        split_of: The split of each image.
        facts: The pixels of each image.
        splits: Figures of each split.
        notes: What the importer changed on the way, a line each.
        ranges: Largest value of each depth, see ``use_common_range``.
        outliers: Images that differ in sharpness or brightness.
        identical: Groups of images of the same pixels.
        near: Pairs of near-identical images.
        is_near_cut: Whether there are more such pairs.
        series: Images of one series by name, in several splits, by their stem.
        unreadable: A line for each image that could not be decoded.
    """

    root: str
    layout: str
    classes: list[str]
    images: list[Labelled] = field(default_factory=list)
    good: str | None = None
    split_of: list[str] = field(default_factory=list)
    facts: list[PixelFacts] = field(default_factory=list)
    splits: list[SplitFigures] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ranges: dict[str, float] = field(default_factory=dict)
    outliers: list[Outlier] = field(default_factory=list)
    identical: list[tuple[int, ...]] = field(default_factory=list)
    near: list[NearPair] = field(default_factory=list)
    is_near_cut: bool = False
    series: dict[str, tuple[int, ...]] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)

    @property
    def leaks(self) -> list[tuple[int, ...]]:
        """Groups of identical images that are in several splits."""
        return list(across(self.identical, self.split_of))

    @property
    def near_leaks(self) -> list[NearPair]:
        """Pairs of near-identical images that are in two splits."""
        return [
            pair
            for pair in self.near
            if self.split_of[pair.first] != self.split_of[pair.second]
        ]

    @property
    def contradictions(self) -> list[tuple[int, ...]]:
        """Groups of identical images with different classes."""
        return [
            group
            for group in self.identical
            if len({frozenset(names_on(self.images[i])) for i in group}) > 1
        ]

    def problems(self) -> list[str]:
        """What makes a training or its test wrong, a line each."""
        lines = list(self.unreadable)
        for group in self.leaks:
            lines.append(
                f'{self._listed(group)}: found the same image in several splits'
            )
        for group in self.contradictions:
            lines.append(
                f'{self._listed(group)}: found the same image with different classes'
            )
        return lines

    def warnings(self) -> list[str]:
        """What to look at before the training, a line each."""
        lines = []
        for split in self.splits:
            present = {name for name, count in split.images_of.items() if count}
            # To learn from good images alone is no mistake, nor to test on them.
            if split.lacking and present != {self.good}:
                lines.append(f'{split.name} lacks {", ".join(split.lacking)}')
            if split.imbalance and split.imbalance >= IMBALANCE:
                counts = {k: v for k, v in split.images_of.items() if v}
                most, least = max(counts, key=counts.get), min(counts, key=counts.get)
                lines.append(
                    f'{split.name}: {counts[most]} images of {most}, {counts[least]} '
                    f'of {least}, the rarest'
                )
        lines += self._told_by_outliers()
        specks = sum(int((s.shorter_sides < SPECK).sum()) for s in self.splits)
        if specks:
            lines.append(
                f'{specks} objects are narrower than {SPECK:g} pixels: real ones, or '
                'specks of a mask?'
            )
        unused = [
            name
            for name in self.classes
            if not any(split.images_of[name] for split in self.splits)
        ]
        if unused:
            lines.append(f'classes without an image: {", ".join(unused)}')
        if self.near_leaks:
            pairs = Counter(
                tuple(sorted((self.split_of[p.first], self.split_of[p.second])))
                for p in self.near_leaks
            )
            listed = ', '.join(
                f'{n} of {a} and {b}' for (a, b), n in sorted(pairs.items())
            )
            lines.append(
                f'near-identical images in different splits, pairs: {listed}'
                + ' (and more)' * self.is_near_cut
            )
        if self.series:
            lines.append(
                f'{len(self.series)} series of images, by their names, are divided '
                f'between splits ({sum(map(len, self.series.values()))} images)'
            )
        turned = sum(split.turned for split in self.splits)
        if turned:
            lines.append(
                f'{turned} images are turned by an EXIF note: a tool that ignores it '
                'labels another image'
            )
        kinds = {kind for split in self.splits for kind in split.kinds}
        if len(kinds) > 1:
            lines.append(f'kinds of pixels differ: {", ".join(sorted(kinds))}')
        return lines

    def _told_by_outliers(self) -> list[str]:
        """Kinds of outliers that are nearly all of one class."""
        lines = []
        by_kind: dict[str, list[int]] = {}
        for outlier in self.outliers:
            by_kind.setdefault(outlier.what, []).append(outlier.index)
        of_all = Counter(name for image in self.images for name in names_on(image))
        for what, places in by_kind.items():
            found = Counter(name for i in places for name in names_on(self.images[i]))
            for name, count in found.items():
                is_usual = of_all[name] > USUAL * len(self.images)
                if count < FEWEST_TOLD or count < TOLD * len(places) or is_usual:
                    continue
                lines.append(
                    f'{count} of the {len(places)} {what} images are of {name}: a '
                    'model may learn how they were taken'
                )
        return lines

    def _listed(self, group: Sequence[int], most: int = 4) -> str:
        more = f' and {len(group) - most} more' if len(group) > most else ''
        return ', '.join(self.images[i].path for i in group[:most]) + more


def names_on(image: Labelled) -> set[str]:
    """The classes on an image: its label and its objects'."""
    names = {item.name for item in image.objects}
    return names if image.label is None else names | {image.label}


def analyse_images(
    root: str,
    layout: str,
    images: Sequence[Labelled],
    classes: Sequence[str],
    notes: Sequence[str] = (),
    good: str | None = None,
    progress: Callable[[list], Iterable] = iter,
) -> DatasetAnalysis:
    """Decode each image once and count what is in a data set.

    Args:
        root: Folder or label file, for the report.
        layout: What it was recognised as.
        images: The images with their labels.
        classes: Names of all classes.
        notes: What was changed while the labels were read.
        good: The class of images without a defect.
        progress: Wraps the list of images, to show progress.
    """
    analysis = DatasetAnalysis(
        root, layout, list(classes), notes=list(notes), good=good
    )
    for image in progress(list(images)):
        try:
            facts = measure(image.path)
        except InputError as error:
            analysis.unreadable.append(str(error))
            continue
        analysis.images.append(image)
        analysis.split_of.append(image.split or ALL)
        analysis.facts.append(facts)
    _measure_all(analysis)
    for name in (*SPLITS, ALL):
        chosen = [i for i, split in enumerate(analysis.split_of) if split == name]
        if not chosen:
            continue
        split = count_split(name, [analysis.images[i] for i in chosen], classes)
        facts = [analysis.facts[i] for i in chosen]
        split.kinds = Counter(f'{fact.depth} {fact.channels}' for fact in facts)
        split.turned = sum(fact.turned for fact in facts)
        analysis.splits.append(split)
    note_lacking(analysis.splits)
    return analysis


def _measure_all(analysis: DatasetAnalysis) -> None:
    """What follows from the pixels of all images together."""
    facts = analysis.facts
    if not facts:
        return
    paths = [image.path for image in analysis.images]
    analysis.ranges = use_common_range(facts)
    analysis.outliers = find_outliers(
        [fact.sharpness for fact in facts], [fact.brightness for fact in facts]
    )
    analysis.identical, analysis.near, analysis.is_near_cut = find_duplicates(
        paths,
        [fact.digest for fact in facts],
        np.stack([fact.texture for fact in facts]),
    )
    analysis.series = split_series(paths, analysis.split_of)
