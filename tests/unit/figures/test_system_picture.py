"""The picture of a system: every process and flow in it, loops backwards, no words over others, same bytes."""

from itertools import combinations

import pytest

from cemfa import locale
from cemfa.definition.load import read_model
from cemfa.figures.picture import text_width
from cemfa.figures.svg import figure_bytes, inline_svg
from cemfa.figures.system_layout import CROWDED, SIZE, WIDTH, Link, Node, lay_out
from cemfa.figures.system_picture import _links, _nodes, system_picture
from cemfa.graph import build_graph


def process(name, kind="process", **more):
    return Node(name, name.title(), kind, **more)


@pytest.fixture(scope="module", params=["first_steps", "ben_tre"])
def shipped(request):
    model = read_model(request.param)
    graph = build_graph(model)
    labels = {key: p.label.of("vi") for key, p in model.processes.items() if p.label}
    return graph, labels, lay_out(_nodes(graph, labels), _links(graph, {}, {}))


def test_every_process_and_flow_is_drawn(shipped) -> None:
    graph, _, layout = shipped
    drawn = {box.node.id for box in layout.boxes} | {node.id for node in layout.letters.values()}
    assert drawn == {name for _, name in graph.nodes(data="name") if name}
    letters = {letter: node.id for letter, node in layout.letters.items()}
    shown = {(line.link.source, line.link.target) for line in layout.lines}
    for box in layout.boxes:
        shown |= {(box.node.id, letters[letter]) for letter in box.letters}
        shown |= {("outside", box.node.id)} if box.entering else set()
        shown |= {(box.node.id, "outside")} if box.leaving else set()
    assert shown == {(link.source, link.target) for link in _links(graph, {}, {})}


def test_boxes_stand_apart_and_hold_their_words(shipped) -> None:
    _, _, layout = shipped
    for a, b in combinations(layout.boxes, 2):
        apart = a.x + WIDTH <= b.x or b.x + WIDTH <= a.x or a.y + a.height <= b.y or b.y + b.height <= a.y
        assert apart, (a.node.id, b.node.id)
    for box in layout.boxes:
        assert all(text_width(line, SIZE) <= WIDTH for line in box.lines), box.lines
        assert box.x >= 0
        assert box.x + WIDTH <= layout.width
        assert box.y + box.height <= layout.height


def test_no_level_line_runs_through_a_box(shipped) -> None:
    _, _, layout = shipped
    for line in layout.lines:
        for (x0, y0), (x1, y1) in zip(line.stations, line.stations[1:], strict=False):
            if y0 != y1:
                continue
            for box in layout.boxes:
                crossed = min(x0, x1) + 1 < box.x + WIDTH and max(x0, x1) - 1 > box.x
                assert not (crossed and box.y < y0 < box.y + box.height), (line.link, box.node.id)


def test_only_loops_go_backwards(shipped) -> None:
    graph, _, layout = shipped
    circling = {name for node, name in graph.nodes(data="name") if graph.nodes[node].get("loop")}
    for line in layout.lines:
        assert line.backward == (line.stations[-1][0] < line.stations[0][0])
        if line.backward:
            assert {line.link.source, line.link.target} <= circling


def test_the_lighter_flow_of_a_loop_goes_back() -> None:
    nodes = [process("field"), process("cow")]
    for heavy, light in (("field", "cow"), ("cow", "field")):
        layout = lay_out(nodes, [Link("field", "cow", mass=2.0 + (heavy == "field")),
                                 Link("cow", "field", mass=2.0 + (heavy == "cow"))])  # fmt: skip
        (back,) = [line.link for line in layout.lines if line.backward]
        assert (back.source, back.target) == (light, heavy)


def test_a_flow_to_itself_is_a_loop() -> None:
    (line,) = lay_out([process("a")], [Link("a", "a")]).lines
    assert line.backward
    assert len(set(line.stations)) == 6


def test_final_processes_become_letters_only_where_it_is_crowded() -> None:
    nodes = [process("air", "sink"), *(process(f"p{n}") for n in range(CROWDED))]
    links = [Link(f"p{n}", "air") for n in range(CROWDED)]
    assert not lay_out(nodes[:10], links[:9]).letters
    crowded = lay_out(nodes, links)
    assert {letter: node.id for letter, node in crowded.letters.items()} == {"A": "air"}
    assert all(box.letters == ("A",) for box in crowded.boxes)


@pytest.mark.parametrize("lang", locale.LANGUAGES)
def test_it_says_in_words_what_it_shows(lang) -> None:
    model = read_model("first_steps")
    goods = {key: good.label.of(lang) for key, good in model.goods.items()}
    picture = system_picture(build_graph(model), lang, goods=goods, title=model.label.of(lang))
    svg = inline_svg(picture, "system")
    assert picture.title == model.label.of(lang)
    assert picture.lang == lang
    assert f"household → landfill: {goods['food_waste']}" in picture.description
    assert f"<title>household → landfill: {goods['food_waste']}</title>" in svg
    assert locale.text("figures.system_stock", lang) in svg


def test_the_same_graph_gives_the_same_bytes() -> None:
    graph = build_graph(read_model("first_steps"))
    first, second = (figure_bytes(system_picture(graph, "vi"), "svg") for _ in range(2))
    assert first == second


def test_words_with_signs_of_formulas_stay_words() -> None:
    graph = build_graph(read_model("first_steps"))
    svg = inline_svg(system_picture(graph, "en", labels={"household": "from $5 to $9"}), "x")
    assert "$5 to $9" in svg
