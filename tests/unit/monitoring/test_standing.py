"""The plan as it stands, where it can be worked out by hand."""

import datetime
from collections.abc import Mapping
from dataclasses import replace

import pytest

from cemfa.courses import DAYS_PER_MONTH, Built
from cemfa.definition.load import read_scenario
from cemfa.definition.schema import Label, NumberRow, Stage
from cemfa.monitoring.reported import Reported
from cemfa.monitoring.standing import as_it_stands, kept_to_plan, observed_share
from cemfa.observations.schema import DECISION
from cemfa.plan import Plan, plan_of

LABEL = Label(vi="x", en="x")
DAY = datetime.date.fromisoformat
TODAY = DAY("2026-11-26")


def stage(name: str, days: int, *, operates: bool = False, pays: float = 0.0, spread: int = 0) -> Stage:
    """Return a stage of so many days, or with a triangular spread around it."""
    value, width = days / DAYS_PER_MONTH, spread / DAYS_PER_MONTH
    row = NumberRow(value=value, unit="month", basis="unverified", source="x")
    if spread:
        row = row.model_copy(update={"distribution": "triangular", "low": value - width, "high": value + width})
    return Stage(id=name, label=LABEL, duration=row, operates=operates, pays=pays)


STAGES = (stage("approval", 100), stage("construction", 200), stage("trial_run", 50, operates=True))


def built(
    name: str = "yard", decision: str = "2026-01-01", stages: tuple[Stage, ...] = STAGES, **more: object
) -> Built:
    return Built(name, "yard", (), 10.0, 1.0, DAY(decision), stages, **more)  # type: ignore[arg-type] - by name


def steps(plan: Plan) -> tuple[tuple[tuple[datetime.date, float], ...], ...]:
    return tuple(course.steps for course in plan.central_courses())


def told(decided: str, **dates: str) -> Reported:
    """Return reports: `approval="a/b"` began on a and ended on b, `approval="a/"` has begun."""
    started = {name: DAY(both.split("/")[0]) for name, both in dates.items() if both.split("/")[0]}
    finished = {name: DAY(both.split("/")[1]) for name, both in dates.items() if both.split("/")[1]}
    return Reported(started=started, finished={DECISION: DAY(decided), **finished})


def standing(plan: Plan, reports: Mapping[str, Reported], date: datetime.date = TODAY, **more: object) -> Plan:
    return as_it_stands(plan, reports, date, **more)  # type: ignore[arg-type] - by name


@pytest.mark.parametrize("option", ["south_yard", "two_yards"])
@pytest.mark.parametrize("date", ["2025-12-31", "2026-03-01", "2026-11-26", "2027-06-30", "2031-01-01"])
def test_kept_to_plan_the_courses_are_the_planned_ones(option: str, date: str) -> None:
    plan = plan_of(read_scenario("first_steps_2030"), option)
    kept = standing(plan, kept_to_plan(plan, DAY(date)), DAY(date))
    assert steps(kept) == steps(plan)
    assert [course.stages for course in kept.central_courses()] == [course.stages for course in plan.central_courses()]


def test_a_plan_of_known_durations_that_was_kept_is_the_same_plan() -> None:
    plan = Plan(built=(built(),))
    assert standing(plan, kept_to_plan(plan, TODAY)).central_courses() == plan.central_courses()
    early = DAY("2025-06-01")  # nothing should have happened yet
    assert standing(plan, kept_to_plan(plan, early), early) == plan


@pytest.mark.parametrize("days", [1, 30, 200])
def test_a_late_decision_is_an_option_written_with_that_delay(days: int) -> None:
    late = DAY("2026-01-01") + datetime.timedelta(days=days)
    chain = (stage("approval", 100, spread=40), *STAGES[1:])
    reports = {"yard": Reported(started={"approval": late}, finished={DECISION: late})}
    assert standing(Plan(built=(built(stages=chain),)), reports, late) == Plan(
        built=(built(decision=late.isoformat(), stages=chain),)
    )


def test_a_late_stage_is_an_option_written_with_that_duration() -> None:
    reports = {"yard": told("2026-01-01", approval="2026-01-01/2026-05-31", construction="2026-05-31/")}
    found = standing(Plan(built=(built(),)), reports, DAY("2026-05-31"))
    assert found == Plan(built=(built(stages=(found.built[0].stages[0], *STAGES[1:])),))
    assert steps(found) == steps(Plan(built=(built(stages=(stage("approval", 150), *STAGES[1:])),)))


def test_what_is_not_reported_has_not_begun_and_takes_all_its_time_from_today() -> None:
    found = standing(Plan(built=(built(),)), {})
    assert found == Plan(built=(built(decision="2026-11-26"),))
    later = Plan(built=(built(decision="2027-01-01"),))
    assert standing(later, {}) == later


def test_a_stage_that_has_not_begun_begins_today_at_the_earliest() -> None:
    reports = {"yard": told("2026-01-01", approval="2026-01-01/2026-04-11")}
    (course,) = standing(Plan(built=(built(),)), reports).central_courses()
    assert course.stages[1] == (TODAY, TODAY + datetime.timedelta(days=200))
    assert course.ready == TODAY + datetime.timedelta(days=250)


def test_waiting_for_a_trial_run_is_not_running() -> None:
    reports = {
        "yard": told(
            "2026-01-01", approval="2026-01-01/2026-04-11", construction="2026-04-11/2026-08-01",
            trial_run="2026-11-01/",
        )
    }  # fmt: skip
    (course,) = standing(Plan(built=(built(),)), reports).central_courses()
    assert course.steps == ((DAY("2026-11-01"), 0.5), (DAY("2026-12-21"), 1.0))


def test_a_stage_under_way_lasts_at_least_as_long_as_it_has() -> None:
    chain = (stage("approval", 100), stage("construction", 200, spread=150), STAGES[2])
    reports = {"yard": told("2026-01-01", approval="2026-01-01/2026-04-11", construction="2026-04-11/")}
    found = standing(Plan(built=(built(stages=chain),)), reports).built[0]
    assert found.lasted == (0.0, (TODAY - DAY("2026-04-11")).days / DAYS_PER_MONTH)
    assert Plan(built=(found,)).central_courses()[0].stages[1][1] == TODAY  # 229 days instead of 200
    from cemfa.simulation.events import stage_months

    drawn, least = stage_months(built(stages=chain), 0, range(50))[1], found.lasted[1]
    assert (stage_months(found, 0, range(50))[1] == [max(months, least) for months in drawn]).all()
    assert (drawn < least).any()
    assert (drawn > least).any()


def test_an_end_that_was_not_told_is_where_the_next_stage_began() -> None:
    reports = {"yard": Reported(started={"construction": DAY("2026-06-01")}, finished={DECISION: DAY("2026-01-01")})}
    (course,) = standing(Plan(built=(built(),)), reports).central_courses()
    assert course.stages[0] == (DAY("2026-01-01"), DAY("2026-06-01"))
    assert course.stages[1][0] == DAY("2026-06-01")


def test_cancelled_is_gone_and_smaller_is_smaller() -> None:
    plan = Plan(built=(built(), built("other")))
    reports = kept_to_plan(plan, TODAY)
    gone = standing(plan, {**reports, "yard": replace(reports["yard"], cancelled=DAY("2026-06-01"))})
    assert [b.project for b in gone.built] == ["other"]
    smaller = standing(plan, {**reports, "yard": replace(reports["yard"], capacity=6.0)})
    assert [b.capacity for b in smaller.built] == [6.0, 10.0]
    assert steps(smaller) == steps(plan)


def test_what_a_plant_took_in_is_what_it_will_take_in() -> None:
    plan, end = Plan(built=(built(),)), DAY("2027-10-31")
    span = (DAY("2027-01-01"), end, 10.0 * 304 * 0.4)  # in full operation since 17 December 2026
    reports = {"yard": replace(kept_to_plan(plan, end)["yard"], intake=(span,))}
    (found,) = standing(plan, reports, end).built
    assert found.usable == pytest.approx(0.4, rel=1e-12)
    assert observed_share(built(), reports["yard"], end) == pytest.approx(0.4, rel=1e-12)
    (found,) = standing(plan, reports, end, expected={"yard": 0.42}).built  # no less than nine tenths of it
    assert found.usable == 1.0
    short = DAY("2027-02-28")
    assert observed_share(built(), reports["yard"], short) is None  # too short to tell


def test_money_that_was_given_is_given_and_leaves_less_for_others() -> None:
    chain = (stage("approval", 100), stage("construction", 200, pays=0.5), STAGES[2])
    one, two = (built(name, stages=chain, costs=(("budget", 10.0),)) for name in ("yard", "other"))
    plan = Plan(built=(one, replace(two, decision=DAY("2027-01-01"))), funds=(("budget", ((2026, 4.0), (2027, 12.0))),))
    reports = {"yard": told("2026-01-01", approval="2026-01-01/2026-04-11", construction="2026-04-11/")}
    first, second = standing(plan, reports).central_courses()
    assert first.decided == DAY("2026-01-01")  # although the fund of 2026 would not have allowed it
    assert first.stages[1][0] == DAY("2026-04-11")
    assert second.decided == DAY("2027-01-01")
    assert standing(plan, reports).funds == (("budget", ((2026, -6.0), (2027, 12.0))),)


def test_a_rule_decides_until_a_decision_is_reported() -> None:
    scenario = read_scenario("first_steps_2030")
    plan = plan_of(scenario, "two_yards")
    ruled = replace(plan, built=plan.built[:1], ruled=(replace(plan.built[1], when=None),))
    assert standing(ruled, {}).ruled == ()
    from cemfa.definition.schema import When

    asked = replace(ruled.ruled[0], when=When(measure="refused", above=1.0))
    ruled = replace(ruled, ruled=(asked,))
    assert standing(ruled, {}).ruled == (asked,)
    decided = standing(ruled, {asked.project: told("2026-07-01")})
    assert [b.project for b in decided.built] == [b.project for b in plan.built]
    assert decided.ruled == ()
