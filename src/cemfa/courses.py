"""What becomes of a project once its stages have durations: when its money is there, when it runs and how far.

Between the definition and the plan: plain data and dates, which `solve` takes with central durations and `simulate`
with drawn ones.
"""

from __future__ import annotations

import datetime
import heapq
import math
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from cemfa.definition.schema import Stage, When

Place = tuple[tuple[str, str], ...]
"""Sorted pairs of dimension and item."""

DAYS_PER_MONTH = 365.2425 / 12
"""Mean length of a Gregorian month [d]."""
NOT_YET: Final = datetime.date.max
"""Date of what never happens."""
_SLACK: Final = 1e-9  # of sums of shares of money typed with nine digits


@dataclass(frozen=True, slots=True)
class Built:
    """Capacity that a project adds.

    Parameters
    ----------
    project : id of the project; the key of its random streams, so the same plant is equally lucky in every option
    process, place : whose capacity grows
    capacity : design intake [t/d]
    usable : largest share of it that is taken in (a stress case lowers it)
    decision : date of the decision
    stages : chain between decision and full operation
    minimum_delivery : contracted delivery [t/d]
    when : rule that decides on it, from `decision` on
    costs : investment by funder [VND], central value, for the yearly funds
    priority : which project gets funds first that are needed on the same day, the smallest
    begun : decision and stages, in order, that have begun already: their money is there, whatever is left of funds
    lasted : months that the stages have taken so far, in order, which they take at least
    """

    project: str
    process: str
    place: Place
    capacity: float
    usable: float
    decision: datetime.date
    stages: tuple[Stage, ...]
    minimum_delivery: float | None = None
    when: When | None = None
    costs: tuple[tuple[str, float], ...] = ()
    priority: int = 1
    begun: int = 0
    lasted: tuple[float, ...] = ()

    def central_months(self) -> list[float]:
        """Return the central durations of the stages [month], none shorter than it has lasted already."""
        lasted = (*self.lasted, *[0.0] * len(self.stages))
        return [max(stage.duration.value, least) for stage, least in zip(self.stages, lasted, strict=False)]

    @property
    def due_at_once(self) -> float:
        """Return the share of the investment that is due at the decision: what no stage names."""
        return max(0.0, 1.0 - math.fsum(stage.pays for stage in self.stages))

    def paid(self, share: float) -> tuple[tuple[str, float], ...]:
        """Return what every funder pays of a share of the investment [VND]."""
        return tuple((funder, cost * share) for funder, cost in self.costs)


class Ledger:
    """What funders have left, year by year, in one course of things.

    Parameters
    ----------
    funds : funder → what it can give in each year [VND]; who is not named can give any amount
    carried : funders whose unspent funds stay for later years

    Examples
    --------
    >>> ledger = Ledger([("budget", ((2026, 5.0), (2027, 3.0)))])
    >>> ledger.give([("budget", 4.0)], 2026), ledger.give([("budget", 4.0)], 2027)
    (True, False)
    """

    def __init__(self, funds: Iterable[tuple[str, Iterable[tuple[int, float]]]], carried: Iterable[str] = ()) -> None:
        self._left = {funder: dict(years) for funder, years in funds}
        self._carried = frozenset(carried)
        self.last = max((year for years in self._left.values() for year in years), default=0)

    def left(self, funder: str, year: int) -> float:
        """Return what a funder can still give in a year without taking back what is promised for later [VND]."""
        years = self._left[funder]
        if funder not in self._carried:
            return years.get(year, 0.0)
        known = sorted(years)
        sums = [math.fsum(years[y] for y in known if y <= until) for until in {year, *(y for y in known if y > year)}]
        return max(0.0, min(sums))

    def give(self, costs: Iterable[tuple[str, float]], year: int) -> bool:
        """Take costs out of a year's funds where every funder has enough left; else take nothing."""
        limited = [(funder, cost) for funder, cost in costs if funder in self._left and cost > 0.0]
        if any(cost > self.left(funder, year) * (1.0 + _SLACK) for funder, cost in limited):
            return False
        for funder, cost in limited:
            self._left[funder][year] = self._left[funder].get(year, 0.0) - cost
        return True

    def next_try(self, date: datetime.date) -> datetime.date:
        """Return when there can be money that is not there on a date; `NOT_YET` after the last funds."""
        return datetime.date(date.year + 1, 1, 1) if date.year < self.last else NOT_YET

    def first_given(self, costs: Sequence[tuple[str, float]], due: datetime.date) -> datetime.date:
        """Take costs out of the first year that has them from a date on, and return when that is."""
        while due < NOT_YET and not self.give(costs, due.year):
            due = self.next_try(due)
        return due


@dataclass(frozen=True, slots=True)
class Course:
    """What becomes of a project once the durations of its stages are known.

    Parameters
    ----------
    decided : when it is decided, `NOT_YET` where its money never comes
    steps : (date, share of the capacity from then on); the last is full operation, on `NOT_YET` where never
    stages : (begin, end) of every stage, in order; `NOT_YET` where its money never comes
    """

    decided: datetime.date
    steps: tuple[tuple[datetime.date, float], ...]
    stages: tuple[tuple[datetime.date, datetime.date], ...] = ()

    @property
    def ready(self) -> datetime.date:
        """Return when it is in full operation, `NOT_YET` for never."""
        return self.steps[-1][0]


def courses_of(built: Sequence[Built], months: Sequence[Sequence[float]], ledger: Ledger) -> tuple[Course, ...]:
    """Return the courses of projects that draw on the same funds, for given stage durations [month].

    A decision or stage that costs money begins when it is due and the year's money is there, else on 1 January of the
    first later year that has it. Funds are given in the order in which money is due, on the same day by priority,
    then as written. What is decided at a date later in the list cannot take what was given before.

    Parameters
    ----------
    built : in the order written
    months : per project the durations of its stages
    ledger : what is left; what is spent is taken out of it
    """
    found: list[Course | None] = [None] * len(built)
    waiting: list[tuple[datetime.date, int, int, tuple[tuple[str, float], ...], _Chain]] = []
    for number, (project, durations) in enumerate(zip(built, months, strict=True)):
        chain = _chain(project, durations)
        due, costs = next(chain)
        heapq.heappush(waiting, (due, project.priority, number, costs, chain))
    while waiting:
        due, priority, number, costs, chain = heapq.heappop(waiting)
        given = ledger.give(costs, due.year)
        begins = due if given else ledger.next_try(due)
        if not given and begins < NOT_YET:
            heapq.heappush(waiting, (begins, priority, number, costs, chain))
            continue
        try:
            due, costs = chain.send(begins)
            heapq.heappush(waiting, (due, priority, number, costs, chain))
        except StopIteration as ended:
            found[number] = ended.value
    return tuple(course for course in found if course is not None)


def course_after(built: Built, months: Sequence[float], ledger: Ledger) -> Course:
    """Return the course of one project whose decision has been taken, and paid for where that costs money."""
    chain = _chain(built, months)
    next(chain)
    begins = built.decision
    while True:
        try:
            due, costs = chain.send(begins)
        except StopIteration as ended:
            course: Course = ended.value
            return course
        begins = ledger.first_given(costs, due)


_Chain = Generator[tuple[datetime.date, tuple[tuple[str, float], ...]], datetime.date, Course]


def _chain(built: Built, months: Sequence[float]) -> _Chain:
    """Ask for money stage by stage: yield when it is due and what, be sent when it is given."""
    decided = start = yield built.decision, () if built.begun else built.paid(built.due_at_once)
    steps: list[tuple[datetime.date, float]] = []
    stages: list[tuple[datetime.date, datetime.date]] = []
    elapsed = 0.0
    for number, (stage, duration) in enumerate(zip(built.stages, months, strict=True), start=1):
        if stage.pays and built.costs and start < NOT_YET and number >= built.begun:
            due = _after(start, elapsed)
            begins = yield due, built.paid(stage.pays)
            if begins > due:
                start, elapsed = begins, 0.0
        if start == NOT_YET:
            break
        if stage.operates:
            steps += [(_after(start, elapsed + part * duration), share) for part, share in _ramp(stage, duration)]
        stages.append((_after(start, elapsed), _after(start, elapsed + duration)))
        elapsed += duration
    steps.append((NOT_YET if start == NOT_YET else _after(start, elapsed), 1.0))
    stages += [(NOT_YET, NOT_YET)] * (len(built.stages) - len(stages))
    return Course(decided, tuple(steps), tuple(stages))


def _ramp(stage: Stage, months: float) -> list[tuple[float, float]]:
    """Return (part of the stage that has passed, share of the capacity from then on)."""
    shares = stage.ramp or (stage.operating_share,)
    if stage.ramp_to is not None:
        count = max(1, math.ceil(months))
        growth = (stage.ramp_to - stage.operating_share) / count
        # the mean of each part, so that the mean over the stage is that of the straight line
        shares = tuple(stage.operating_share + growth * (part + 0.5) for part in range(count))
    return [(part / len(shares), share) for part, share in enumerate(shares)]


def _after(date: datetime.date, months: float) -> datetime.date:
    return date + datetime.timedelta(days=round(months * DAYS_PER_MONTH))


def available_share(steps: tuple[tuple[datetime.date, float], ...], year: int) -> float:
    """Return the mean share of a capacity that is there over a calendar year, by days."""
    first = datetime.date(year, 1, 1)
    end = datetime.date(year + 1, 1, 1)
    days = (end - first).days
    return sum(part / days for part in _full_days(steps, first, end))


def full_days(steps: tuple[tuple[datetime.date, float], ...], first: datetime.date, end: datetime.date) -> float:
    """Return for how many days of full operation a course stands between two dates, the last one left out [d].

    >>> full_days(((datetime.date(2027, 1, 1), 0.5), (datetime.date(2027, 1, 11), 1.0)), datetime.date(2027, 1, 1),
    ...           datetime.date(2027, 1, 21))
    15.0
    """
    return math.fsum(_full_days(steps, first, end))


def _full_days(
    steps: tuple[tuple[datetime.date, float], ...], first: datetime.date, end: datetime.date
) -> Iterator[float]:
    bounds = [*steps, (datetime.date.max, 0.0)]
    for (start, share), (until, _) in pairwise(bounds):
        yield share * max(0, (min(until, end) - max(start, first)).days)
