"""What a number is least sure about: bars of the share of its variance, unverified rows hatched.

Figures take plain numbers and labels; who adds them up stands above (`cemfa.comparison`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cemfa import locale
from cemfa.figures.picture import COLOURS, INK, Picture, frame, number_axis, plain, row_names, styled, text_width, wrap

_LABEL: Final = 250.0


@dataclass(frozen=True, slots=True)
class Share:
    """A parameter's share of the variance (0…1); `unverified` if its row rests on no opened source."""

    label: str
    share: float
    unverified: bool = False


@styled
def least_sure(shares: Sequence[Share], lang: str, *, title: str, x_label: str) -> Picture:
    """Return horizontal bars, largest on top, as percent of the variance.

    Examples
    --------
    >>> least_sure([Share("Home composting", 0.62, True)], "en", title="Doubt", x_label="%").description
    'Home composting: 62% (unverified).'
    """
    ranked = sorted(shares, key=lambda s: (-s.share, s.label))
    words = "; ".join(_words(share, lang) for share in ranked) + "."
    figure = Picture(9.2, 0.36 * len(ranked) + 1.0, lang=lang, title=title, description=words)
    axes = figure.add_subplot()
    lines = [wrap(share.label, _LABEL) for share in ranked]
    frame(figure, max(text_width(line) for part in lines for line in part) + 10, 48, 20, 6)
    axes.grid(axis="x")
    for row, share in enumerate(ranked):
        key = "figures.unverified" if share.unverified else "figures.sourced"
        (bar,) = axes.barh(
            row, 100 * share.share, height=0.62, edgecolor=INK, linewidth=0.5, zorder=2, label=locale.text(key, lang),
            color=COLOURS[1] if share.unverified else COLOURS[2], hatch="///" if share.unverified else None,
        )  # fmt: skip
        figure.explain(bar, _words(share, lang))
        axes.text(100 * share.share, row, " " + locale.percent(share.share, lang, 0), va="center")
    row_names(axes, range(len(lines)), lines)
    axes.set_ylim(len(ranked) - 0.4, -0.6)
    axes.set_xlim(0, max([100 * share.share for share in ranked] + [1.0]) * 1.15)
    axes.set_xlabel(plain(x_label))
    number_axis(axes, "x", lang)
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    figure.legend(list(unique.values()), list(unique), loc="lower right", bbox_to_anchor=(1.0, 0.0), ncols=2)
    return figure


def _words(share: Share, lang: str) -> str:
    text = f"{share.label}: {locale.percent(share.share, lang, 0)}"
    return f"{text} ({locale.text('figures.unverified', lang)})" if share.unverified else text
