from __future__ import annotations

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from cemfa.figures.layering import backward_edges, crossings, layers, order

NODES = st.sampled_from("abcdefgh")
WEIGHTS = st.dictionaries(st.tuples(NODES, NODES), st.floats(0.1, 100.0), min_size=1, max_size=24)


@given(WEIGHTS)
def test_without_the_backward_edges_no_loop_is_left(weights):
    forward = [edge for edge in weights if edge not in backward_edges(weights)]
    assert nx.is_directed_acyclic_graph(nx.DiGraph(forward))


@given(WEIGHTS)
def test_no_backward_edge_is_needless(weights):
    back = backward_edges(weights)
    for edge in back:
        kept = [other for other in weights if other not in back or other == edge]
        assert not nx.is_directed_acyclic_graph(nx.DiGraph(kept))


@given(WEIGHTS)
def test_a_loop_free_graph_has_no_backward_edges(weights):
    downhill = {edge: weight for edge, weight in weights.items() if edge[0] < edge[1]}
    assert not backward_edges(downhill)


def test_the_lighter_edge_of_a_loop_runs_back():
    weights = {("yard", "field"): 10.0, ("field", "cattle"): 8.0, ("cattle", "yard"): 1.0}
    assert backward_edges(weights) == {("cattle", "yard")}


@given(WEIGHTS)
def test_every_forward_edge_climbs_at_least_one_layer(weights):
    forward = [edge for edge in weights if edge not in backward_edges(weights)]
    layer = layers(forward)
    assert all(layer[source] < layer[target] for source, target in forward)
    assert all(number >= 0 for number in layer.values())


def test_the_order_of_rows_does_not_matter():
    weights = {("a", "x"): 3.0, ("b", "y"): 2.0, ("x", "a"): 3.0, ("b", "x"): 3.0, ("y", "b"): 2.0}
    turned = dict(reversed(weights.items()))
    assert backward_edges(weights) == backward_edges(turned)
    layer = layers([edge for edge in weights if edge not in backward_edges(weights)])
    assert order(layer, weights) == order(dict(reversed(layer.items())), turned)


def test_crossings_that_can_be_avoided_are_avoided():
    layer = {"a": 0, "b": 0, "c": 0, "x": 1, "y": 1, "z": 1}
    weights = {("a", "z"): 1.0, ("b", "y"): 1.0, ("c", "x"): 1.0}
    assert crossings([["a", "b", "c"], ["x", "y", "z"]], weights) == 3.0
    assert crossings(order(layer, weights), weights) == 0.0
