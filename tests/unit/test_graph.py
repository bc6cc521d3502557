"""Copies over dimensions, and what the connections say."""

import networkx as nx
import pytest

from cemfa.definition.schema import Model
from cemfa.errors import DefinitionError
from cemfa.graph import boundary_flows, build_graph, expand, loops, unreachable, without_outlet

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
