# Copyright (c) mmacnn authors. All rights reserved.
"""A chart, as an SVG image in text form, and how all of them look."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mmacnn.utils.text import printable

# Okabe and Ito's colours, which the colour-blind can tell apart, and line styles.
COLOURS = ('#0072B2', '#D55E00', '#009E73', '#CC79A7', '#56B4E9', '#E69F00')
LINES = ('-', '--', ':', '-.')
LONGEST = 60  # Characters of a name in a chart.
INK, GRID, CHOSEN = '#1f2328', '#d8dee4', '#b93a0a'
STYLE = {
    'svg.fonttype': 'path',
    'text.parse_math': False,  # A name may have a $ in it.
    'font.size': 9,
    'axes.edgecolor': '#8c959f',
    'text.color': INK,
    'axes.labelcolor': INK,
    'xtick.color': INK,
    'ytick.color': INK,
}


@dataclass(frozen=True)
class Chart:
    """A picture with alt text for who can't see it.

    Attributes:
        title: Heading.
        source: ``data:`` URL of an SVG image.
        alt_text: What the picture shows.
        note: How it was measured.
    """

    title: str
    source: str
    alt_text: str
    note: str


def shown(name: str) -> str:
    """A name as a chart shows it."""
    return printable(name)[:LONGEST]


def line_style(index: int) -> dict:
    """Colour and style of the line of a run, by its number."""
    return dict(
        color=COLOURS[index % len(COLOURS)],
        linestyle=LINES[(index // len(COLOURS) + index) % len(LINES)],
    )


def new_axes(width: float = 5.2, height: float = 3.4) -> tuple[Figure, Axes]:
    """An empty figure, sides in inches, and its axes."""
    figure = Figure(figsize=(width, height), layout='constrained')
    axes = figure.subplots()
    axes.grid(color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.spines[['top', 'right']].set_visible(False)
    return figure, axes


def finish_chart(
    figure: Figure, title: str, alt_texts: Sequence[str], note: str
) -> Chart:
    """The chart of a figure that is drawn."""
    axes = figure.axes[0]
    if len(axes.get_legend_handles_labels()[1]) > 1:
        axes.legend(fontsize=8, framealpha=0.9, edgecolor=GRID)
    file = io.BytesIO()
    figure.savefig(file, format='svg', metadata=dict(Date=None))
    source = base64.b64encode(file.getvalue()).decode()
    return Chart(
        title, f'data:image/svg+xml;base64,{source}', '; '.join(alt_texts), note
    )
