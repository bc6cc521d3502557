"""What the projects of an option are planned to cost, by funder and year, with central numbers.

Beside `register`; the arithmetic is that of the comparison.
"""

from __future__ import annotations

from math import inf

from cemfa import units
from cemfa.comparison.costing import Run, investment_of
from cemfa.courses import NOT_YET
from cemfa.definition.schema import Model, Scenario
from cemfa.definition.technologies import technology_of
from cemfa.economics.costs import construction_spending
from cemfa.indicators.view import cells_of
from cemfa.plan import content_of, plan_of
from cemfa.system.compile import System
from cemfa.system.solve import solve


def planned_spending(
    system: System, scenario: Scenario, model: Model, option: str
) -> dict[str, dict[str, dict[int, float]]]:
    """Return per project, funder and year the planned investment, in money of the price year [VND].

    The total investment without the contingency for prices, spread evenly from decision to full operation and divided
    among its funders. Projects that rules decide on have no dates and are left out.

    Examples
    --------
    >>> import cemfa
    >>> scenario, model = cemfa.read_scenario("first_steps_2030"), cemfa.read_model("first_steps")
    >>> found = planned_spending(cemfa.compile_system(model), scenario, model, "south_yard")
    >>> {funder: sorted(years) for funder, years in found["yard_south"].items()}
    {'town_budget': [2026, 2027], 'donor': [2026, 2027]}
    """
    plan = plan_of(scenario, option)
    results = solve(system, plan=plan)
    years = list(range(scenario.finance.start, scenario.horizon + 1))
    cells = cells_of(results[["parameter"]].sel(period=years))
    run = Run(scenario, model, option, None, results, results, cells)
    projects = content_of(scenario, option)[0]
    found: dict[str, dict[str, dict[int, float]]] = {}
    for built, course in zip(plan.built, plan.central_courses(), strict=True):
        project = projects[built.project]
        where = {"technology": technology_of(project, model), **project.place}
        total = investment_of(run, built.project, project, where).real
        begin, end = (inf if date == NOT_YET else units.decimal_year(date) for date in (course.decided, course.ready))
        yearly = construction_spending(total, begin, end, run.horizon)[0]
        found[built.project] = {
            funding.source: {year: funding.share * float(v) for year, v in zip(run.years, yearly, strict=False) if v}
            for funding in project.funding
            if funding.of == "investment"
        }
    return found
