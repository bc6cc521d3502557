"""The choice between the options of the sample town, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cemfa.comparison import compare
from cemfa.comparison.decision import aim_of, criterion_values
from cemfa.comparison.drawn import Drawn, drawn_numbers, drawn_parameters
from cemfa.comparison.pairs import HEADLINE, at
from cemfa.definition.load import read_model, read_scenario
from cemfa.definition.schema import Criterion, Label
from cemfa.economics.cashflow import irr
from cemfa.errors import DefinitionError, ResultsError
from cemfa.sensitivity.origins import Origin
from cemfa.system.compile import compile_system

LABEL = Label(vi="Tỷ suất chiết khấu thực", en="Discount rate, real")


@pytest.fixture(scope="module")
def comparison():
    return compare("first_steps_2030", replications=40, seed=3, workers=1)


def test_every_option_has_a_place_by_every_aim(comparison):
    decision = comparison.decision
    assert [aim.key for aim in decision.aims] == ["rate", "npv", "score"]
    for aim in decision.aims:
        assert aim.leader == max(aim.expected, key=lambda name: aim.expected[name])
        assert sum(aim.probability.values()) == pytest.approx(1.0)
        assert aim.perfect_information == min(aim.loss.values()) == aim.loss[aim.leader]
        assert all(0.0 <= found.value <= aim.perfect_information for found in aim.information)
    # doing nothing costs nothing: by money only what is done is compared
    assert set(decision.aim("npv").expected) == {"south_yard", "two_yards"}
    assert decision.aim("else") is None
    assert set(decision.efficient) <= {option.id for option in comparison.plain}


def test_scores_are_the_weighted_sum_of_what_is_measured(comparison):
    scored = comparison.decision.scored
    option = comparison.option("south_yard")
    rate = at(option.indicators, HEADLINE, 2030)
    money = option.economics.samples["npv"].to_numpy()
    ghg = at(option.indicators, "ghg_net", 2030) - at(comparison.option("as_committed").indicators, "ghg_net", 2030)
    by_hand = 0.5 * rate + 0.3 * (money + 1e10) / 1e10 + 0.2 * ghg / -5000.0
    np.testing.assert_allclose(scored.samples["south_yard"], by_hand, rtol=1e-12)
    for row in scored.stability.values():
        assert sum(row) == pytest.approx(1.0)
    assert set(scored.others) == {"topsis", "promethee"}


def test_a_donor_sees_cost_per_tonne_and_what_the_grant_is_for(comparison):
    south, two = comparison.decision.donations
    assert (south.option, south.projects) == ("south_yard", ("yard_south",))
    written = comparison.option("south_yard").economics.budget.sel(funder="donor").sum("year").mean()
    assert south.grant.mean == pytest.approx(float(written))
    assert 0.0 < south.share < 1.0
    assert south.per_tonne.p50 > 0
    assert two.projects == ("yard_south_small",)


def test_a_grant_is_a_donation_too():
    scenario = read_scenario("first_steps_2030")
    for kind, found in (("donor", ("donor",)), ("grant", ("donor",)), ("budget", ())):
        donor = scenario.funders["donor"].model_copy(update={"kind": kind})
        funders = {**scenario.funders, "donor": donor}
        assert scenario.model_copy(update={"funders": funders}).donors == found
    assert read_scenario("organics_2030").donors == ("donor",)


def test_a_criterion_without_a_value_is_refused(comparison):
    base = comparison.option("as_committed")
    for name in ("levelised_cost", "rate_with_home.nowhere", "circularity"):
        criterion = Criterion(indicator=name, weight=1.0, sense="max", scale=(0.0, 1.0))
        with pytest.raises(ResultsError, match="criterion-value"):
            criterion_values(base, criterion, 2030, base)
    running = criterion_values(
        comparison.option("two_yards"), Criterion(indicator="opex", weight=1, sense="min", scale=(9e9, 0)), 2030, base
    )
    assert running.mean() == pytest.approx(comparison.option("two_yards").economics.opex.mean)


def test_a_criterion_that_the_model_cannot_reckon_is_refused_before_anything_is_simulated():
    scenario = read_scenario("first_steps_2030")
    wrong = (Criterion(indicator="ghg_intensity", weight=1.0, sense="min", scale=(1.0, 0.0)),)

    def simulated(*_):
        raise AssertionError("nothing should be")

    with pytest.raises(DefinitionError, match="criterion-unsupported") as error:
        compare(scenario.model_copy(update={"criteria": wrong}), replications=2, workers=1, progress=simulated)
    assert error.value.problems[0].parameters == {"name": "ghg_intensity", "model": "first_steps"}


def test_parameters_come_back_in_the_units_of_their_table():
    model = read_model("first_steps")
    system = compile_system(model)
    found = {drawn.parameter: drawn for drawn in drawn_parameters(system, 0, 60, 2030)}
    row = next(row for row in model.parameters if row.parameter == "organics_per_head")
    drawn = found["organics_per_head"]
    assert drawn.unit == row.unit
    assert row.low < np.median(drawn.values) < row.high
    assert all(np.ptp(held.values) > 0 for held in found.values())


def test_numbers_of_the_scenario_are_those_that_the_account_used(comparison):
    scenario, count = comparison.scenario, comparison.replications
    found = {drawn.parameter: drawn for drawn in drawn_numbers(scenario, ["south_yard"], comparison.seed, count)}
    rate = found["finance.discount_rate"]
    used = comparison.option("south_yard").economics.samples["discount_rate"]
    np.testing.assert_array_equal(rate.values, used.values)
    assert rate.origin_in(comparison.model).label == LABEL
    assert rate.unit == "1"
    building = found["stages.yard_south.construction"]
    assert building.origin_in(comparison.model).label.en == "Duration: Construction (South yard)"
    assert building.unit == "month"
    # what only another option builds plays no part, and neither does what does not vary
    assert not any("yard_north_extension" in name for name in found)
    assert all(np.ptp(drawn.values) > 0 for drawn in found.values())


def test_the_discount_rate_is_among_what_a_present_value_hangs_on():
    """A cost of 100 a year for ten years against 700 now: equal at the internal rate of the difference."""
    rate = np.linspace(0.02, 0.12, 200)
    yearly = -100.0 * (1.0 - (1.0 + rate) ** -10) / rate
    values = {"pays_yearly": yearly, "pays_now": np.full(200, -700.0)}
    named = Drawn("finance.discount_rate", "1", rate, Origin("finance.discount_rate", LABEL, "unverified", ("x",)))
    aim = aim_of("npv", values, "VND", (named,), read_model("first_steps"))
    switch = float(irr([700.0, *[-100.0] * 10]).rate)
    # a polynomial of the third degree follows the annuity to some 0.1 %
    assert [turn.value for turn in aim.turns] == pytest.approx([switch], abs=2e-4)
    assert {turn.label for turn in aim.turns} == {LABEL}
    assert aim.labels == ({"finance.discount_rate": LABEL} if aim.leader == "pays_yearly" else {})
    assert aim.information[0].value == pytest.approx(aim.perfect_information, rel=0.01)


def test_the_value_at_which_the_first_place_changes_is_found_and_named():
    price = np.linspace(400.0, 1600.0, 200)
    values = {"yards": 0.5 * price - 300.0, "digester": 0.1 * price}
    other = np.tile([1.0, 2.0], 100)
    parameters = (Drawn("price", "VND/kg", price), Drawn("other", "1", other))
    aim = aim_of("npv", values, "VND", parameters, read_model("first_steps"))
    assert aim.leader == "yards"
    assert [(turn.parameter, turn.below, turn.above) for turn in aim.turns] == [("price", "digester", "yards")]
    assert aim.turns[0].value == pytest.approx(750.0)
    assert [found.parameter for found in aim.information] == ["price"]
    assert aim.information[0].value == pytest.approx(aim.perfect_information, rel=0.02)  # the price is all there is


def test_without_criteria_nothing_is_scored(comparison):
    from cemfa.comparison.decision import decide

    bare = comparison.scenario.model_copy(update={"criteria": ()})
    found = decide(
        bare, comparison.model, compile_system(comparison.model), 3, comparison.plain, comparison.option("as_committed")
    )
    assert found.scored is None
    assert [aim.key for aim in found.aims] == ["rate", "npv"]
    assert replace(comparison, decision=found).decision.scored is None
