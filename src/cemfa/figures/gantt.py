"""When things are decided, built and running: one row per project, commissioning with its uncertainty.

Figures take plain numbers and labels; who adds them up stands above (`cemfa.comparison`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes

from cemfa import locale
from cemfa.figures.picture import (
    COLOURS,
    HATCHES,
    INK,
    MUTED,
    TARGET,
    Picture,
    frame,
    plain,
    row_names,
    styled,
    text_width,
    wrap,
)

_ROW: Final = 0.42
_LABEL: Final = 215.0
_KEY_ROW: Final = 15.0
STAGES: Final = ("#86c5a4", "#9fb8dd", "#ecd5dc", "#e6a532", "#c9cc6a", "#d0d0d0", "#e07b39", "#b79fd6")
"""Colours of stages in order; light, because whiskers cross them."""


@dataclass(frozen=True, slots=True)
class Task:
    """A project in time; all times are decimal calendar years (2027.5 is the middle of 2027).

    `stages` are (label, start, end) at central durations; `running` is full operation as (P5, P50, P95);
    `group` is the option it belongs to.
    """

    label: str
    group: str
    decision: float
    stages: tuple[tuple[str, float, float], ...]
    running: tuple[float, float, float]
    note: str = ""


@styled
def gantt(tasks: Sequence[Task], lang: str, *, title: str, until: float, target_year: int | None = None) -> Picture:
    """Return a Gantt chart: decision (diamond), stages (bars), full operation (line with P5–P95 whiskers).

    Parameters
    ----------
    tasks : in the order of the rows; a heading stands above every run of the same group
    until : right end of the axis [decimal year]
    target_year : its 1 January is marked

    Examples
    --------
    >>> task = Task("Yard", "B", 2026.2, (("Construction", 2026.5, 2027.2),), (2027.3, 2027.6, 2028.4))
    >>> gantt([task], "en", title="Projects", until=2032.0).description
    'Yard (B): decision 2026.2, full operation 2027.6 (2027.3 – 2028.4).'
    """
    names = list(dict.fromkeys(label for task in tasks for label, _, _ in task.stages))
    first = min(task.decision for task in tasks)
    headings = [n for n, task in enumerate(tasks) if n == 0 or tasks[n - 1].group != task.group]
    rows = len(tasks) + len(headings)
    words = "; ".join(_words(task, lang) for task in tasks) + "."
    figure = Picture(10.4, _ROW * rows + 1.15, lang=lang, title=title, description=words)
    axes = figure.add_subplot()
    places: list[int] = []
    row = 0
    for number, task in enumerate(tasks):
        if number in headings:
            axes.text(int(first) + 0.05, row, plain(task.group), va="center", fontweight="bold", zorder=6)
            axes.axhspan(row - 0.5, row + 0.5, color="#f0f2f4", linewidth=0, zorder=0)
            row += 1
        _row(figure, axes, task, row, names, until, lang)
        places.append(row)
        row += 1
    lines = [wrap(task.label, _LABEL) for task in tasks]
    row_names(axes, places, lines)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_xlim(int(first), until)
    years = range(int(first), int(until) + 1)
    axes.set_xticks(years, [str(year) for year in years])
    axes.grid(axis="x")
    if target_year:
        axes.axvline(target_year, color=TARGET, linewidth=1.1, linestyle=(0, (5, 2)), label=str(target_year))
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    widest = max(text_width(label) for label in unique) + 44
    columns = max(1, min(6, int(figure.get_figwidth() * 72 / widest)))
    below = 30 + _KEY_ROW * -(-len(unique) // columns)
    left = max(text_width(line) for part in lines for line in part) + 12
    frame(figure, left, below, 18, 6)
    figure.legend(list(unique.values()), list(unique), loc="lower center", ncols=columns, borderaxespad=0.1)
    return figure


def _row(figure: Picture, axes: Axes, task: Task, row: int, names: Sequence[str], until: float, lang: str) -> None:
    for label, start, end in task.stages:
        which = names.index(label)
        (bar,) = axes.barh(
            row, end - start, left=start, height=0.52, color=STAGES[which % len(STAGES)], edgecolor=INK,
            linewidth=0.4, hatch=HATCHES[(2 * which) % len(HATCHES)] or None, label=plain(label), zorder=2,
        )  # fmt: skip
        figure.explain(bar, f"{task.label}: {label}, {time_text(start, lang)} – {time_text(end, lang)}")
    low, middle, high = task.running
    axes.barh(row, max(until - middle, 0), left=middle, height=0.16, color=COLOURS[0], zorder=1,
              label=locale.text("figures.running", lang))  # fmt: skip
    label = locale.text("figures.running_spread", lang)
    axes.plot([low, high], [row, row], color=INK, linewidth=1.2, zorder=4, label=label)
    for end in (low, high):
        axes.plot([end, end], [row - 0.16, row + 0.16], color=INK, linewidth=1.2, zorder=4)
    (mark,) = axes.plot([task.decision], [row], "D", color="white", markeredgecolor=INK, markersize=6, zorder=5,
                        linestyle="none", label=locale.text("figures.decision", lang))  # fmt: skip
    figure.explain(mark, _words(task, lang) + (f"; {task.note}" if task.note else ""))
    if middle > until:
        axes.text(until, row, locale.text("figures.after_horizon", lang), ha="right", va="center", color=MUTED)


def _words(task: Task, lang: str) -> str:
    low, middle, high = (time_text(value, lang) for value in task.running)
    return locale.text(
        "figures.task", lang, label=task.label, group=task.group, decision=time_text(task.decision, lang), low=low,
        middle=middle, high=high,
    )  # fmt: skip


def time_text(value: float, lang: str) -> str:
    """Return a decimal year with one decimal and no thousands mark."""
    return f"{value:.1f}".replace(".", "," if lang == "vi" else ".")
