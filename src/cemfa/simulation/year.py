"""The linear side of a simulated year: what arises for the watched flows, and what all flows make of the decisions.

At the start of a year the network upstream of the gates is solved once per seasonal profile and once per set of
probes; at its end what was let in at every stop becomes mass in all layers and an input behind the gates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cemfa.simulation.network import Network
from cemfa.system.executors import factorise, substitute
from cemfa.system.limits import Settled, settle
from cemfa.system.numbers import Numbers
from cemfa.system.releasing import Release

Array = NDArray[np.float64]
Throughput = Callable[[Array], Array]


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """What a year offers the watched flows, before any decision.

    Parameters
    ----------
    free : shape (arrivals, L, S), annual flow out of the arisings of one profile alone [t/year]
    answer : shape (pairs, L, S), flow per tonne injected at a target, in the order of the carried lanes [1]
    """

    free: Array
    answer: Array


def offer_of(network: Network, share: Array, mass: Array, release: Release) -> Offer:
    """Return what a year offers the watched flows.

    Parameters
    ----------
    share : shape (F, L, S), shares of the flows that leave processes [1]
    mass : shape (F, L, S), mass of the flows that are given, from outside or out of stocks [t/year]
    release : of stocks; what older cohorts release comes evenly over the days, the rest on the day it enters
    """
    upstream, system = network.upstream, network.system
    size, (layers, width) = len(upstream.processes), share.shape[1:]
    arriving, leak = release.shares(system, share)
    kept = None if leak is None else leak[upstream.processes].reshape(size, layers * width)
    factor = factorise(
        upstream.elimination, arriving[upstream.flows].reshape(len(upstream.flows), layers * width), kept
    )

    def throughput(inputs: Array) -> Array:
        if not size:
            return inputs
        return substitute(factor, inputs.reshape(size, layers * width)).reshape(inputs.shape)

    return Offer(_free(network, share, mass, throughput, release), _answers(network, share, throughput, release))


def _free(network: Network, share: Array, mass: Array, throughput: Throughput, release: Release) -> Array:
    """Return the watched flows that the given flows of each profile alone lead to, in the order of the arrivals."""
    found = np.empty((len(network.arrivals.course), *share.shape[1:]))
    for turn in network.arrivals.turns:
        if turn.solved.size:
            whole = release.inputs(network.system, turn.into.add(mass[turn.arising]), older=turn.older)
            x = throughput(whole[network.upstream.processes])
            found[turn.solved] = share[turn.flow] * x[turn.process]
        found[turn.given] = mass[turn.given_flow]
    return found


def _answers(network: Network, share: Array, throughput: Throughput, release: Release) -> Array:
    """Return the response of every carried lane to one tonne of every layer at each of its targets."""
    system = network.system
    found = np.zeros((sum(len(course.carried or ()) for course in network.courses), *share.shape[1:]))
    for probe in network.probes:
        inputs = np.zeros((len(system.process_ids), *share.shape[1:]))
        inputs[probe.entered] = 1.0
        x = throughput(release.inputs(system, inputs, older=False)[network.upstream.processes])
        found[probe.answers] = share[probe.flow] * x[probe.process]
    return found


def in_bases(bases: Array, layered: Array) -> Array:
    """Return masses (n, L, S) in every basis, (B, n, S), layer after layer."""
    found = np.zeros((len(bases), layered.shape[0], layered.shape[2]))
    for basis, weights in enumerate(bases.tolist()):
        for layer, weight in enumerate(weights):
            if weight:
                found[basis] += weight * layered[:, layer]
    return found


def assemble(
    network: Network, numbers: Numbers, realised: Array, drawn: Array, spoiled: Array, release: Release
) -> tuple[Settled, Array]:
    """Return the balance behind the gates and the flows (F, L, S) of the whole system [t/year].

    The cut system is solved like an annual balance in which what was let in enters behind the gates, so amounts,
    ratios, stated moistures and filled demands mean there what they mean in the annual balance.

    Parameters
    ----------
    realised : shape (carriers, L, S), what was let in [t/year]
    drawn, spoiled : shape (stores, L, S), what stores gave to their process and what spoiled [t/year]
    release : what leaves the stocks
    """
    count = len(network.system.flow_ids)
    losing = [store for store, flow in enumerate(network.spoiled_to) if flow >= 0]
    injected = np.concatenate((realised[network.behind.entering], drawn, spoiled[losing]))
    widened = replace(numbers, coefficient=np.concatenate((numbers.coefficient, injected)))
    settled = settle(network.behind.system, widened, None, release)
    flows = settled.flows[:count].copy()
    flows[network.cut] = 0.0
    flows[network.behind.carriers] += realised
    for store in losing:
        flows[network.spoiled_to[store]] += spoiled[store]
    return settled, flows


def shares_of(network: Network, numbers: Numbers, settled: Settled) -> tuple[Array, Array]:
    """Return shares and given masses (F, L, S) as a balance found them, where they depend on the year's flows."""
    count = len(network.system.flow_ids)
    flows, system = settled.flows[:count], network.system
    out_of = settled.throughput[np.maximum(system.source, 0)]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(out_of > 0.0, flows / out_of, numbers.coefficient)
    return share, flows
