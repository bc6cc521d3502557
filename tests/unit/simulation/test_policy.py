"""Decisions by rules: when they fire, what they wait for, and that they change nothing else."""

import datetime
from pathlib import Path

import numpy as np
import pytest
from tests.unit.simulation.town import (
    BLOCKADE,
    FLOOD,
    LABEL,
    OUTAGE,
    PROJECT,
    RULE,
    compile_system,
    everything,
    number,
    simulate,
    town_model,
    town_scenario,
)

import cemfa
from cemfa.definition.schema import Option, When
from cemfa.errors import SimulationError
from cemfa.indicators import evaluate
from cemfa.plan import plan_of
from cemfa.results import NEVER, Request
from cemfa.simulation import event_table, simulate_history
from cemfa.simulation.deciding import decide_from
from cemfa.simulation.policy import Situation
from cemfa.system.solve import solve

WHOLE = Request(flows="all")
BROKEN = {"processes": {"yard": {"outage": OUTAGE}, "digester": {"outage": OUTAGE}}}
VALUES = {"food_made.west": 20.5}


def scenario(rule: dict | None = None, project: dict | None = None, **changes: object):
    built = {**PROJECT, "decision": "2024-01-01", "when": {**RULE, **(rule or {})}, **(project or {})}
    return town_scenario(
        {"blockade": BLOCKADE, "flood": FLOOD}, options={"ruled": {"projects": {"west_yard": built}}}, **changes
    )


def run(chosen, option: str = "ruled", replications: int = 3, **how: object):
    system = compile_system(town_model(BROKEN, VALUES))
    return simulate(system, chosen, option=option, replications=replications, workers=1, request=WHOLE, **how)


def decided(results) -> list[float]:
    return results["decided"].sel(project="west_yard").values.tolist()


def test_a_rule_fires_after_so_many_months_in_a_row() -> None:
    """More than half a tonne a day is refused in the west from the first day on: three months after 1 January 2024."""
    results = run(scenario())
    assert decided(results) == [2024 + 91 / 366] * 3
    log = event_table(results, 0)
    dates = dict(zip(log["kind"], log["date"], strict=True))
    assert dates["decided"] == datetime.date(2024, 4, 1)
    ready = results["commissioning"].sel(project="west_yard")
    assert (ready > results["decided"].sel(project="west_yard")).all()
    assert float(results["available"].sel(group="yard[west]", period=2025).min()) > 0


def test_a_rule_that_never_holds_never_builds() -> None:
    results = run(scenario({"above": 1e6}))
    assert decided(results) == [NEVER] * 3
    now = run(scenario(), "as_now")
    np.testing.assert_array_equal(results["flow_mass"], now["flow_mass"])


def test_a_decision_by_rule_is_the_decision_on_its_date() -> None:
    """The same stages with the same luck: flows differ by nothing."""
    ruled = run(scenario())
    project = {k: v for k, v in PROJECT.items() if k != "decision"} | {"decision": "2024-04-01"}
    fixed = run(town_scenario(
        {"blockade": BLOCKADE, "flood": FLOOD}, options={"small": {"projects": {"west_yard": project}}}
    ), "small")  # fmt: skip
    np.testing.assert_array_equal(ruled["flow_mass"], fixed["flow_mass"])
    np.testing.assert_array_equal(ruled["commissioning"], fixed["commissioning"])


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"measure": "utilisation", "place": {"district": "east"}, "above": 0.5, "months": 2}, 2024 + 60 / 366),
        ({"measure": "utilisation", "place": {"district": "west"}, "above": 0.5}, NEVER),
        (
            {
                "measure": "share",
                "of": ["to_yard"],
                "per": ["food", "leaves"],
                "months": 1,
                "above": None,
                "below": 0.9,
            },
            2025.0,
        ),
        ({"measure": "share", "of": ["to_yard"], "per": ["food", "leaves"], "months": 1, "above": 0.9}, NEVER),
    ],
    ids=["utilised", "nothing there", "share too low", "share high enough"],
)
def test_rules_of_every_kind(rule: dict, expected: float) -> None:
    system = compile_system(town_model({}, VALUES))
    results = simulate(system, scenario(rule), option="ruled", replications=2, workers=1, request=WHOLE)
    assert decided(results) == [expected] * 2


def test_a_backlog_can_decide() -> None:
    store = {"processes": {"yard": {"store": {"limit": "store_limit"}}}}
    system = compile_system(town_model(store, VALUES))
    rule = {"measure": "backlog", "place": {"district": "east"}, "above": 19.0, "months": 1}
    results = simulate(system, scenario(rule), option="ruled", replications=2, workers=1, request=WHOLE)
    assert max(decided(results)) < NEVER


def test_funds_of_a_year_let_a_project_wait() -> None:
    project = {"capex": number(5e9, "VND")}
    for funds, expected in (({2024: 5e9}, 2024 + 91 / 366), ({2024: 4e9, 2025: 6e9}, 2025.0), ({2024: 1.0}, NEVER)):
        results = run(scenario(project=project, funds={"budget": funds}))
        assert decided(results) == [expected] * 3


def test_a_project_spends_its_funds_once() -> None:
    second = {**PROJECT, "place": {"district": "east"}, "decision": "2024-01-01", "when": RULE}
    money = {"capex": number(5e9, "VND")}
    chosen = town_scenario(options={"ruled": {"projects": {
        "west_yard": {**PROJECT, "decision": "2024-01-01", "when": RULE, **money},
        "east_yard": {**second, **money},
    }}}, funds={"budget": {2024: 7e9, 2025: 7e9}})  # fmt: skip
    results = run(chosen)
    assert (results["decided"].sel(project="west_yard") < 2025).all()
    assert (results["decided"].sel(project="east_yard") == 2025).all()


def after_summer(situation: Situation) -> bool:
    return situation.date > datetime.date(2024, 8, 1) and situation.refused["yard[west]"] > 0


def test_a_function_of_the_user_can_decide() -> None:
    chosen = scenario({"measure": "function", "months": 1})
    results = run(chosen, decide={"west_yard": after_summer})
    assert decided(results) == [2024 + 244 / 366] * 3  # 1 September, when August has been looked at
    with pytest.raises(SimulationError, match=r"\[rule-function\]"):
        run(chosen)


def test_histories_and_blocks_change_no_bit() -> None:
    system, chosen = compile_system(town_model(BROKEN, VALUES)), scenario()
    history = simulate_history(system, chosen, replications=4, workers=1)
    how = {"option": "ruled", "replications": 4, "request": WHOLE}
    alone = everything(simulate(system, chosen, workers=1, **how))
    for other in (
        simulate(system, chosen, workers=1, history=history, **how),
        simulate(system, chosen, workers=2, **how),
    ):
        theirs = everything(other)
        assert all(np.array_equal(values, theirs[name]) for name, values in alone.items())


def test_the_annual_balance_leaves_out_what_a_rule_decides() -> None:
    system, chosen = compile_system(town_model(BROKEN, VALUES)), scenario()
    ruled, now = (solve(system, plan=plan_of(chosen, option)) for option in ("ruled", "as_now"))
    np.testing.assert_array_equal(ruled["flow_mass"], now["flow_mass"])


def with_funds(funds: dict[int, float], **stage: object):
    """Return a town whose yard, decided on its date, needs all its money when it is built."""
    chain = [
        {"id": "construction", "label": LABEL, "duration": number(4, "month"), "pays": 1.0},
        {"id": "trial_run", "label": LABEL, "duration": number(2, "month"), "operates": True, **stage},
    ]
    project = {**PROJECT, "capex": number(5e9, "VND")}
    return town_scenario(
        options={"small": {"projects": {"west_yard": project}}}, funds={"budget": funds},
        simulation={"stages": {"site_secured": chain}},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("funds", "start"), [({2024: 5e9}, 2024 + 31 / 366), ({2024: 4e9, 2025: 5e9}, 2025.0), ({2024: 1.0}, None)]
)
def test_construction_waits_for_the_money_of_its_year(funds: dict[int, float], start: float | None) -> None:
    results = run(with_funds(funds), "small")
    ready = results["commissioning"].sel(project="west_yard").values
    if start is None:
        assert (ready == NEVER).all()
        assert float(results["available"].sel(group="yard[west]").max()) == 0
    else:
        np.testing.assert_allclose(ready, start + 0.5, atol=2 / 365)
    np.testing.assert_array_equal(results["decided"].sel(project="west_yard"), [2024 + 31 / 366] * 3)


def test_a_plant_that_ramps_up_takes_in_as_much_in_the_annual_balance() -> None:
    """With nothing else in the way, and more offered than the yard takes: the year's capacity is the same."""
    system = compile_system(town_model({}, VALUES))
    chosen = with_funds({2024: 4e9, 2025: 5e9}, operating_share=0.2, ramp_to=0.9)
    daily = simulate(system, chosen, option="small", replications=1, workers=1)
    annual = solve(system, plan=plan_of(chosen, "small"))
    group = list(system.group_names).index("yard[west]")
    taken = [
        float(results["flow_mass"].sel(flow="to_yard[west]", period=2025, layer=["dry_matter", "water"]).sum())
        for results in (daily, annual)
    ]
    assert daily["utilisation"].isel(group=group).sel(period=2025) == pytest.approx(1.0)
    assert taken[0] == pytest.approx(taken[1], rel=1e-9)


def sample_town(rule: dict[str, object], **how: object):
    """Return the sample town under a rule for its yard in the south, open from 2026 on, and the town as now."""
    chosen = cemfa.read_scenario("first_steps_2030")
    project = chosen.options["south_yard"].projects["yard_south"]
    when = When(measure="indicator", indicator="rate_with_home", **rule)
    ruled = project.model_copy(update={"when": when, "decision": datetime.date(2026, 1, 1)})
    options = {"as_now": chosen.options["as_now"], "ruled": Option(label=project.label, projects={"south": ruled})}
    chosen = chosen.model_copy(update={"options": options, "stress": {}})
    system = compile_system(cemfa.read_model("first_steps"))
    return (simulate(system, chosen, option=o, workers=1, request=WHOLE, **how) for o in ("as_now", "ruled"))


def test_the_gap_to_a_target_can_decide() -> None:
    """Until something is built the rate is that of the town as now, and so is the year at whose end a rule holds."""
    where = {"settlement": "rural"}
    now, _ = sample_town({"where": where, "below": 0.5}, replications=3)
    rates = evaluate(now, ["rate_with_home"])["rate_with_home"].sel(settlement="rural", period=slice(2026, 2032))
    lowest, first = float(rates.min()), rates.sel(period=2026)
    _, never = sample_town({"where": where, "below": lowest}, replications=3)
    assert (never["decided"] == NEVER).all()
    middle = float(first.median())
    _, found = sample_town({"where": where, "below": middle + 1e-12}, replications=3)
    held = rates.transpose("sample", "period").to_numpy() < middle + 1e-12
    expected = [2027.0 + int(np.argmax(row)) if row.any() else NEVER for row in held]
    assert found["decided"].sel(project="south").values.tolist() == expected
    assert 2027.0 in expected
    after = evaluate(found, ["rate_with_home"])["rate_with_home"].sel(settlement="rural", period=2030)
    assert (after > rates.sel(period=2030))[np.array(expected) == 2027.0].all()
    _, twice = sample_town({"where": where, "below": 0.9, "months": 2}, replications=3)
    assert twice["decided"].sel(project="south").values.tolist() == [2028.0] * 3


def test_a_rule_on_an_indicator_is_the_same_in_any_block() -> None:
    rule = {"where": {"settlement": "rural"}, "below": 0.12}
    _, alone = sample_town(rule, replications=5)
    _, later = sample_town(rule, replications=2, first=3)
    np.testing.assert_array_equal(alone["flow_mass"][3:], later["flow_mass"])
    np.testing.assert_array_equal(alone["decided"][3:], later["decided"])


RULES = """
import datetime
from pathlib import Path

def after_summer(situation):
    return situation.date > datetime.date(2024, 8, 1) and situation.refused["yard[west]"] > 0

def wrong(situation):
    return situation.refused["no such yard"] > 0

number = 3
"""


def test_a_function_in_a_file_decides_in_every_worker(tmp_path: Path) -> None:
    file = tmp_path / "rules.py"
    file.write_text(RULES, encoding="utf-8")
    system, chosen = compile_system(town_model(BROKEN, VALUES)), scenario({"measure": "function", "months": 1})
    for workers in (1, 2):
        results = simulate(
            system, chosen, option="ruled", replications=4, workers=workers, decide=decide_from(f"{file}:after_summer")
        )
        assert decided(results) == [2024 + 244 / 366] * 4
    with pytest.raises(SimulationError, match=r"west_yard.*2023-02-01.*KeyError.*\[decide-raised\]"):
        run(chosen, decide=decide_from(f"{file}:wrong"))
    for name in ("missing", "number"):
        with pytest.raises(SimulationError, match=r"\[decide-load\]"):
            decide_from(f"{file}:{name}")
    broken = tmp_path / "broken.py"
    broken.write_text("import no_such_module_at_all", encoding="utf-8")
    with pytest.raises(SimulationError, match=r"ModuleNotFoundError.*\[decide-load\]"):
        decide_from(f"{broken}:rule")
    for words in ("rules.py", f"{tmp_path}/absent.py:rule", f"{file}:not a name"):
        with pytest.raises(SimulationError, match=r"\[decide-path\]"):
            decide_from(words)
