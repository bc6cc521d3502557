"""The quick way to follow carried flows: not their layers day by day, but how much of each annual flow they hold.

A *strand* is the part of a watched flow that follows one *activity*: an annual flow in all layers times a number
that changes daily. What arises follows its profile's weight. What was let in at a stop and comes back into the
network upstream of another gate follows the weight times the fraction let in there, and so on:

    flow(day) = Σ strands annual flow · activity(day),    activity = fraction let in at a stop · activity before.

So a day needs a few numbers per activity instead of every flow in every layer, and the year's mass in all layers
is exact: Σ strands annual flow · Σ days fraction · activity. Possible where gates do not feed each other in
circles and no store lies upstream of another gate (what enters a store is followed in layers, as it mixes);
elsewhere `LayeredDesk` follows all layers. The two are tested against each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cemfa.simulation.arrivals import Arrivals
from cemfa.simulation.book import Book, Course, in_turns
from cemfa.system.rows import RowGroups

Array = NDArray[np.float64]
Index = NDArray[np.intp]

MOST: Final = 50_000
"""Strands beyond which following the layers is cheaper."""


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """What is worked out before the gates of a level decide.

    Parameters
    ----------
    activities, stops, before : activities, the stop each one passed, and the activity it had there
    lanes : lanes whose mass is summed from parts, those with most parts first
    parts : first one of every lane, then a second one of those that have it, …
    turns : how many lanes have a first part, a second one, …
    """

    activities: Index
    stops: Index
    before: Index
    lanes: Index
    parts: Index
    turns: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Strands:
    """How watched flows are made of strands; topology only.

    Parameters
    ----------
    activities : how many there are; the first are those of the profiles
    course, activity : shape (K,), of every strand; those of the profiles come first, in the order of the arrivals
    depth : for every turn of working strands out: strands, and the products (pair of the response, strand
        before) that each is the sum of, with the first product of each
    part_of : part of every strand: all strands of one lane and activity are one part
    part_activity, part_lane : shape (J,)
    spreads : per level
    passed_stop, passed_part : shape (V,), every stop of every part's lane
    ends : rows (passed, strand) of every strand at every stop of its course, in the order of `end_of`
    end_of : per row, (course, stop of the course)
    """

    activities: int
    course: Index
    activity: Index
    depth: tuple[tuple[Index, Index, Index, Index], ...]
    part_of: RowGroups
    part_activity: Index
    part_lane: Index
    spreads: tuple[Spread, ...]
    passed_stop: Index
    passed_part: Index
    ends: Index
    end_of: tuple[tuple[int, int], ...]


class _Spinner:
    """Spins the strands of all courses, in the order in which gates decide."""

    def __init__(self, book: Book, courses: Sequence[Course], arrivals: Arrivals, profiles: int) -> None:
        self.book, self.courses, self.arrivals, self.profiles = book, courses, arrivals, profiles
        self.course: list[int] = []
        self.activity: list[int] = []
        self.of_course: dict[int, list[int]] = defaultdict(list)
        self.known: dict[tuple[int, int], int] = {}
        self.before: list[tuple[int, int]] = []
        self.recipes: dict[int, list[tuple[int, int]]] = {}
        self.turn: dict[int, int] = {}
        self.feeds: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for number, course in enumerate(courses):
            lane_stops = book.lane_stops[int(book.lane_of[number])]
            for stop, position in zip(course.stops, lane_stops, strict=True):
                if stop.target >= 0:
                    self.feeds[stop.target].append((number, position))

    def strand(self, course: int, activity: int) -> int:
        """Return the strand of a course that follows an activity, made where it is new."""
        for known in self.of_course[course]:
            if self.activity[known] == activity:
                return known
        self.course.append(course)
        self.activity.append(activity)
        self.of_course[course].append(len(self.course) - 1)
        return len(self.course) - 1

    def passed(self, stop: int, activity: int) -> int:
        """Return the activity of what is let in at a stop and had an activity before."""
        if (stop, activity) not in self.known:
            self.known[stop, activity] = self.profiles + len(self.before)
            self.before.append((stop, activity))
        return self.known[stop, activity]

    def spin(self, levels: Sequence[Sequence[int]]) -> bool:
        """Spin all strands, level by level of courses; tell whether they are few enough."""
        first = np.cumsum([0, *(len(course.carried or ()) for course in self.courses)]).tolist()
        for number, profile in zip(self.arrivals.course.tolist(), self.arrivals.profile.tolist(), strict=True):
            self.strand(number, profile)
        for members in levels:
            for number in members:
                for place, target in enumerate(self.courses[number].carried or ()):
                    for feeder, stop in self.feeds[target]:
                        for source in tuple(self.of_course[feeder]):
                            made = self.strand(number, self.passed(stop, self.activity[source]))
                            self.recipes.setdefault(made, []).append((first[number] + place, source))
                            self.turn[made] = max(self.turn.get(made, 0), self.turn.get(source, -1) + 1)
                if len(self.course) > MOST:
                    return False
        return True


def spin(book: Book, courses: Sequence[Course], arrivals: Arrivals, profiles: int) -> Strands | None:
    """Return the strands of watched flows, None where gates feed each other in circles or there would be too many.

    Parameters
    ----------
    book : written with `merged`
    courses : the watched flows
    arrivals : which seasonal profiles reach them
    profiles : how many there are
    """
    if book.circular:
        return None
    level_of = _levels(book)
    spinner = _Spinner(book, courses, arrivals, profiles)
    count = len(book.levels)
    at: list[list[int]] = [[] for _ in range(count)]
    for number in range(len(courses)):
        at[level_of[int(book.lane_of[number])]].append(number)
    if not spinner.spin(at):
        return None
    return _laid_out(book, courses, spinner, level_of)


def _levels(book: Book) -> dict[int, int]:
    """Return the level at which each lane meets its first gate."""
    first = {stops[0]: lane for lane, stops in enumerate(book.lane_stops)}
    found = {}
    for number, level in enumerate(book.levels):
        for round_ in level.rounds:
            found.update({first[stop]: number for stop in round_.stops.tolist() if stop in first})
    return found


def _laid_out(book: Book, courses: Sequence[Course], spinner: _Spinner, level_of: dict[int, int]) -> Strands:
    lane_of = [int(book.lane_of[c]) for c in spinner.course]
    keys = sorted(set(zip(lane_of, spinner.activity, strict=True)))
    part = {key: n for n, key in enumerate(keys)}
    passed = [(stop, part[lane, activity]) for lane, activity in keys for stop in book.lane_stops[lane]]
    row = {key: n for n, key in enumerate(passed)}
    ends, end_of = [], []
    for strand, (course, activity) in enumerate(zip(spinner.course, spinner.activity, strict=True)):
        lane = int(book.lane_of[course])
        for place in range(len(courses[course].stops)):
            ends.append((row[book.lane_stops[lane][place], part[lane, activity]], strand))
            end_of.append((course, place))
    return Strands(
        activities=spinner.profiles + len(spinner.before),
        course=_index(spinner.course),
        activity=_index(spinner.activity),
        depth=tuple(_turns(spinner)),
        part_of=RowGroups.of([part[key] for key in zip(lane_of, spinner.activity, strict=True)], len(keys)),
        part_activity=_index(activity for _, activity in keys),
        part_lane=_index(lane for lane, _ in keys),
        spreads=tuple(_spreads(book, spinner, keys, level_of)),
        passed_stop=_index(stop for stop, _ in passed),
        passed_part=_index(place for _, place in passed),
        ends=np.array(ends, dtype=np.intp).reshape(-1, 2),
        end_of=tuple(end_of),
    )


def _turns(spinner: _Spinner) -> Iterable[tuple[Index, Index, Index, Index]]:
    for turn in range(max(spinner.turn.values(), default=-1) + 1):
        strands = sorted(s for s, t in spinner.turn.items() if t == turn)
        products = [spinner.recipes[s] for s in strands]
        starts = np.cumsum([0, *(len(p) for p in products[:-1])])
        flat = [pair for pairs in products for pair in pairs]
        yield _index(strands), _index(a for a, _ in flat), _index(s for _, s in flat), starts.astype(np.intp)


def _spreads(
    book: Book, spinner: _Spinner, keys: Sequence[tuple[int, int]], level_of: dict[int, int]
) -> Iterable[Spread]:
    """Yield what each level works out first: activities that its lanes need, and the masses that follow them."""
    done: set[int] = set()
    for level in range(len(book.levels)):
        parts = [n for n, (lane, _) in enumerate(keys) if level_of[lane] == level]
        of_lane = {
            lane: [n for n in parts if keys[n][0] == lane]
            for lane in sorted({keys[n][0] for n in parts if keys[n][1] >= spinner.profiles})
        }
        carried = sorted(of_lane, key=lambda lane: (-len(of_lane[lane]), lane))
        new = sorted({keys[n][1] for n in parts if keys[n][1] >= spinner.profiles} - done)
        done.update(new)
        places, turns = in_turns([len(of_lane[lane]) for lane in carried])
        yield Spread(
            activities=_index(new),
            stops=_index(spinner.before[a - spinner.profiles][0] for a in new),
            before=_index(spinner.before[a - spinner.profiles][1] for a in new),
            lanes=_index(carried),
            parts=_index(of_lane[carried[place]][turn] for place, turn in places),
            turns=turns,
        )


def _index(values: Iterable[int]) -> Index:
    return np.fromiter(values, dtype=np.intp)
