from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg

from cemfa.errors import ResultsError
from cemfa.figures.picture import COLOURS, FONT_SIZE, text_width
from cemfa.figures.sankey import sankey
from cemfa.figures.sankey_flows import OTHER, read_flows
from cemfa.figures.sankey_layout import FULL_HEIGHT, LABEL_GAP, LINE, NODE_WIDTH, lay_out, shared_scale
from cemfa.figures.svg import figure_bytes

FARM = [
    ("outside", "household", "food", 200.0), ("outside", "household", "plastics", 60.0),
    ("household", "collection", "food", 120.0), ("household", "collection", "plastics", 60.0),
    ("household", "home_composting", "food", 80.0), ("collection", "landfill", "plastics", 60.0),
    ("collection", "yard", "food", 120.0), ("yard", "field", "compost", 70.0), ("yard", "yard", "compost", 9.0),
    ("yard", "atmosphere", "gas", 50.0), ("home_composting", "field", "compost", 80.0),
    ("field", "cattle", "straw", 150.0), ("cattle", "field", "manure", 40.0), ("cattle", "outside", "milk", 110.0),
]  # fmt: skip


def table(rows):
    return pd.DataFrame(rows, columns=["source", "target", "good", "value"])


def layout_of(rows, **more):
    options = {"name": lambda place, *_: place, "amount": lambda mass: f"{mass:.0f} t", "goods": ()}
    return lay_out(read_flows(table(rows)), **(options | more))


def rectangles_overlap(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def test_ribbon_widths_are_proportional_to_mass():
    layout = layout_of(FARM, smallest=0.0)
    assert len(layout.ribbons) == len(FARM)
    for ribbon in layout.ribbons:
        assert ribbon.width == pytest.approx(layout.scale * ribbon.value, rel=1e-9)


def test_box_heights_are_the_larger_of_inflow_and_outflow():
    for box in layout_of(FARM, smallest=0.0).boxes:
        assert box.height == pytest.approx(layout_of(FARM).scale * max(box.inflow, box.outflow), rel=1e-9)
    inflow = {box.id: box.inflow for box in layout_of(FARM).boxes if box.kind == "process"}
    assert inflow["field"] == pytest.approx(190.0)
    assert inflow["yard"] == pytest.approx(129.0)


def test_ribbons_at_a_box_are_stacked_without_gap_or_overlap():
    layout = layout_of(FARM, smallest=0.0)
    for box in layout.boxes:
        if box.kind != "process":
            continue
        ends = sorted(
            (r.stations[-1][1] - r.width / 2, r.stations[-1][1] + r.width / 2)
            for r in layout.ribbons
            if r.target == box.id
        )
        if ends:
            assert ends[0][0] == pytest.approx(box.y)
            assert ends[-1][1] == pytest.approx(box.y + layout.scale * box.inflow)
        for (_, low), (high, _) in itertools.pairwise(ends):
            assert low == pytest.approx(high)


def test_loops_and_only_loops_run_back():
    back = {(r.source, r.target) for r in layout_of(FARM).ribbons if r.backward}
    assert back == {("cattle", "field"), ("yard", "yard")}


def test_a_loop_runs_below_the_boxes_and_to_the_left():
    layout = layout_of(FARM)
    low = max(box.y + box.height for box in layout.boxes)
    lanes = []
    for ribbon in (r for r in layout.ribbons if r.backward):
        (right, y), (left, same) = ribbon.stations[2], ribbon.stations[3]
        assert left < right
        assert y == same
        assert y - ribbon.width / 2 > low
        lanes.append((y - ribbon.width / 2, y + ribbon.width / 2))
    assert all(a[1] < b[0] for a, b in itertools.pairwise(sorted(lanes)))


def test_forward_ribbons_go_from_left_to_right():
    for ribbon in (r for r in layout_of(FARM).ribbons if not r.backward):
        assert all(a[0] < b[0] for a, b in itertools.pairwise(ribbon.stations))


names = st.sampled_from(["outside", "household", "yard", "field", "cattle", "market", "landfill", "mill"])
rows = st.lists(
    st.tuples(names, names, st.sampled_from(["food", "husk"]), st.floats(1.0, 500.0)), min_size=1, max_size=30
)


@settings(deadline=None, max_examples=60)
@given(rows)
def test_any_flows_give_boxes_and_labels_that_do_not_overlap(flows):
    flows = [row for row in flows if row[:2] != ("outside", "outside")]
    if not flows:
        return
    layout = layout_of(flows)
    taken = []
    for box in layout.boxes:
        wide = LABEL_GAP + max(text_width(line) for line in box.label)
        half = max(box.height, LINE * len(box.label)) / 2
        taken.append((box.x, box.middle - half, box.x + NODE_WIDTH + wide, box.middle + half))
        assert box.x + NODE_WIDTH + wide <= layout.width
    for a, b in itertools.combinations(taken, 2):
        assert not rectangles_overlap(a, b)
    total = sum(mass for mass in read_flows(table(flows)).values())
    drawn = sum(ribbon.value for ribbon in layout.ribbons)
    assert drawn + layout.omitted[1] == pytest.approx(total, rel=1e-12)


def test_drawn_labels_do_not_overlap_in_the_figure():
    figure = sankey(table(FARM), "vi", labels={"household": "Hộ gia đình ở các địa bàn nông thôn"})
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [
        text.get_window_extent(renderer)
        for text in figure.axes[0].texts
        if (text.get_gid() or "").startswith(("label", "key"))
    ]
    assert len(boxes) > 10
    for a, b in itertools.combinations(boxes, 2):
        wide = min(a.x1, b.x1) - max(a.x0, b.x0)
        high = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert wide <= 0 or high <= 0.25 * FONT_SIZE  # ascenders may touch the line above, no more


def test_small_flows_are_joined_or_counted_and_boxes_keep_their_height():
    flows = [("a", "b", "main", 1000.0), ("a", "b", "x", 3.0), ("a", "b", "y", 2.0), ("a", "c", "z", 1.0)]
    layout = layout_of(flows, smallest=4.0)
    assert {(r.target, r.good): r.value for r in layout.ribbons} == {("b", "main"): 1000.0, ("b", OTHER): 5.0}
    assert layout.omitted == (1, 1.0)
    assert next(box for box in layout.boxes if box.id == "a").outflow == 1006.0
    figure = sankey(table(flows), "en", smallest=4.0)
    assert any("Not drawn" in text.get_text() for text in figure.axes[0].texts)


def test_one_flow_and_one_self_loop_can_be_drawn():
    assert len(layout_of([("a", "b", "husk", 1.0)]).ribbons) == 1
    (loop,) = layout_of([("a", "a", "husk", 1.0)]).ribbons
    assert loop.backward
    assert figure_bytes(sankey(table([("a", "a", "husk", 1.0)]), "en"), "svg")


def test_the_outline_of_a_loop_keeps_its_width():
    from cemfa.figures.sankey import _loop

    (loop,) = layout_of([("a", "a", "husk", 1.0)]).ribbons
    vertices = _loop(loop).vertices
    lane = loop.stations[2][1]
    assert vertices[:, 1].max() - lane == pytest.approx(loop.width / 2)
    assert np.isfinite(vertices).all()


def test_the_fullest_layer_fits_and_several_tables_share_one_scale():
    small, large = table([("a", "b", "husk", 10.0)]), table([("a", "b", "husk", 40.0)])
    assert shared_scale([small, large]) == pytest.approx(FULL_HEIGHT / 40.0)
    assert layout_of([("a", "b", "husk", 10.0)]).scale == pytest.approx(FULL_HEIGHT / 10.0)


def test_the_same_flows_give_the_same_bytes_in_any_order():
    first = figure_bytes(sankey(table(FARM), "vi"), "svg")
    assert first == figure_bytes(sankey(table(FARM), "vi"), "svg")
    goods = {good: good for _, _, good, _ in FARM}
    ordered = figure_bytes(sankey(table(FARM), "vi", goods=goods), "svg")
    assert ordered == figure_bytes(sankey(table(FARM[::-1]), "vi", goods=goods), "svg")


def test_rows_of_the_same_flow_are_added():
    assert read_flows(table([("a", "b", "g", 1.0), ("a", "b", "g", 2.5)])) == {("a", "b", "g"): 3.5}


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([], "figure-empty"),
        ([("a", "b", "g", 0.0)], "figure-empty"),
        ([("a", "b", "g", -1.0)], "figure-value"),
        ([("a", "b", "g", float("nan"))], "figure-value"),
        ([("a", "b", "g", float("inf"))], "figure-value"),
    ],
)
def test_what_cannot_be_drawn_is_refused(rows, code):
    with pytest.raises(ResultsError) as caught:
        sankey(table(rows), "en")
    assert {problem.code for problem in caught.value.problems} == {code}


def test_all_wrong_values_are_named_at_once():
    with pytest.raises(ResultsError) as caught:
        sankey(table([("a", "b", "g", -1.0), ("b", "c", "g", float("nan"))]), "en")
    assert len(caught.value.problems) == 2
    assert "b → c (g)" in str(caught.value)


def test_missing_columns_are_named():
    with pytest.raises(ResultsError, match="value"):
        sankey(pd.DataFrame({"source": ["a"], "target": ["b"], "good": ["g"]}), "en")


def test_neighbouring_colours_differ_in_lightness():
    def luminance(colour):
        red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    for a, b in itertools.pairwise(COLOURS[:10]):
        assert abs(luminance(a) - luminance(b)) > 0.1


def test_texts_stand_for_loops_and_largest_flows():
    figure = sankey(table(FARM), "en", labels={"cattle": "Cattle", "field": "Fields"})
    assert "manure: Cattle → Fields" in figure.description
    assert any("Cattle → Fields" in text for text in figure.hover.values())


def test_a_loop_is_drawn_however_thin():
    flows = [("a", "b", "main", 1000.0), ("b", "c", "main", 1.0), ("c", "d", "main", 1.0), ("d", "c", "overs", 0.001)]
    layout = layout_of(flows, smallest=10.0)
    assert {(r.source, r.target) for r in layout.ribbons if r.backward} == {("d", "c")}
    assert ("c", "d") in {(r.source, r.target) for r in layout.ribbons}
