"""What happened to plants in one simulated history: bars for what stops, marks for what starts to run.

Figures take plain numbers and labels; who picks them stands above.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cemfa.figures.picture import COLOURS, HATCHES, INK, Picture, frame, plain, row_names, styled, text_width, wrap

_LABEL: Final = 215.0


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Something that happened; times are decimal calendar years, `end` equals `start` for what starts to run."""

    subject: str
    kind: str
    start: float
    end: float


@styled
def event_timeline(happened: Sequence[Occurrence], lang: str, *, title: str, first: float, until: float) -> Picture:
    """Return a row per subject in order of its first occurrence, a colour per kind.

    Parameters
    ----------
    first, until : ends of the axis [decimal year]

    Examples
    --------
    >>> down = Occurrence("Yard", "breakdown", 2027.1, 2027.2)
    >>> event_timeline([down], "en", title="Events", first=2026.0, until=2030.0).description
    'Yard, breakdown: 1.'
    """
    subjects = list(dict.fromkeys(one.subject for one in happened))
    kinds = list(dict.fromkeys(one.kind for one in happened))
    counts = dict.fromkeys(dict.fromkeys((one.subject, one.kind) for one in happened), 0)
    for one in happened:
        counts[one.subject, one.kind] += 1
    words = "; ".join(f"{subject}, {kind}: {count}" for (subject, kind), count in counts.items()) + "."
    figure = Picture(10, 0.34 * max(len(subjects), 1) + 1.0, lang=lang, title=title, description=words)
    axes = figure.add_subplot()
    for one in happened:
        row, kind = subjects.index(one.subject), kinds.index(one.kind)
        label = f"{one.subject}: {one.kind}, {_time(one.start, lang)}"
        if one.end > one.start:
            width = max(one.end - one.start, (until - first) / 600)  # what lasts a day must still be seen
            (artist,) = axes.barh(
                row, width, left=one.start, height=0.5, color=COLOURS[(kind + 1) % len(COLOURS)], edgecolor=INK,
                linewidth=0.3, hatch=HATCHES[(2 * kind) % len(HATCHES)] or None, label=plain(one.kind), zorder=2,
            )  # fmt: skip
        else:
            (artist,) = axes.plot([one.start], [row], "D", color=COLOURS[0], markeredgecolor=INK, markersize=6,
                                  linestyle="none", label=plain(one.kind), zorder=3)  # fmt: skip
        figure.explain(artist, label)
    lines = [wrap(subject, _LABEL) for subject in subjects]
    row_names(axes, range(len(subjects)), lines)
    axes.set_ylim(max(len(subjects), 1) - 0.5, -0.5)
    axes.set_xlim(first, until)
    years = range(int(first), int(until) + 1)
    axes.set_xticks(years, [str(year) for year in years])
    axes.grid(axis="x")
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    left = max([text_width(line) for part in lines for line in part] + [10.0]) + 12
    frame(figure, left, 46, 18, 6)
    if unique:
        figure.legend(list(unique.values()), list(unique), loc="lower center", ncols=min(6, len(unique)))
    return figure


def _time(value: float, lang: str) -> str:
    """Return a decimal year with two decimals and no thousands mark."""
    return f"{value:.2f}".replace(".", "," if lang == "vi" else ".")
