"""Planned against actual stages: what is drawn where, in words and hover texts, whatever labels hold."""

import pytest

from cemfa.figures.progress import Progressing, planned_and_actual
from cemfa.figures.svg import inline_svg

PLANNED = (("Approval", 2026.0, 2026.5), ("Construction", 2026.5, 2027.5))
ACTUAL, EXPECTED = (("Approval", 2026.0, 2026.75),), (("Construction", 2026.9, 2027.9),)
TASKS = (
    Progressing("Yard <$5 & $9>", PLANNED, ACTUAL, EXPECTED, (2026.0, 2026.0), "120 days late"),
    Progressing("Not begun", PLANNED, (), PLANNED, (2026.0, None)),
    Progressing("Given up", PLANNED, (), (), (2026.0, None), "given up"),
)


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_two_bars_per_project_and_the_day(lang: str) -> None:
    figure = planned_and_actual(TASKS, lang, title="Projects", today=2026.9)
    (axes,) = figure.axes
    bars = [(bar.get_x(), bar.get_width(), bar.get_y() + bar.get_height() / 2) for bar in axes.patches]
    rows = [round(place, 1) for _, _, place in bars]
    assert rows.count(-0.2) == len(PLANNED)  # above as planned
    assert rows.count(0.2) == len(ACTUAL) + len(EXPECTED)  # below as reported and still to come
    assert [line.get_xdata()[0] for line in axes.lines].count(2026.9) == 1
    assert axes.get_xlim() == (2026.0, 2029.0)
    assert figure.description == "Yard <$5 & $9>: 120 days late; Not begun; Given up: given up."
    planned = {"en": "as planned", "vi": "theo kế hoạch"}[lang]
    assert any(planned in text for text in figure.hover.values())


def test_the_same_numbers_give_the_same_picture_and_labels_stay_text() -> None:
    first, second = (inline_svg(planned_and_actual(TASKS, "en", title="Projects", today=2026.9), "p") for _ in range(2))
    assert first == second
    assert "Yard &lt;$5 &amp; $9&gt;" in first
