"""What the state of projects does to the targets: paired with the plan, nothing where the plan was kept."""

import datetime
from dataclasses import replace

import numpy as np
import pytest

from cemfa.definition.load import read_scenario_and_model
from cemfa.definition.schema import Model, Scenario
from cemfa.errors import DefinitionError
from cemfa.indicators import block_function, parts_named
from cemfa.indicators.spread import stat_of
from cemfa.monitoring.invested import planned_spending
from cemfa.monitoring.outlook import Outlook, outlook
from cemfa.monitoring.progress import option_of, progress_of
from cemfa.monitoring.register import ProjectRow, register
from cemfa.monitoring.reported import Reported, reported
from cemfa.monitoring.standing import as_it_stands, kept_to_plan
from cemfa.observations.schema import DATE_UNIT, DECISION, NO_YEAR, Kept, Key, Kind, Observation, as_number
from cemfa.plan import plan_of
from cemfa.results import Request
from cemfa.simulation import simulate
from cemfa.system.compile import System, compile_system

DAY = datetime.date.fromisoformat
TODAY = DAY("2029-06-30")
NORTH, SOUTH = "yard_north_extension", "yard_south_small"
TOWN = tuple[Scenario, Model, System]


@pytest.fixture(scope="module")
def town() -> TOWN:
    scenario, model = read_scenario_and_model("first_steps_2030")
    return scenario, model, compile_system(model)


def looked(town: TOWN, reports: dict[str, Reported], **more: int) -> Outlook:
    scenario, model, system = town
    return outlook(system, scenario, model, "two_yards", reports, TODAY, **{"replications": 6, "workers": 1, **more})


def reports(town: TOWN) -> dict[str, Reported]:
    return dict(kept_to_plan(plan_of(town[0], "two_yards"), TODAY))


def test_a_plan_that_was_kept_changes_nothing_to_the_bit(town: TOWN) -> None:
    found = looked(town, reports(town))
    assert found.alone == ()
    assert found.planned.identical(found.standing)
    assert [one.target.id for one in found.headline] == ["S01", "S02"]
    for one in found.targets:
        assert (one.difference.mean, one.difference.p5, one.difference.p95) == (0.0, 0.0, 0.0)
        assert one.planned == one.standing


def test_with_known_durations_a_kept_plan_is_the_option_as_written_to_the_bit(town: TOWN) -> None:
    """Every date of the plan is certain and was kept: the option is simulated as `simulate` does it by itself."""
    scenario, model, system = town
    chains = {
        key: tuple(
            stage.model_copy(update={"duration": stage.duration.model_copy(update={"distribution": "constant"})})
            for stage in chain
        )
        for key, chain in scenario.simulation.stages.items()
    }
    known = scenario.model_copy(update={"simulation": scenario.simulation.model_copy(update={"stages": chains})})
    found = looked((known, model, system), dict(kept_to_plan(plan_of(known, "two_yards"), TODAY)))
    functions = {"indicators": block_function(["rate_with_home"])}
    written = simulate(
        system, known, option="two_yards", replications=6, workers=1,
        request=Request(reducers=("mean",), functions=functions),
    )  # fmt: skip
    ours, theirs = (data["rate_with_home"] for data in (found.standing, parts_named(written, ["rate_with_home"])))
    assert np.array_equal(ours.to_numpy(), theirs.to_numpy())


def test_what_each_project_costs_alone_and_both_together(town: TOWN) -> None:
    kept = reports(town)
    gone = {NORTH: replace(kept[NORTH], cancelled=DAY("2028-01-01")), SOUTH: kept[SOUTH]}
    one = looked(town, gone)
    assert [alone.project for alone in one.alone] == [NORTH]
    assert one.alone[0].differences == {t.target.id: t.difference for t in one.targets}  # nothing else differs
    assert all(t.difference.p95 < 0.0 for t in one.headline)  # without it less is recycled in every history

    both = looked(town, {NORTH: gone[NORTH]})  # and nothing was reported of the other
    assert [alone.project for alone in both.alone] == [NORTH, SOUTH]
    assert both.alone[0].differences == one.alone[0].differences
    assert all(t.difference.mean < 0.0 for t in both.headline)


def test_the_difference_is_taken_history_by_history(town: TOWN) -> None:
    found = looked(town, {**reports(town), NORTH: Reported()})
    where = {"period": 2030, "settlement": "urban"}
    data = [d["rate_with_home"].sel(where).to_numpy() for d in (found.planned, found.standing)]
    urban = next(t for t in found.headline if t.target.id == "S02")
    assert urban.difference == stat_of(data[1] - data[0])


def test_a_plant_that_takes_in_half_of_what_was_planned(town: TOWN) -> None:
    kept = reports(town)
    used = looked(town, kept).utilisation[NORTH][2028]
    span = (DAY("2028-01-01"), DAY("2028-12-31"), used * 4 * 366 / 2)
    found = looked(town, {**kept, NORTH: replace(kept[NORTH], intake=(span,))})
    usable = {b.project: b.usable for b in found.plan.built}
    assert usable == {NORTH: pytest.approx(used / 2), SOUTH: 1.0}
    enough = (*span[:2], used * 4 * 366 * 0.95)
    assert looked(town, {**kept, NORTH: replace(kept[NORTH], intake=(enough,))}).alone == ()


def told(
    measure: str, part: str, value: float, *, year: int = NO_YEAR, kind: Kind = "actual", item: str = NORTH
) -> Kept:
    unit = DATE_UNIT if year == NO_YEAR and measure != "capacity" else "t"
    note = "thiếu vốn" if measure == "spending" else ""
    key = Key("project", item, measure, part, year, kind)
    return Kept(Observation(key, value, unit, TODAY, "BC 12", "UBND", note), 1, "current")


def date(measure: str, stage: str, day: str, **more: str) -> Kept:
    return told(measure, stage, as_number(DAY(day)), **more)  # type: ignore[arg-type] - by name


DATES = (
    date("finished", DECISION, "2026-03-01"), date("started", "approval", "2026-03-01"),
    date("finished", "approval", "2026-09-01"), date("started", "construction", "2026-10-01"),
    date("finished", "construction", "2028-12-31"), date("started", "trial_run", "2029-01-01"),
    date("finished", "trial_run", "2029-10-01", kind="estimate"),
)  # fmt: skip


def rows(town: TOWN, *kept: Kept) -> dict[str, ProjectRow]:
    scenario, model, system = town
    found = progress_of(system, scenario, model, "two_yards", kept, TODAY, simulated=False)
    return {row.id: row for row in found.rows}


def test_the_register_says_what_is_late_and_what_is_missing(town: TOWN) -> None:
    found = rows(town, *DATES)
    north, south = found[NORTH], found[SOUTH]
    stages = {stage.id: stage for stage in north.stages}
    assert [stage.state for stage in north.stages] == ["done", "done", "done", "under_way"]
    assert stages["approval"].days_late == (DAY("2026-09-01") - stages["approval"].planned_end).days == 62
    assert (stages["trial_run"].estimate, stages["trial_run"].ended) == (DAY("2029-10-01"), None)
    assert stages["trial_run"].expected_end == TODAY  # it should have been over; it is not
    assert north.days_late == (TODAY - DAY("2027-06-01")).days
    assert north.flags == ("late",)
    money = [("money", "town_budget:2026"), ("money", "town_budget:2027")]
    assert [(m.what, m.part) for m in north.missing] == [*money, ("reason", "")]
    assert south.flags == ("late", "not_reported")
    assert [stage.state for stage in south.stages] == ["not_begun"] * 5
    assert ("begin", "land") in [(m.what, m.part) for m in south.missing]


def test_money_capacity_and_intake_that_are_not_as_planned(town: TOWN) -> None:
    planned = rows(town, *DATES)[NORTH].money
    whole = sum(one.planned for one in planned)
    short = rows(town, *DATES, told("spending", "town_budget", whole / 2, year=2026))[NORTH]
    assert short.flags == ("late", "not_funded")
    assert short.reasons == ("thiếu vốn",)
    early = {one.year: one.planned for one in planned}[2026] * 329 / 365
    for share, flags in ((1.01, ("late",)), (0.99, ("late", "not_funded"))):  # by 25 November 329 of 365 days are over
        scenario, seen = town[0], told("spending", "town_budget", early * share, year=2026).observation
        spending = {NORTH: {"town_budget": {one.year: one.planned for one in planned}}}
        reports = {NORTH: Reported(told={seen.key: seen})}
        plan, day = plan_of(scenario, "two_yards"), DAY("2026-11-25")
        (row, _) = register(scenario, "two_yards", reports, as_it_stands(plan, reports, day), day, spending=spending)
        assert row.flags == flags
    over = rows(town, *DATES, told("spending", "town_budget", whole * 1.2, year=2026))[NORTH]
    assert over.flags == ("late", "overspent")
    allotted = told("spending", "town_budget", whole, year=2026, kind="plan")
    assert rows(town, *DATES, allotted)[NORTH].flags == ("late",)
    assert rows(town, *DATES, told("capacity", "", 3.0))[NORTH].flags == ("late", "smaller")
    assert rows(town, *DATES, date("cancelled", "", "2029-01-01"))[NORTH].flags == ("cancelled",)
    scenario, plan = town[0], plan_of(town[0], "two_yards")
    taken = reported([told("intake", "", 100.0, year=2029)], until=TODAY)
    (row, _) = register(scenario, "two_yards", taken, plan, TODAY, utilisation={NORTH: {2029: 0.5}})
    assert row.intake[0].planned == pytest.approx(0.5 * 4 * 181)
    assert "below_intake" in row.flags


def test_months_stand_beside_the_year_and_are_not_counted_twice(town: TOWN) -> None:
    kept = [
        told("intake", "", 300.0, year=2029), told("intake", "03", 60.0, year=2029),
        told("intake", "12", 70.0, year=2028), *DATES,
    ]  # fmt: skip
    row = rows(town, *kept)[NORTH]
    assert [(one.first, one.last, one.taken) for one in row.intake] == [
        (DAY("2028-12-01"), DAY("2028-12-31"), 70.0), (DAY("2029-01-01"), TODAY, 300.0),
        (DAY("2029-03-01"), DAY("2029-03-31"), 60.0),
    ]  # fmt: skip
    counted = reported(kept, until=TODAY)[NORTH].intake
    assert [mass for *_, mass in counted] == [70.0, 300.0]


def test_planned_money_is_the_investment_shared_among_funders_and_years(town: TOWN) -> None:
    scenario, model, system = town
    found = planned_spending(system, scenario, model, "south_yard")["yard_south"]
    whole = sum(sum(years.values()) for years in found.values())
    assert sum(found["town_budget"].values()) == pytest.approx(0.7 * whole, rel=1e-12)
    days = (DAY("2027-06-01") - DAY("2026-03-01")).days  # from decision to full operation
    in_2026 = sum(years[2026] for years in found.values()) / whole
    assert in_2026 == pytest.approx((DAY("2027-01-01") - DAY("2026-03-01")).days / days, rel=2e-3)  # decimal years


def test_a_running_plant_owes_intake_and_what_it_sold(town: TOWN) -> None:
    scenario = town[0]
    plan = plan_of(scenario, "two_yards")
    kept = kept_to_plan(plan, TODAY)
    seen = {name: replace(one, told={DATES[0].observation.key: DATES[0].observation}) for name, one in kept.items()}
    row, _ = register(scenario, "two_yards", seen, plan, TODAY, goods={NORTH: ("compost",)})
    assert [(m.what, m.part) for m in row.missing] == [("intake", "2029"), ("product", "compost:2029")]


def test_what_cannot_be_used_is_named(town: TOWN) -> None:
    scenario, model, system = town
    for kept, option, code in (
        ([date("finished", DECISION, "2026-03-01", item="yard_west")], "two_yards", "project-unknown"),
        ([date("started", "approval", "2029-07-15")], "two_yards", "project-date-after"),
        ([DATES[0], date("started", "approval", "2026-01-01")], "two_yards", "project-date-order"),
        ([], "as_now", "project-none"),
    ):
        with pytest.raises(DefinitionError) as error:
            progress_of(system, scenario, model, option, kept, TODAY, simulated=False)
        assert [p.code for p in error.value.problems] == [code]


def test_what_covers_later_days_is_left_out(town: TOWN) -> None:
    scenario, model, system = town
    early = progress_of(system, scenario, model, "two_yards", DATES, DAY("2026-11-26"), simulated=False)
    assert all(row.flags == ("late", "not_reported") for row in early.rows)


def test_the_option_is_the_one_whose_projects_were_reported_on(town: TOWN) -> None:
    assert option_of(town[0], DATES) == "two_yards"
    assert option_of(town[0], ()) is None
