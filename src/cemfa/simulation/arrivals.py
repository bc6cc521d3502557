"""Which arisings reach which watched flow, and what may be asked of the network upstream in one solution.

Between the network and its year. What arises by one profile reaches few of the watched flows, and profiles (or
targets of injections) that reach none in common may be solved for together: none of them meets what another brings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cemfa.simulation.book import Course
from cemfa.system.elimination import OUTSIDE
from cemfa.system.layout import System
from cemfa.system.releasing import passing
from cemfa.system.rows import RowGroups

Index = NDArray[np.intp]
Flags = NDArray[np.bool_]
Reach = Callable[[int], set[int]]


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """Profiles that are solved for together.

    Parameters
    ----------
    older : whether what older cohorts release is among them
    arising : flows that are given and follow these profiles
    into : process that each of them enters upstream
    solved, flow, process : arrivals that follow from the solution, their flow, and the process it leaves, upstream
    given, given_flow : arrivals that are given themselves, and their flow
    """

    older: bool
    arising: Index
    into: RowGroups
    solved: Index
    flow: Index
    process: Index
    given: Index
    given_flow: Index


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """Targets that are solved for together.

    Parameters
    ----------
    entered : processes that one tonne is put into
    answers, flow, process : responses that follow, their flow, and the process it leaves, upstream
    """

    entered: Index
    answers: Index
    flow: Index
    process: Index


@dataclass(frozen=True, slots=True, eq=False)
class Arrivals:
    """Watched flows with the profiles that reach them; topology only.

    Parameters
    ----------
    course, profile : shape (A,), course by course
    turns : how to solve for them
    """

    course: Index
    profile: Index
    turns: tuple[Turn, ...]


def arrivals_of(
    system: System, cut: Flags, courses: Sequence[Course], profiles: Sequence[str], upstream: Reach,
    local: Mapping[int, int],
) -> Arrivals:  # fmt: skip
    """Return which profiles reach which watched flow without passing a gate.

    Parameters
    ----------
    cut : shape (F,), flows that are taken out of the pattern
    upstream : tells a process and all that reach it
    local : position of a process upstream
    """
    number = {profile: n for n, profile in enumerate(profiles)}
    entered: dict[int, set[int]] = {}
    for flow in np.flatnonzero(system.given & ~cut & (system.target != OUTSIDE)).tolist():
        entered.setdefault(int(system.target[flow]), set()).add(number.get(system.season[flow], -1))
    for stock in passing(system):
        entered.setdefault(system.stocks[stock].process, set()).add(number.get("", -1))
    pairs = []
    for n, course in enumerate(courses):
        if system.given[course.flow]:
            found = {number[system.season[course.flow]]}
        else:
            found = set().union(*(entered.get(p, set()) for p in upstream(int(system.source[course.flow]))))
        pairs += [(n, profile) for profile in sorted(found)]
    reached: list[set[int]] = [set() for _ in profiles]
    for reaching, profile in pairs:
        reached[profile].add(reaching)
    turns = (_turn(system, cut, courses, profiles, pairs, set(members), local) for members in apart(reached))
    return Arrivals(_index(c for c, _ in pairs), _index(p for _, p in pairs), tuple(turns))


def _turn(
    system: System, cut: Flags, courses: Sequence[Course], profiles: Sequence[str],
    pairs: Sequence[tuple[int, int]], members: set[int], local: Mapping[int, int],
) -> Turn:  # fmt: skip
    names = {profiles[n] for n in members}
    arising = [f for f in np.flatnonzero(system.given).tolist() if system.season[f] in names]
    into = [OUTSIDE if cut[f] else int(system.target[f]) for f in arising]
    rows = [(row, courses[course].flow) for row, (course, profile) in enumerate(pairs) if profile in members]
    solved = [(row, flow) for row, flow in rows if not system.given[flow]]
    given = [(row, flow) for row, flow in rows if system.given[flow]]
    return Turn(
        older="" in names,
        arising=_index(arising),
        into=RowGroups.of(into, len(system.process_ids)),
        solved=_index(row for row, _ in solved),
        flow=_index(flow for _, flow in solved),
        process=_index(local[int(system.source[flow])] for _, flow in solved),
        given=_index(row for row, _ in given),
        given_flow=_index(flow for _, flow in given),
    )


def probes_of(
    system: System, courses: Sequence[Course], targets: Sequence[int], local: Mapping[int, int]
) -> tuple[Probe, ...]:
    """Return how to solve for the response of every carried flow to one tonne at each of its targets.

    Parameters
    ----------
    targets : process of every target
    local : position of a process upstream
    """
    reached: list[set[int]] = [set() for _ in targets]
    for n, course in enumerate(courses):
        for target in course.carried or ():
            reached[target].add(n)
    pairs = [(course.flow, target) for course in courses for target in course.carried or ()]
    found = []
    for members in apart(reached):
        own = [(row, flow) for row, (flow, target) in enumerate(pairs) if target in members]
        found.append(
            Probe(
                entered=_index(targets[target] for target in members),
                answers=_index(row for row, _ in own),
                flow=_index(flow for _, flow in own),
                process=_index(local[int(system.source[flow])] for _, flow in own),
            )
        )
    return tuple(found)


def apart(reached: Sequence[set[int]]) -> tuple[tuple[int, ...], ...]:
    """Return numbers in sets of which no two reach the same.

    Examples
    --------
    >>> apart([{1, 2}, {2, 3}, {3}, {4}])
    ((0, 2, 3), (1,))
    """
    sets: list[tuple[list[int], set[int]]] = []
    for number, found in enumerate(reached):
        fitting = next((s for s in sets if not s[1] & found), None)
        if fitting is None:
            sets.append(([number], set(found)))
        else:
            fitting[0].append(number)
            fitting[1].update(found)
    return tuple(tuple(members) for members, _ in sets)


def _index(values: Iterable[int]) -> Index:
    return np.fromiter(values, dtype=np.intp)
