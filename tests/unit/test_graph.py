"""Copies over dimensions, and what the connections say."""

import networkx as nx
import pytest

from cemfa.definition.schema import Model
from cemfa.errors import DefinitionError
from cemfa.graph import (
    boundary_flows,
    build_graph,
    expand,
    loops,
    mass_round,
    reached,
    reaching,
    unreachable,
    without_outlet,
)

LABEL = {"vi": "mẫu", "en": "sample"}


def model(processes: dict, flows: dict, dimensions: dict | None = None) -> Model:
    return Model.model_validate(
        {
            "format": 1,
            "id": "m",
            "label": LABEL,
            "periods": {"from": 2020, "to": 2021},
            "layers": {"mass": ["mass"]},
            "dimensions": dimensions or {},
            "processes": processes,
            "flows": flows,
        }
    )


DISTRICTS = {"district": ["north", "south"], "settlement": ["urban", "rural"], "destination": {"alias": "district"}}
PLACED = model(
    {"home": {"over": ["district", "settlement"]}, "plant": {"over": ["district"]}, "dump": {"sink": True}},
    {
        "arising": {"from": "outside", "to": "home", "good": "food", "amount": "a"},
        "hauled": {
            "from": "home",
            "to": "plant(district=destination)",
            "good": "food",
            "over": ["district", "settlement", "destination"],
            "only": {"destination": ["south"]},
            "share": "s",
        },
        "urban_dumped": {"from": "home(settlement=urban)", "to": "dump", "good": "food", "share": "remainder"},
        "rural_dumped": {"from": "home(settlement=rural)", "to": "dump", "good": "food", "share": "remainder"},
        "composted": {"from": "plant", "to": "outside", "good": "compost", "share": "remainder"},
    },
    DISTRICTS,
)


def test_copies_follow_the_file_the_last_dimension_fastest() -> None:
    assert [p.id for p in expand(PLACED).processes] == [
        "home[north,urban]",
        "home[north,rural]",
        "home[south,urban]",
        "home[south,rural]",
        "plant[north]",
        "plant[south]",
        "dump",
    ]


def test_a_flow_may_have_a_dimension_of_its_own_and_leave_copies_out() -> None:
    hauled = [f for f in expand(PLACED).flows if f.name == "hauled"]
    assert [f.id for f in hauled] == [
        "hauled[north,urban,south]",
        "hauled[north,rural,south]",
        "hauled[south,urban,south]",
        "hauled[south,rural,south]",
    ]
    assert {f.target for f in hauled} == {"plant[south]"}


def test_fixed_dimensions_are_known_though_not_repeated() -> None:
    urban = [f for f in expand(PLACED).flows if f.name == "urban_dumped"]
    assert [(f.id, f.source) for f in urban] == [
        ("urban_dumped[north]", "home[north,urban]"),
        ("urban_dumped[south]", "home[south,urban]"),
    ]
    assert dict(urban[0].known) == {"district": "north", "settlement": "urban"}
    assert dict(urban[0].items) == {"district": "north"}


def test_the_boundary_is_found() -> None:
    entering, leaving = boundary_flows(build_graph(PLACED))
    assert entering[0] == "arising[north,urban]"
    assert leaving == ("composted[north]", "composted[south]")


LOOPED = model(
    {"a": {}, "b": {}, "lost": {}, "kept": {"stock": {}}},
    {
        "into": {"from": "outside", "to": "a", "good": "g", "amount": "x"},
        "first": {"from": "a", "to": "b", "good": "g", "share": "s"},
        "second": {"from": "a", "to": "b", "good": "g", "share": "t"},
        "again": {"from": "a", "to": "a", "good": "g", "share": "u"},
        "back": {"from": "b", "to": "a", "good": "g", "share": "remainder"},
        "alone": {"from": "lost", "to": "kept", "good": "g", "share": "remainder"},
    },
)  # fmt: skip


def test_parallel_flows_and_flows_to_itself_stay_apart() -> None:
    graph = build_graph(LOOPED)
    assert set(graph["a"]["b"]) == {"first", "second"}
    assert set(graph["a"]["a"]) == {"again"}


def test_loops_orphans_and_dead_ends_are_named() -> None:
    graph = build_graph(LOOPED)
    assert loops(graph) == [("a", "b")]
    assert unreachable(graph) == ("lost",)
    assert without_outlet(graph) == ("a", "b")


def test_loops_have_ids_and_names_in_the_order_in_which_matter_gets_there() -> None:
    graph = build_graph(LOOPED)
    loop = graph.graph["loops"]["a+b"]
    assert loop.processes == ("a", "b")
    assert loop.flows == ("first", "second", "again", "back")
    assert loop.label == {"en": "a → b → a", "vi": "a → b → a"}
    assert [graph.nodes[p]["loop"] for p in ("a", "b", "lost", "kept")] == ["a+b", "a+b", "", ""]


def test_loops_of_a_district_are_named_by_it() -> None:
    placed = model(
        {"b_heap": {"over": ["district"], "label": {"vi": "Đống ủ", "en": "Heap"}}, "a_sieve": {"over": ["district"]}},
        {
            "into": {"from": "outside", "to": "b_heap", "good": "g", "amount": "x"},
            "on": {"from": "b_heap", "to": "a_sieve", "good": "g", "share": "remainder"},
            "overs": {"from": "a_sieve", "to": "b_heap", "good": "g", "share": "s"},
            "sold": {"from": "a_sieve", "to": "outside", "good": "g", "share": "remainder"},
        },
        DISTRICTS,
    )
    found = build_graph(placed).graph["loops"]
    assert list(found) == ["b_heap+a_sieve[north]", "b_heap+a_sieve[south]"]
    assert found["b_heap+a_sieve[south]"].label["vi"] == "Đống ủ → a_sieve → Đống ủ [south]"


def test_reachability_does_not_lead_through_the_world_outside() -> None:
    graph = build_graph(PLACED)
    assert reached(graph, "home[north,urban]") == ("plant[south]", "dump")
    assert reaching(graph, "plant[south]") == tuple(
        f"home[{d},{s}]" for d in ("north", "south") for s in ("urban", "rural")
    )
    assert reaching(graph, "home[north,urban]") == ()


def looped(edges: list[tuple[str, str, str]]) -> nx.MultiDiGraph:
    names = {end for source, target, _ in edges for end in (source, target)} - {"outside"}
    return build_graph(model(
        {name: {} for name in sorted(names)},
        {key: {"from": s, "to": t, "good": "g", ("amount" if s == "outside" else "share"): "x"} for s, t, key in edges},
    ))  # fmt: skip


@pytest.mark.parametrize("alpha", [0.0, 0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("passed_on", [1.0, 0.4])
def test_a_loop_carries_what_comes_back(alpha: float, passed_on: float) -> None:
    """Input D, of which the share α comes back: αD/(1 − α), whatever a process of the loop lets go on the way."""
    graph = looped([("outside", "a", "in"), ("a", "b", "on"), ("a", "outside", "lost"), ("b", "a", "back"),
                    ("b", "outside", "out")])  # fmt: skip
    through = 7.0 / (1 - alpha * passed_on)
    back = alpha * passed_on * through
    mass = {"in": 7.0, "on": passed_on * through, "lost": (1 - passed_on) * through, "back": back}
    mass["out"] = mass["on"] - back
    ((_, found),) = mass_round(graph, mass)
    assert found == pytest.approx(back, rel=1e-12 / (1 - alpha), abs=1e-12)  # 1 − 1/n cancels where little comes back


def test_a_flow_to_itself_is_what_goes_round() -> None:
    graph = looped([("outside", "a", "in"), ("a", "a", "again"), ("a", "outside", "out")])
    ((_, found),) = mass_round(graph, {"in": 6.0, "again": 2.0, "out": 6.0})
    assert found == pytest.approx(2.0, rel=1e-12)


def test_two_loops_through_one_process_carry_both_returns() -> None:
    graph = looped([("outside", "a", "in"), ("a", "b", "ab"), ("b", "a", "ba"), ("a", "c", "ac"), ("c", "a", "ca"),
                    ("a", "outside", "out")])  # fmt: skip
    ((_, found),) = mass_round(graph, {"in": 5.0, "ab": 2.0, "ba": 2.0, "ac": 3.0, "ca": 3.0, "out": 5.0})
    assert found == pytest.approx(5.0, rel=1e-12)


def test_loops_are_ranked_and_idle_ones_carry_nothing() -> None:
    edges = [(s + n, t + n, k + n) for n in "12" for s, t, k in (("a", "b", "on"), ("b", "a", "back"))]
    graph = looped([*edges, ("outside", "a1", "in1"), ("outside", "a2", "in2"), ("b1", "outside", "o1"),
                    ("b2", "outside", "o2")])  # fmt: skip
    mass = {"in2": 6.0, "on2": 8.0, "back2": 2.0, "o2": 6.0}
    assert [(loop.id, round(t, 12)) for loop, t in mass_round(graph, mass)] == [("a2+b2", 2.0), ("a1+b1", 0.0)]


def test_a_graph_without_boundary_has_no_boundary_flows() -> None:
    assert boundary_flows(nx.MultiDiGraph()) == ((), ())


@pytest.mark.parametrize(
    ("end", "code"),
    [
        ("plant(", "endpoint-form"),
        ("nowhere", "endpoint-process"),
        ("plant(settlement=urban)", "endpoint-dimension"),
        ("home", "endpoint-dimension-open"),
        ("plant(district=east)", "endpoint-item"),
    ],
)
def test_wrong_endpoints_are_refused(end: str, code: str) -> None:
    flows = {"f": {"from": "plant", "to": end, "good": "g", "share": "remainder"}}
    processes = {"plant": {"over": ["district"]}, "home": {"over": ["district", "settlement"]}}
    with pytest.raises(DefinitionError) as wrong:
        expand(model(processes, flows, DISTRICTS))
    assert [p.code for p in wrong.value.problems] == [code]
