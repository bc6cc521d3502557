"""A waterfall: from a whole, step by step, to what is left of it.

Figures take plain numbers and labels; who adds them up stands above (`cemfa.comparison`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cemfa import locale
from cemfa.figures.picture import (
    COLOURS,
    INK,
    MUTED,
    Picture,
    frame,
    number_axis,
    plain,
    row_names,
    styled,
    text_width,
    wrap,
)

_LABEL: Final = 170.0


@dataclass(frozen=True, slots=True)
class Step:
    """A bar: a `total` stands on the axis, every other step is taken off what was left."""

    label: str
    value: float
    total: bool = False


@styled
def waterfall(steps: Sequence[Step], lang: str, *, title: str, x_label: str) -> Picture:
    """Return horizontal bars from the whole to what is left, read downwards.

    Examples
    --------
    >>> steps = [Step("Generated", 10.0, True), Step("Full", 4.0), Step("Recycled", 6.0, True)]
    >>> waterfall(steps, "en", title="Losses", x_label="t/d").description
    'Generated: 10.0; Full: −4.0; Recycled: 6.0.'
    """
    words = "; ".join(f"{step.label}: {_value(step, lang)}" for step in steps) + "."
    figure = Picture(9.2, 0.34 * len(steps) + 0.9, lang=lang, title=title, description=words)
    axes = figure.add_subplot()
    lines = [wrap(step.label, _LABEL) for step in steps]
    frame(figure, max(text_width(line) for part in lines for line in part) + 10, 36, 20, 6)
    axes.grid(axis="x")
    left = 0.0
    for row, step in enumerate(steps):
        left = step.value if step.total else left - step.value
        start = 0.0 if step.total else left
        (bar,) = axes.barh(
            row, step.value, left=start, height=0.62, edgecolor=INK, linewidth=0.5, zorder=2,
            color=COLOURS[0] if step.total else COLOURS[1], hatch=None if step.total else "///",
        )  # fmt: skip
        figure.explain(bar, f"{step.label}: {_value(step, lang)}")
        axes.annotate(_value(step, lang), (start + step.value, row), (5, 0), textcoords="offset points", va="center")
        if row + 1 < len(steps):
            axes.plot([left, left], [row + 0.31, row + 0.69], color=MUTED, linewidth=0.7, zorder=1)
    row_names(axes, range(len(lines)), lines)
    axes.set_ylim(len(steps) - 0.4, -0.6)
    axes.set_xlim(0, max([step.value for step in steps] + [1e-9]) * 1.12)
    axes.set_xlabel(plain(x_label))
    number_axis(axes, "x", lang)
    return figure


def _value(step: Step, lang: str) -> str:
    return locale.number(step.value if step.total else -step.value, lang, 1).replace("-", "−")
