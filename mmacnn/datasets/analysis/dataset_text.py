# Copyright (c) mmacnn authors. All rights reserved.
"""The figures of a data set as text, and as plain values for programs."""

from collections import Counter
from collections.abc import Iterable

from mmacnn.utils.text import plain_table, printable

from .dataset import DatasetAnalysis
from .figures import SplitFigures

LISTED = 5  # Files of a kind that the text names; the page and the JSON name more.


def format_analysis(analysis: DatasetAnalysis) -> str:
    """Return what is in a data set as text: figures, what is odd, problems."""
    lines = [
        f'{analysis.root}: {analysis.layout}',
        f'{len(analysis.images)} images, {len(analysis.classes)} classes',
        '',
        *_indented(plain_table(*split_table(analysis))),
        '',
        *_indented(plain_table(*class_table(analysis))),
        '',
    ]
    for name, value in pixel_lines(analysis):
        lines.append(f'{name}: {value}')
    outliers = Counter(outlier.what for outlier in analysis.outliers)
    for what, count in outliers.items():
        chosen = [o for o in analysis.outliers if o.what == what]
        listed = [
            f'{analysis.images[o.index].path} ({o.value:.3g}, median {o.median:.3g})'
            for o in chosen
        ]
        lines += [f'{what} images: {count}', *_some(listed)]
    near = analysis.near_leaks or analysis.near
    across = f', across splits {len(analysis.near_leaks)}' * (len(analysis.splits) > 1)
    lines.append(f'groups of identical images: {len(analysis.identical)}')
    lines += _some(
        ' = '.join(analysis.images[i].path for i in group)
        for group in analysis.identical
    )
    lines.append(
        f'pairs of near-identical images: {len(analysis.near)}'
        + ' or more' * analysis.is_near_cut
        + across
    )
    lines += _some(
        f'{analysis.images[p.first].path} ~ {analysis.images[p.second].path} '
        f'({p.correlation:.3f})'
        for p in near
    )
    if analysis.series:
        lines.append(f'series by name in several splits: {len(analysis.series)}')
        lines += _some(f'{k} ({len(v)} images)' for k, v in analysis.series.items())
    for title, found in (
        ('changed while the labels were read', analysis.notes),
        ('warnings', analysis.warnings()),
        ('problems', analysis.problems()),
    ):
        lines += ['', f'{title}: {len(found) or "none"}', *(f'  {x}' for x in found)]
    return '\n'.join(map(printable, lines))


def _indented(table: str) -> list[str]:
    return [f'  {line}' for line in table.splitlines()]


def _some(texts: Iterable[str]) -> list[str]:
    texts = list(texts)
    more = [f'  and {len(texts) - LISTED} more'] if len(texts) > LISTED else []
    return [f'  {text}' for text in texts[:LISTED]] + more


def split_table(analysis: DatasetAnalysis) -> tuple[list[str], list[list]]:
    """Header and rows: what each split has."""
    header = [
        *('split', 'images', 'without object', 'objects', 'objects an image'),
        'shorter side, px',
    ]
    rows = [
        [
            split.name,
            split.images,
            split.empty,
            f'{split.objects}' + f' + {split.crowds} crowds' * bool(split.crowds),
            _numbers(split.objects_an_image[:3]) if split.objects else '-',
            _numbers(split.side_percentiles or ()) or '-',
        ]
        for split in analysis.splits
    ]
    return header, rows


def _numbers(values: Iterable[float]) -> str:
    """5 %, median and 95 %."""
    return ' / '.join(f'{value:.3g}' for value in values)


def class_table(analysis: DatasetAnalysis) -> tuple[list[str], list[list]]:
    """Header and rows: images and objects of each class in each split."""
    columns = [
        (f'{split.name}: {what}', counts)
        for split in analysis.splits
        for what, counts in (('images', split.images_of), ('objects', split.objects_of))
        if what == 'images' or split.objects
    ]
    rows = [
        [printable(name), *(counts[name] for _, counts in columns)]
        for name in analysis.classes
    ]
    return ['class', *(title for title, _ in columns)], rows


def pixel_lines(analysis: DatasetAnalysis) -> list[tuple[str, str]]:
    """Sizes, depths and turns of all images: what, and how many."""
    sizes, kinds = Counter(), Counter()
    for split in analysis.splits:
        sizes.update(split.sizes)
        kinds.update(split.kinds)
    common = [f'{h}x{w} ({n})' for (h, w), n in sizes.most_common(LISTED)]
    lines = [
        (
            'sizes (height x width)',
            ', '.join(common)
            + (f' and {len(sizes) - LISTED} more' if len(sizes) > LISTED else ''),
        ),
        ('pixels', ', '.join(f'{kind} ({n})' for kind, n in kinds.most_common())),
        ('turned by EXIF', str(sum(split.turned for split in analysis.splits))),
    ]
    lines += [
        (
            f'range of {depth}',
            f'0 to {top:g}, which holds the brightest pixel of all'
            + f' (depth={int(top).bit_length()} in the config)' * (depth == '16 bit'),
        )
        for depth, top in analysis.ranges.items()
        if depth not in ('8 bit', '1 bit')
    ]
    return lines


def as_plain_values(analysis: DatasetAnalysis) -> dict:
    """What a program may read, for JSON."""
    paths = [image.path for image in analysis.images]
    return dict(
        root=analysis.root,
        layout=analysis.layout,
        classes=analysis.classes,
        splits={split.name: _split_values(split) for split in analysis.splits},
        outliers=[
            dict(image=paths[o.index], what=o.what, value=o.value, median=o.median)
            for o in analysis.outliers
        ],
        identical=[[paths[i] for i in group] for group in analysis.identical],
        near_identical=[
            dict(images=[paths[p.first], paths[p.second]], correlation=p.correlation)
            for p in analysis.near
        ],
        series={k: [paths[i] for i in v] for k, v in analysis.series.items()},
        notes=analysis.notes,
        warnings=analysis.warnings(),
        problems=analysis.problems(),
    )


def _split_values(split: SplitFigures) -> dict:
    return dict(
        images=split.images,
        images_without_object=split.empty,
        objects=split.objects,
        crowds=split.crowds,
        images_of_class=split.images_of,
        objects_of_class=split.objects_of,
        objects_an_image=split.objects_an_image,
        shorter_side=split.side_percentiles,
        image_sizes={f'{h}x{w}': n for (h, w), n in split.sizes.items()},
        pixels=dict(split.kinds),
        turned_by_exif=split.turned,
        lacking_classes=split.lacking,
    )
