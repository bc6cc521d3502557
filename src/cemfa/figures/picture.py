"""A picture: a matplotlib figure that knows its language, its text alternative and its hover texts.

Lowest module of the room: every figure of cemfa is a `Picture`, drawn through matplotlib's object interface
(never pyplot) under one fixed style, so that the same data give the same bytes whatever the user has set.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, wraps
from typing import Any, Final, ParamSpec, TypeVar

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from matplotlib.ticker import FuncFormatter

from cemfa import locale

INK: Final = "#1f2933"
MUTED: Final = "#52606d"
RULE: Final = "#cbd2d9"
PAPER: Final = "#ffffff"
TARGET: Final = "#b42318"
FONT_SIZE: Final = 9.0
_LEADING: Final = 1.2  # of the lines of a name, in sizes of the font
_TICK_PAD: Final = 3.5  # between an axis and the names beside it [pt]
_LONGEST_WORD: Final = 30

# Neighbours differ in hue *and* in lightness, so that a grey print still tells them apart; hatches do the rest.
COLOURS: Final = (
    "#1b6e53", "#e6a532", "#2f4b7c", "#86c5a4", "#a23b3b", "#9fb8dd", "#6b4e2e", "#d9b8c4",
    "#5b8c2a", "#3f3f46", "#e07b39", "#7a5ca8", "#c9cc6a", "#27788f", "#b8b8b8", "#8c2d5f",
)  # fmt: skip
# Lines only: matplotlib writes hatches of dots as a hundred kilobytes of circles per colour.
HATCHES: Final = ("", "", "///", "", "\\\\\\", "", "|||", "xxx", "", "", "---", "+++", "", "///", "", "|||")
MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">", "h", "p")

_STYLE: Final[dict[Any, Any]] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # ships with matplotlib and is wide: what fits here fits in any reader's font
    "font.size": FONT_SIZE,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": FONT_SIZE + 0.5,
    "axes.titleweight": "bold",
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.axisbelow": True,
    "grid.color": "#e4e7eb",
    "grid.linewidth": 0.7,
    "hatch.linewidth": 0.5,
    "legend.frameon": False,
    "legend.fontsize": FONT_SIZE - 0.5,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": FONT_SIZE - 0.5,
    "ytick.labelsize": FONT_SIZE - 0.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "cemfa",
    "pdf.fonttype": 42,
}

_P = ParamSpec("_P")
_R = TypeVar("_R")


def styled(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Return `function` run under the one style of cemfa, whatever matplotlibrc or the session has set."""

    @wraps(function)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(_STYLE)
            return function(*args, **kwargs)

    return run


class Picture(Figure):
    """A matplotlib `Figure` with a language, a title and description for readers who cannot see it, hover texts.

    Parameters
    ----------
    width, height : size [inch]
    lang : "vi" or "en"
    title, description : the text alternative; both plain text
    """

    def __init__(self, width: float, height: float, *, lang: str, title: str, description: str = "", **options: Any):
        super().__init__(figsize=(width, height), dpi=72, facecolor=PAPER, **options)
        self.lang = lang
        self.title = title
        self.description = description
        self.hover: dict[str, str] = {}

    def explain(self, artist: Artist, text: str) -> None:
        """Give an artist a hover text; in SVG it becomes the `<title>` of the artist's group."""
        name = artist.get_gid() or f"part-{len(self.hover)}"
        artist.set_gid(name)
        self.hover[name] = text

    def _repr_html_(self) -> str:
        from cemfa.figures.svg import inline_svg

        return inline_svg(self, f"notebook-{id(self):x}")


def plain(text: str) -> str:
    r"""Return text that matplotlib shows as it is: two ``$`` would otherwise turn what is between into formulas.

    >>> plain("from $5 to $9")
    'from \\$5 to \\$9'
    """
    return text.replace("$", r"\$")


def frame(figure: Figure, left: float, bottom: float, right: float, top: float, **spaces: float) -> None:
    """Give the axes of a figure fixed margins [pt]: measuring every text twice, as layout engines do, costs more
    than drawing it.
    """
    width, height = figure.get_figwidth() * 72, figure.get_figheight() * 72
    figure.subplots_adjust(left / width, bottom / height, 1 - right / width, 1 - top / height, **spaces)


def number_axis(axes: Axes, which: str, lang: str) -> None:
    """Write the numbers of an axis ("x" or "y") as people of that language write them."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_formatter(FuncFormatter(lambda value, _: locale.number(float(value), lang)))


def year_axis(axes: Axes, years: tuple[float, ...], most: int = 8) -> None:
    """Mark years on the x axis: whole numbers without a thousands mark, at most `most` of them."""
    whole = range(int(years[0]), int(years[-1]) + 1)
    shown = whole[:: -(-len(whole) // most)]
    axes.set_xticks(shown, [str(year) for year in shown])
    axes.set_xlim(years[0] - 0.6, years[-1] + 0.6)


def row_names(axes: Axes, rows: Sequence[float], names: Sequence[Sequence[str]]) -> None:
    """Write the names of rows to the left of the axes, in lines that all end there.

    Lines of one text would be placed by the widths of the style's font, and end anywhere on a page with another font.
    """
    axes.set_yticks(rows, [plain(lines[0]) if len(lines) == 1 else "" for lines in names])
    axes.tick_params(axis="y", length=0)
    size = FONT_SIZE - 0.5
    for row, lines in zip(rows, names, strict=True):
        for number, line in enumerate(lines if len(lines) > 1 else ()):
            up = ((len(lines) - 1) / 2 - number) * _LEADING * size
            axes.annotate(
                plain(line), (0.0, row), (-_TICK_PAD, up), ("axes fraction", "data"), "offset points", ha="right",
                va="center_baseline", fontsize=size, annotation_clip=False,
            )  # fmt: skip


@cache
def text_width(text: str, size: float = FONT_SIZE) -> float:
    """Return the width of a one-line text in the style's font [pt], from the font's own metrics.

    >>> text_width("ab") < text_width("abc")
    True
    """
    font = FontProperties(family="DejaVu Sans", size=size)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, False)
    return float(width)


def wrap(text: str, width: float, size: float = FONT_SIZE) -> list[str]:
    """Return a text cut at blanks into lines no wider than `width` [pt]; a longer single word stays whole.

    Only what no language calls a word, such as an address, is torn: it would leave no room for the figure.

    >>> wrap("a b", 1e3), wrap("household waste", 1.0)
    (['a b'], ['household', 'waste'])
    >>> [len(part) for part in wrap("x" * 50, 1e3)]
    [30, 20]
    """
    lines: list[str] = []
    for whole in text.split():
        word, *rest = (whole[at : at + _LONGEST_WORD] for at in range(0, len(whole), _LONGEST_WORD))
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
        lines += rest
    return lines or [""]
