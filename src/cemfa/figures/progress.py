"""Planned against actual stages of projects: two bars per project on one axis of time, and the day they are told of.

Figures take plain numbers and labels; who picks them stands above (`cemfa.report`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from cemfa import locale
from cemfa.figures.gantt import STAGES, time_text
from cemfa.figures.picture import INK, MUTED, TARGET, Picture, frame, plain, row_names, styled, text_width, wrap

_ROW: Final = 0.78
_LABEL: Final = 200.0
_KEY_ROW: Final = 15.0
_HEIGHT: Final = 0.3
_EXPECTED: Final = "////"

Part = tuple[str, float, float]
"""Label, begin and end of a stage, in decimal calendar years."""


@dataclass(frozen=True, slots=True)
class Progressing:
    """A project in time; all times are decimal calendar years.

    Parameters
    ----------
    label : its name
    planned : stages as planned
    actual : stages, or the parts of them, that were reported
    expected : stages, or the parts of them, that are still to come
    decided : (as planned, as reported) day of the decision; None where there is none
    note : in words, how late it is
    """

    label: str
    planned: tuple[Part, ...]
    actual: tuple[Part, ...]
    expected: tuple[Part, ...]
    decided: tuple[float | None, float | None] = (None, None)
    note: str = ""


@styled
def planned_and_actual(tasks: Sequence[Progressing], lang: str, *, title: str, today: float) -> Picture:
    """Return a chart with two bars per project: above as planned, below as reported and, hatched, as expected.

    Parameters
    ----------
    tasks : in the order of the rows
    today : the day up to which reports count, marked by a line

    Examples
    --------
    >>> parts = (("Construction", 2026.5, 2027.2),)
    >>> task = Progressing("Yard", parts, (), parts, note="90 days late")
    >>> planned_and_actual([task], "en", title="Projects", today=2026.9).description
    'Yard: 90 days late.'
    """
    words = "; ".join(f"{task.label}: {task.note}" if task.note else task.label for task in tasks) + "."
    figure = Picture(10.0, _ROW * len(tasks) + 1.2, lang=lang, title=title, description=words)
    axes = figure.add_subplot()
    names = list(dict.fromkeys(name for task in tasks for name, *_ in (*task.planned, *task.actual, *task.expected)))
    for row, task in enumerate(tasks):
        _bars(figure, axes, task.planned, row - 0.2, names, "planned", task.label)
        _bars(figure, axes, task.actual, row + 0.2, names, "actual", task.label)
        _bars(figure, axes, task.expected, row + 0.2, names, "expected", task.label)
        for moment, place in zip(task.decided, (row - 0.2, row + 0.2), strict=True):
            if moment is not None:
                axes.plot([moment], [place], "D", color="white", markeredgecolor=INK, markersize=5, zorder=5)
        if task.note:
            axes.text(_end(task), row + 0.2, f" {plain(task.note)}", va="center", fontsize="small", color=INK, zorder=6)
    times = [time for task in tasks for _, *both in (*task.planned, *task.actual, *task.expected) for time in both]
    first, last = int(min([*times, today])), int(max([*times, today])) + 2
    axes.axvline(today, color=TARGET, linewidth=1.2, linestyle=(0, (4, 2)), zorder=4)
    row_names(axes, range(len(tasks)), [wrap(task.label, _LABEL) for task in tasks])
    axes.set_ylim(len(tasks) - 0.5, -0.5)
    axes.set_xlim(first, last)
    axes.set_xticks(range(first, last + 1), [str(year) for year in range(first, last + 1)])
    axes.grid(axis="x")
    _key(figure, names, lang, max(text_width(line) for task in tasks for line in wrap(task.label, _LABEL)))
    return figure


def _bars(
    figure: Picture, axes: Axes, parts: Sequence[Part], place: float, names: Sequence[str], kind: str, label: str
) -> None:
    for name, begin, end in parts:
        colour = STAGES[names.index(name) % len(STAGES)]
        (bar,) = axes.barh(
            place, end - begin, left=begin, height=_HEIGHT, color="white" if kind == "expected" else colour,
            edgecolor=colour if kind == "expected" else INK, linewidth=0.4, zorder=2,
            hatch=_EXPECTED if kind == "expected" else None, alpha=0.45 if kind == "planned" else 1.0,
        )  # fmt: skip
        times = " – ".join(time_text(time, figure.lang) for time in (begin, end))
        figure.explain(bar, f"{label}: {name}, {locale.text(f'figures.progress_{kind}', figure.lang)}, {times}")


def _end(task: Progressing) -> float:
    return max((end for _, _, end in (*task.actual, *task.expected)), default=0.0)


def _key(figure: Picture, names: Sequence[str], lang: str, left: float) -> None:
    text, colours = locale.text, [STAGES[number % len(STAGES)] for number in range(len(names))]
    handles = [Patch(facecolor=c, edgecolor=INK, label=plain(name)) for c, name in zip(colours, names, strict=True)]
    handles += [
        Patch(facecolor=MUTED, alpha=0.45, edgecolor=INK, label=text("figures.progress_above", lang)),
        Patch(facecolor=MUTED, edgecolor=INK, label=text("figures.progress_below", lang)),
        Patch(facecolor="white", hatch=_EXPECTED, edgecolor=MUTED, label=text("figures.progress_expected", lang)),
    ]
    widest = max(text_width(str(handle.get_label())) for handle in handles) + 44
    columns = max(1, min(6, int(figure.get_figwidth() * 72 / widest)))
    frame(figure, left + 12, 30 + _KEY_ROW * -(-len(handles) // columns), 18, 6)
    figure.legend(handles=handles, loc="lower center", ncols=columns, borderaxespad=0.1)
