"""Courses of projects: stages one after the other, ramps, and the money of years."""

import datetime

import pytest

from cemfa import library
from cemfa.courses import NOT_YET, Built, Ledger, available_share, course_after, courses_of
from cemfa.definition.load import read_scenario
from cemfa.definition.schema import Label, NumberRow, Stage
from cemfa.plan import Plan, plan_of

LABEL = Label(vi="x", en="x")
MONTH = NumberRow(value=1.0, unit="month", basis="unverified", source="x")


def stage(id_: str, **more: object) -> Stage:
    return Stage(id=id_, label=LABEL, duration=MONTH, **more)


def built(*stages: Stage, name: str = "yard", cost: float = 10.0, priority: int = 1, date: str = "2026-03-01") -> Built:
    day = datetime.date.fromisoformat(date)
    costs = (("budget", cost),) if cost else ()
    return Built(name, "yard", (), 5.0, 1.0, day, stages, costs=costs, priority=priority)


def courses(funds: dict[int, float], *projects: Built, carried: bool = False) -> list[tuple]:
    ledger = Ledger([("budget", funds.items())], ("budget",) if carried else ())
    found = courses_of(projects, [[1.0] * len(p.stages) for p in projects], ledger)
    return [(course.decided, course.steps[-1][0]) for course in found]


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def test_a_stage_waits_for_the_money_of_its_year() -> None:
    """A month of approval, then construction needs 6 of 10; what is left is due at the decision."""
    project = built(stage("approval"), stage("construction", pays=0.6))
    assert courses({2026: 10.0}, project) == [(day("2026-03-01"), day("2026-05-01"))]
    assert courses({2026: 5.0, 2027: 6.0}, project) == [(day("2026-03-01"), day("2027-01-31"))]
    assert courses({2026: 3.0, 2027: 9.0}, project) == [(day("2027-01-01"), NOT_YET)]
    assert courses({2026: 5.0, 2028: 5.0}, project) == [(day("2026-03-01"), NOT_YET)]


def test_unspent_funds_lapse_unless_they_are_carried() -> None:
    project = built(stage("construction", pays=1.0))
    assert courses({2026: 5.0, 2027: 5.0}, project) == [(day("2026-03-01"), NOT_YET)]
    assert courses({2026: 5.0, 2027: 5.0}, project, carried=True) == [(day("2026-03-01"), day("2027-01-31"))]


def test_who_is_due_first_is_paid_first_then_by_priority_then_as_written() -> None:
    chain = (stage("construction", pays=1.0),)
    late = built(*chain, name="late", date="2026-03-02", priority=0)
    second, first = built(*chain, name="second"), built(*chain, name="first")
    urgent = built(*chain, name="urgent", priority=0)
    funds = {2026: 10.0, 2027: 10.0, 2028: 10.0}
    ready = [end.year for _, end in courses(funds, late, second, first)]
    assert ready == [2027, 2026, 2028]  # on 1 January 2027 both wait, and the priority of `late` decides
    assert [end.year for _, end in courses(funds, second, urgent)] == [2027, 2026]


def test_what_is_promised_for_later_is_not_given_twice() -> None:
    ledger = Ledger([("budget", {2026: 5.0, 2027: 5.0}.items())], ("budget",))
    assert ledger.give([("budget", 8.0)], 2027)
    assert ledger.left("budget", 2026) == pytest.approx(2.0)
    assert not ledger.give([("budget", 3.0)], 2026)
    assert ledger.give([("other", 1e12)], 2026)


def test_a_decision_by_rule_takes_what_is_left() -> None:
    ledger = Ledger([("budget", {2026: 10.0, 2027: 10.0}.items())])
    courses_of([built(stage("construction", pays=1.0))], [[1.0]], ledger)
    course = course_after(built(stage("construction", pays=1.0)), [1.0], ledger)
    assert course.steps == ((day("2027-01-31"), 1.0),)


def test_a_ramp_takes_in_what_its_straight_line_does() -> None:
    """Half a year from 0.2 to 0.8 averages 0.5; the rest of the year is full."""
    project = built(stage("trial_run", operates=True, operating_share=0.2, ramp_to=0.8), cost=0.0, date="2026-01-01")
    (course,) = courses_of([project], [[6.0]], Ledger(()))
    trial = (course.steps[-1][0] - project.decision).days
    assert len(course.steps) == 7
    expected = (0.5 * trial + 365 - trial) / 365
    assert available_share(course.steps, 2026) == pytest.approx(expected, abs=0.6 / 365)  # steps begin at midnight


def test_stated_shares_fill_equal_parts_of_their_stage() -> None:
    project = built(stage("trial_run", operates=True, ramp=(0.25, 0.5, 0.75)), cost=0.0)
    (course,) = courses_of([project], [[3.0]], Ledger(()))
    assert [share for _, share in course.steps] == [0.25, 0.5, 0.75, 1.0]
    assert [date.isoformat() for date, _ in course.steps] == ["2026-03-01", "2026-03-31", "2026-05-01", "2026-05-31"]


def test_the_annual_plan_waits_too() -> None:
    project = built(stage("construction", pays=1.0))
    plan = Plan((project,), funds=(("budget", ((2026, 1.0), (2027, 10.0))),))
    assert plan.central_courses()[0].steps == ((day("2027-01-31"), 1.0),)


def test_yearly_funds_meet_an_investment_in_another_currency_in_money_of_the_account(tmp_path):
    """A plant of 40 000 USD at 23 400 VND, prices risen by 7 %, does not come for forty thousand đồng."""
    text = library.scenarios()["first_steps_2030"].read_text(encoding="utf-8")
    head, criteria, weights = text.partition("\ncriteria:")
    rates = (
        "\n  price_index: {values: {2022: 100, 2024: 107}, basis: unverified, source: illustration}"
        "\n  exchange_rates: {USD: {values: {2022: 23400}, basis: unverified, source: illustration}}\n"
    )
    funding = "        funding: [{source: donor, share: 1}, {source: town_budget, share: 1, of: running}]"
    capex = "        capex: {value: 40000, unit: USD, price_year: 2022, basis: unverified, source: illustration}\n"
    assert head.count(funding) == 1
    path = tmp_path / "abroad.yaml"
    changed = head.replace(funding, capex + funding) + rates + criteria.removeprefix("\n") + weights
    path.write_text(changed, encoding="utf-8")
    scenario = read_scenario(path)
    costs = [built.costs for option in ("south_yard", "two_yards") for built in plan_of(scenario, option).built]
    assert (("donor", pytest.approx(40000 * 23400 * 1.07)),) in costs
