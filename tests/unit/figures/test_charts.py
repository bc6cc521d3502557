from __future__ import annotations

import itertools

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from cemfa.figures.gantt import Task, gantt
from cemfa.figures.maps import Spot, distance, point_map
from cemfa.figures.money import CostPoint, Spread, cash_flow, cost_against_rate
from cemfa.figures.paths import Band, target_paths
from cemfa.figures.picture import plain, text_width, wrap
from cemfa.figures.ranking import Share, least_sure
from cemfa.figures.svg import figure_bytes, inline_svg

YEARS = tuple(range(2020, 2036))


def band(label, slope):
    middle = tuple(20 + slope * (year - 2020) for year in YEARS)
    return Band(label, YEARS, tuple(0.8 * v for v in middle), middle, tuple(1.2 * v for v in middle))


def texts(figure):
    figure.canvas.draw_idle()
    FigureCanvasAgg(figure).draw()
    found = [text.get_text() for axes in figure.axes for text in axes.texts]
    for axes in figure.axes:
        found += [tick.get_text() for tick in (*axes.get_xticklabels(), *axes.get_yticklabels())]
        found += [axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel()]
    for legend in figure.legends:
        found += [text.get_text() for text in legend.texts]
    return found


def every_figure(lang):
    task = Task("Sân ủ", "B", 2026.2, (("Xây dựng", 2026.5, 2027.2),), (2027.3, 2027.6, 2028.4))
    point = CostPoint("A", "Ủ tại hộ", Spread(30.0, 40.0, 50.0), Spread(5.0, 1234.5, 2400.0))
    return {
        "paths": target_paths([band("A", 1), band("B", 2)], lang, title="t", y_label="%", target=70, target_year=2030,
                              reference=band("A", 1)),
        "cost": cost_against_rate([point], lang, title="t", x_label="%", y_label="tỷ đồng", target=70.0),
        "cash": cash_flow([2026, 2027], {"Vốn": [1500.0, -20.0], "Vay": [300.0, 1.0]}, lang, title="t", y_label="tỷ"),
        "gantt": gantt([task], lang, title="t", until=2035.0, target_year=2030),
        "map": point_map([Spot("Ba Tri", 10.06, 106.58, 20.0, 12.0), Spot("Thạnh Phú", 9.91, 106.56)], lang, title="t"),
        "least": least_sure([Share("Ủ tại hộ", 0.6, True), Share("Dân số", 0.1)], lang, title="t", x_label="%"),
    }  # fmt: skip


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_every_figure_draws_and_repeats_to_the_byte(lang):
    for first, second in zip(every_figure(lang).values(), every_figure(lang).values(), strict=True):
        assert figure_bytes(first, "svg") == figure_bytes(second, "svg")
        assert first.title
        assert first.description
        assert first.hover


def test_axes_write_numbers_in_the_language():
    assert "1.500" in texts(every_figure("vi")["cash"])
    assert "1,500" in texts(every_figure("en")["cash"])
    assert "2026" in texts(every_figure("vi")["cash"])  # years carry no thousands mark


def test_the_band_the_median_and_the_target_are_where_the_numbers_say():
    figure = target_paths([band("A", 1)], "en", title="t", y_label="%", target=70.0, target_year=2030)
    (axes,) = figure.axes
    median, target, point = axes.lines
    assert tuple(median.get_ydata()) == band("A", 1).middle
    assert set(target.get_ydata()) == {70.0}
    assert (point.get_xdata()[0], point.get_ydata()[0]) == (2030, 30)
    edges = axes.collections[0].get_paths()[0].vertices
    assert edges[:, 1].max() == pytest.approx(1.2 * 35)
    assert "30" in texts(figure)


def test_the_reference_is_not_drawn_over_itself():
    figure = target_paths([band("A", 1), band("B", 2)], "en", title="t", y_label="%", reference=band("A", 1))
    assert [len(axes.lines) for axes in figure.axes] == [1, 2]
    assert "A" in texts(figure)


def test_bars_of_the_cash_flow_stack_and_negative_ones_hang():
    figure = cash_flow([2026, 2027], {"a": [3.0, -1.0], "b": [2.0, -4.0]}, "en", title="t", y_label="bn")
    spans = sorted((round(p.get_x() + 0.36), p.get_y(), p.get_y() + p.get_height()) for p in figure.axes[0].patches)
    assert spans == [(2026, 0.0, 3.0), (2026, 3.0, 5.0), (2027, -1.0, -5.0), (2027, 0.0, -1.0)]


def test_whiskers_reach_from_p5_to_p95():
    figure = cost_against_rate(
        [CostPoint("A", "x", Spread(30.0, 40.0, 55.0), Spread(5.0, 8.0, 12.0))],
        "en",
        title="t",
        x_label="%",
        y_label="bn",
    )
    segments = [path.vertices for lines in figure.axes[0].collections for path in lines.get_paths()]
    assert {(v[0][0], v[1][0]) for v in segments if v[0][1] == v[1][1]} == {(30.0, 55.0)}
    assert {(v[0][1], v[1][1]) for v in segments if v[0][0] == v[1][0]} == {(5.0, 12.0)}


def test_a_project_after_the_horizon_says_so():
    late = Task("Plant", "D", 2026.0, (("Land", 2026.0, 2037.0),), (2033.0, 2037.0, 2040.0))
    assert "after the horizon" in texts(gantt([late], "en", title="t", until=2035.0))


def test_map_distances_are_true_and_circles_grow_with_the_root():
    spots = [Spot("a", 10.0, 106.0, 40.0), Spot("b", 10.2, 106.3, 10.0)]
    figure = point_map(spots, "en", title="t")
    circles = {round(p.radius, 6): p for p in figure.axes[0].patches if hasattr(p, "radius") and p.zorder == 2}
    (small, one), (large, other) = sorted(circles.items())
    assert large / small == pytest.approx(2.0, rel=1e-5)
    dx, dy = one.center[0] - other.center[0], one.center[1] - other.center[1]
    # WGS84 by Vincenty: 39.66 km; a sphere is within half a percent
    assert (dx**2 + dy**2) ** 0.5 == pytest.approx(39.66, rel=5e-3)
    assert distance(*spots) == pytest.approx(39.66, rel=5e-3)


def test_map_labels_keep_clear_of_each_other():
    spots = [Spot(f"Thị trấn {n}", 10.0 + 0.05 * (n % 3), 106.0 + 0.12 * (n // 3), 5.0 * n, 2.0 * n) for n in range(9)]
    figure = point_map(spots, "vi", title="t")
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [t.get_window_extent(renderer) for t in figure.axes[0].texts if (t.get_gid() or "").startswith("label")]
    assert len(boxes) == 17
    for a, b in itertools.combinations(boxes, 2):
        assert min(a.x1, b.x1) - max(a.x0, b.x0) <= 0 or min(a.y1, b.y1) - max(a.y0, b.y0) <= 2.5


def test_dollars_are_not_maths():
    figure = cash_flow([2026], {"from $5 to $9": [1.0]}, "en", title="t", y_label="$ and $")
    assert b"from $5 to $9" in figure_bytes(figure, "svg")
    assert plain("$x$") == r"\$x\$"


def test_wrapped_lines_fit_and_keep_every_word():
    sentence = "Nhà máy ủ phân compost Thạnh Phú dùng hết công suất"
    lines = wrap(sentence, 90.0)
    assert " ".join(lines) == sentence
    assert all(text_width(line) <= 90.0 for line in lines)


def test_one_dwarfing_cost_stretches_the_axis_and_says_so():
    small = [CostPoint(letter, letter, Spread(1.0, 2.0, 3.0), Spread(8.0, 10.0, 12.0)) for letter in "ABC"]
    large = CostPoint("D", "D", Spread(1.0, 2.0, 3.0), Spread(300.0, 350.0, 400.0))
    even = cost_against_rate(small, "en", title="t", x_label="%", y_label="bn")
    stretched = cost_against_rate([*small, large], "en", title="t", x_label="%", y_label="bn")
    assert even.axes[0].get_yscale() == "linear"
    assert stretched.axes[0].get_yscale() == "function"
    assert stretched.axes[0].get_ylabel() == "bn; root scale"
    assert figure_bytes(stretched, "svg")


def test_every_line_of_a_long_name_ends_at_the_axis() -> None:
    name = "Trại ruồi lính đen số 1, chợ và bếp ăn thành phố Bến Tre, 3 tấn/ngày"
    task = Task(name, "B", 2026.2, (("Xây dựng", 2026.5, 2027.2),), (2027.3, 2027.6, 2028.4))
    figure = gantt([task], "vi", title="t", until=2031.0)
    FigureCanvasAgg(figure).draw()
    lines = [text for text in figure.axes[0].texts if text.get_ha() == "right"]
    assert len(lines) > 1
    assert " ".join(line.get_text() for line in lines) == name
    ends = [line.get_window_extent().x1 for line in lines]
    assert max(ends) - min(ends) < 2.0 < figure.axes[0].bbox.x0 - max(ends) < 8.0
    assert "text-anchor:end" in inline_svg(figure, "demo")  # the browser lays them out by a font of its own
