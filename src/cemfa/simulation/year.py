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
from cemfa.system.elimination import OUTSIDE
from cemfa.system.executors import factorise, substitute
from cemfa.system.limits import Settled, settle
from cemfa.system.numbers import Numbers
from cemfa.system.releasing import Release
from cemfa.system.rows import RowGroups

Array = NDArray[np.float64]
Index = NDArray[np.intp]
Throughput = Callable[[Array], Array]


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """What a year offers the watched flows, before any decision.

    Parameters
    ----------
    free : shape (courses, profiles, L, S), annual flow out of the arisings of one profile alone [t/year]
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

    free = np.zeros((len(network.courses), len(network.profiles), layers, width))
    for number, profile in enumerate(network.profiles):
        free[:, number] = _watched(network, share, mass, profile, throughput, release)
    return Offer(free, _answers(network, share, throughput, release))


def _watched(
    network: Network, share: Array, mass: Array, profile: str, throughput: Throughput, release: Release
) -> Array:
    """Return the watched flows (courses, L, S) that the given flows of one profile alone lead to."""
    system, watched, local = network.system, network.watched, network.upstream.local
    arising = _arising(network, profile)
    into = [OUTSIDE if network.cut[f] else int(system.target[f]) for f in arising.tolist()]
    whole = RowGroups.of(into, len(system.process_ids)).add(mass[arising])
    entering = release.inputs(system, whole, older=profile == "")[network.upstream.processes]
    found = np.zeros((len(watched), *share.shape[1:]))
    inside = np.flatnonzero(~system.given[watched])
    given = np.flatnonzero(system.given[watched] & np.isin(watched, arising))
    place = [local[int(p)] for p in system.source[watched[inside]]]
    found[inside] = share[watched[inside]] * throughput(entering)[place]
    found[given] = mass[watched[given]]
    return found


def _arising(network: Network, profile: str) -> Index:
    system = network.system
    found = [f for f in np.flatnonzero(system.given).tolist() if system.season[f] == profile]
    return np.array(found, dtype=np.intp)


def _answers(network: Network, share: Array, throughput: Throughput, release: Release) -> Array:
    """Return the response of every carried lane to one tonne of every layer at each of its targets."""
    system, local = network.system, network.upstream.local
    shape = (len(system.process_ids), *share.shape[1:])
    first = np.cumsum([0, *(len(course.carried or ()) for course in network.courses)])
    found = np.zeros((int(first[-1]), *share.shape[1:]))
    for probe in network.probes:
        inputs = np.zeros(shape)
        inputs[[network.targets[target] for target in probe]] = 1.0
        x = throughput(release.inputs(system, inputs, older=False)[network.upstream.processes])
        for number, course in enumerate(network.courses):
            for place, target in enumerate(course.carried or ()):
                if target in probe:
                    row = local[int(system.source[course.flow])]
                    found[first[number] + place] = share[course.flow] * x[row]
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
