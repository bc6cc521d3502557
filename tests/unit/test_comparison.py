"""A comparison of the sample town: pairing, money, judgement, table, file; and its parts on small inputs."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from cemfa.comparison import compare
from cemfa.comparison.assemble import letters_of
from cemfa.comparison.drivers import drivers, rank_correlation
from cemfa.comparison.pairs import at, paired, probability_best
from cemfa.comparison.run import never_failing
from cemfa.comparison.words import Words
from cemfa.definition.load import read_model, read_scenario
from cemfa.errors import DefinitionError
from cemfa.indicators.losses import CAUSES, PARTS
from cemfa.plan import plan_of
from cemfa.report.context import page
from cemfa.results import open_results
from cemfa.system.compile import compile_system

REPLICATIONS = 24


@pytest.fixture(scope="module")
def calls():
    return []


@pytest.fixture(scope="module")
def comparison(calls):
    return compare(
        "first_steps_2030", replications=REPLICATIONS, seed=3, workers=1, options=["south_yard"],
        progress=lambda done, total, case: calls.append((done, total, case)),
    )  # fmt: skip


def test_baselines_come_first_then_options_then_stress_cases(comparison, calls):
    names = [option.id for option in comparison.options]
    assert names == ["as_now", "as_committed", "south_yard", "south_yard.half_intake"]
    assert [option.letter for option in comparison.options] == ["", "", "A", "A′"]
    assert comparison.baseline == "as_committed"
    assert calls == [(number, 4, option.label) for number, option in enumerate(comparison.options, 1)]
    assert [option.id for option in comparison.stressed] == names[-1:]


def test_options_that_differ_in_nothing_differ_by_exactly_zero(comparison):
    # nothing is committed in this scenario, so both baselines are the same plan
    for stat in comparison.option("as_now").paired.values():
        assert (stat.mean, stat.p5, stat.p95, stat.sd_error) == (0.0, 0.0, 0.0, 0.0)


def test_what_else_is_compared_changes_nothing(comparison):
    alone = compare("first_steps_2030", replications=REPLICATIONS, seed=3, workers=1, options=[])
    for name in alone.options[0].indicators:
        np.testing.assert_array_equal(
            alone.options[0].indicators[name].values, comparison.options[0].indicators[name].values
        )


def test_differences_are_taken_replication_by_replication(comparison):
    option, base = comparison.option("south_yard"), comparison.option("as_committed")
    difference = at(option.indicators, "landfilled_mass", 2030) - at(base.indicators, "landfilled_mass", 2030)
    stat = option.paired["landfilled_mass"]
    assert stat.mean == pytest.approx(difference.mean(), rel=1e-12)
    assert stat.sd_error == pytest.approx(difference.std(ddof=1) / np.sqrt(REPLICATIONS), rel=1e-12)
    assert stat.p95 < 0  # a yard takes waste from the landfill in every history


def test_every_year_of_a_budget_sums_exactly_to_its_need(comparison):
    for option in comparison.options:
        budget = option.economics.budget
        assert budget.dims == ("sample", "year", "funder")
        assert option.economics.funders[-1] == "unfunded"
        np.testing.assert_array_equal(budget.sum("funder").values, option.economics.samples["need"].values)


def test_net_present_value_is_what_its_own_lines_say(comparison):
    samples = comparison.option("south_yard").economics.samples
    rate = samples["discount_rate"].values[:, None]
    t = np.arange(samples.sizes["year"])
    begin, end = (1 + rate) ** -t, (1 + rate) ** -(t + 1)
    yearly = samples["revenue"].values - samples["running"].values - samples["elsewhere"].values
    value = (yearly * end).sum(axis=1) - (samples["investment"].values * begin).sum(axis=1)
    value += samples["salvage"].values * end[:, -1]
    np.testing.assert_allclose(samples["npv"].values, value, rtol=1e-9)
    cost = (samples["investment"].values * begin + samples["running"].values * end).sum(axis=1)
    cost -= samples["salvage"].values * end[:, -1]
    tonnes = (samples["tonnes"].values * end).sum(axis=1)
    np.testing.assert_allclose(samples["levelised_cost"].values, cost / tonnes, rtol=1e-9)


def test_investment_is_the_unit_price_times_the_size(comparison):
    (project,) = comparison.option("south_yard").projects
    assert project.capex.p50 == pytest.approx(5 * 250e6, rel=0.2)  # median of 24 lognormal draws
    assert project.district == "south"
    assert 2027 < project.commissioning.p5 <= project.commissioning.p95 < 2029
    assert 0.5 < project.utilisation.p50 <= 1.0
    assert project.intake.p50 == pytest.approx(5 * project.utilisation.p50)
    spent = comparison.option("south_yard").economics.samples["investment"].sum("year").values
    assert np.median(spent) == pytest.approx(project.capex.p50, rel=0.05)


def test_doing_nothing_costs_nothing(comparison):
    money = comparison.option("as_now").economics
    assert (money.capex.mean, money.opex.mean, money.npv.mean) == (0.0, 0.0, 0.0)
    assert money.levelised_cost is None
    assert money.unadjusted == ()


def test_a_stress_case_recycles_less_with_the_same_plant(comparison):
    plain, stressed = comparison.option("south_yard"), comparison.option("south_yard.half_intake")
    less = at(plain.indicators, "rate_with_home", 2030) - at(stressed.indicators, "rate_with_home", 2030)
    assert (less > 0).all()
    assert stressed.projects[0].capex == plain.projects[0].capex
    assert stressed.projects[0].utilisation.p95 <= 0.5 + 1e-9
    assert stressed.label.en == "A yard of 5 t/d in the south, Half the intake"


def test_targets_are_judged_for_every_option(comparison):
    assert comparison.headline == ("S01", "S02")
    assert "S02" in comparison.hopeless
    for option in comparison.options:
        rural = option.target("S01")
        assert rural.kind == "judged"
        assert rural.reachable >= rural.value.p5
        assert rural.lever in set(CAUSES) - {"fed", "elsewhere"}
        missing = rural.value.p50 + rural.gap_points.p50 / 100
        assert missing == pytest.approx(0.40, abs=1e-9)
    assert comparison.ranking["S01"][0] == "south_yard"


def test_reasons_add_up_to_what_is_not_recycled(comparison):
    option = comparison.option("south_yard")
    total = sum(reason.mass.mean for reason in option.reasons if reason.settlement == "all")
    generated = at(option.indicators, "organics_generated", 2030) - at(option.indicators, "organics_recycled", 2030)
    assert total == pytest.approx(generated.mean() / 365, rel=1e-9)


def test_the_loss_account_adds_up_exactly(comparison):
    """1e-9 of what is generated: sums of a few hundred flows that balance to 1e-9 themselves."""
    for option in comparison.options:
        parts = {part: option.losses.sel(part=part, drop=True) for part in PARTS}
        slack = 1e-9 * float(parts["generated"].max())
        left = parts["generated"] - sum(parts[cause] for cause in CAUSES)
        assert float(abs(left - parts["recycled"]).max()) <= slack
        assert float(abs(parts["elsewhere"]).max()) == 0.0
        for dimension in ("settlement", "good"):
            if option.losses.sizes[dimension] > 1:
                whole = option.losses.sel({dimension: "all"})
                items = option.losses.drop_sel({dimension: "all"}).sum(dimension)
                assert float(abs(whole - items).max()) <= slack
        assert float(option.losses.min()) >= -slack


def test_the_loss_account_says_what_is_recycled_as_the_indicators_do(comparison):
    option = comparison.option("south_yard")
    recycled = option.losses.sel(part="recycled", good="all").transpose("sample", "period", "settlement")
    said = option.indicators["organics_recycled"].transpose("sample", "period", "settlement")
    np.testing.assert_allclose(recycled.values, said.values, rtol=1e-12)


def test_the_table_of_losses_has_a_row_per_part(comparison):
    table = comparison.losses()
    key = {"option": "south_yard", "year": 2030, "settlement": "all", "good": "all"}
    rows = table[np.logical_and.reduce([table[name] == value for name, value in key.items()])].set_index("part")
    lost = rows.loc[[cause for cause in CAUSES if cause in rows.index], "mean"].sum()
    assert rows.loc["generated", "mean"] - lost == pytest.approx(rows.loc["recycled", "mean"], rel=1e-9)


def test_probabilities_of_being_best_sum_to_one(comparison):
    assert sum(option.probability_best for option in comparison.plain) == pytest.approx(1.0)
    assert comparison.option("south_yard").probability_best == 1.0


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_table_has_units_and_numbers(comparison, lang):
    table = comparison.table(lang)
    assert [row["option"] for row in table.rows] == [option.label.of(lang) for option in comparison.options]
    assert {column.key for column in table.columns} == set(table.rows[0])
    assert all(column.heading for column in table.columns)
    assert ("tỷ đồng" if lang == "vi" else "bn VND") in next(c.heading for c in table.columns if c.key == "capex")
    json.dumps([dict(row) for row in table.rows], allow_nan=False)
    assert table.rows[2]["rate.S01"] == pytest.approx(100 * comparison.option("south_yard").target("S01").value.p50)
    page = table.as_html()
    assert page.count("<tr>") == 5
    assert comparison.scenario.label.of(lang) in page


def test_the_file_reads_back_whole(comparison, tmp_path):
    found = open_results(comparison.save_results(tmp_path / "results.nc"))
    assert found["option"].values.tolist() == [option.id for option in comparison.options]
    kept = found["rate_with_home"].sel(option="south_yard", of_settlement="rural").values
    np.testing.assert_array_equal(
        kept, comparison.option("south_yard").indicators["rate_with_home"].sel(settlement="rural").values
    )
    means = found["flow_means"].sel(option="south_yard").values
    np.testing.assert_array_equal(means, comparison.option("south_yard").flows["flow_mean"].values)
    assert found.attrs["seed"] == 3
    assert found.attrs["residual"] == comparison.residual < 1e-9


def test_comparison_shows_itself(comparison):
    assert comparison._repr_html_().startswith("<table>")


def test_a_target_that_cannot_mean_what_it_says_is_refused_before_anything_is_simulated():
    scenario, model = read_scenario("first_steps_2030"), read_model("first_steps")
    first, *rest = model.targets
    wrong = model.model_copy(update={"targets": (first.model_copy(update={"unit": "MW"}), *rest)})
    told = []
    with pytest.raises(DefinitionError, match=r"'S01'.*MW.*target-unit"):
        compare(scenario, model=wrong, replications=1, progress=lambda *step: told.append(step))
    assert told == []


def test_an_unknown_option_is_named():
    with pytest.raises(DefinitionError, match=r"'nothing_like_it'.*unknown-option"):
        compare("first_steps_2030", options=["nothing_like_it"])


def test_plants_that_never_fail_stand_from_the_first_year_on():
    scenario = read_scenario("first_steps_2030")
    plan = never_failing(plan_of(scenario, "two_yards", stress=None), scenario, read_model("first_steps"))
    assert all(course.steps[0][0].year <= 2026 for course in plan.central_courses())
    assert plan.events == ()


def test_sizes_of_one_option_share_their_letter():
    scenario = read_scenario("first_steps_2030")
    option = scenario.options["south_yard"]
    names = ("home", "plant_650", "plant_300", "mix")
    renamed = scenario.model_copy(update={"options": dict.fromkeys(names, option)})
    assert letters_of(renamed) == {"home": "A", "plant_650": "B1", "plant_300": "B2", "mix": "C"}


def test_ties_share_the_first_place_and_absent_values_never_win():
    found = probability_best({"a": np.array([1.0, 1.0, np.nan]), "b": np.array([1.0, 0.0, 0.5])})
    assert found == {"a": 0.5, "b": 0.5}
    assert probability_best({}) == {}


def test_parts_of_an_indicator_have_keys_of_their_own():
    values = xr.Dataset(
        {
            "rate": (("sample", "period", "settlement"), [[[0.2, 0.4]], [[0.3, 0.4]]]),
            "mass": (("sample", "period"), [[1.0], [3.0]]),
        },
        {"sample": [0, 1], "period": [2030], "settlement": ["rural", "all"]},
    )
    found = paired(values, values * 0.0, 2030)
    assert {name: stat.p50 for name, stat in found.items()} == {"rate.rural": 0.25, "rate.all": 0.4, "mass": 2.0}


@pytest.fixture(scope="module")
def model():
    return read_model("first_steps")


@pytest.fixture(scope="module")
def sampler(model):
    return compile_system(model).sampler


class TestDrivers:
    def scores(self, sampler, name, samples):
        return sampler.scores(0, 0)[sampler.stream_names.index(name), :samples]

    def test_the_parameter_behind_a_result_is_found_with_its_basis(self, sampler, model):
        values = np.exp(self.scores(sampler, "organics_per_head", 200))  # any growing function of it
        found, weak = drivers(values, sampler, 0, model)
        assert [d.parameter for d in found] == ["organics_per_head"]
        assert found[0].share == pytest.approx(1.0)
        assert (found[0].sign, found[0].basis, found[0].source) == (1, "unverified", ("illustration",))
        assert found[0].label.en == "Organic waste per head"
        assert weak == 1.0

    def test_shares_follow_the_variances(self, sampler, model):
        values = 2.0 * self.scores(sampler, "organics_per_head", 256) - self.scores(sampler, "separated", 256)
        found, _ = drivers(values, sampler, 0, model)
        # 4 and 1 parts of 5; Spearman's coefficient of a normal pair is within 0.03 of Pearson's, 256 draws add 0.1
        assert [d.parameter for d in found] == ["organics_per_head", "separated"]
        assert [d.share for d in found] == pytest.approx([0.8, 0.2], abs=0.1)
        assert [d.sign for d in found] == [1, -1]

    def test_noise_and_constants_have_no_driver(self, sampler, model):
        noise = np.random.default_rng(11).normal(size=256)
        assert drivers(noise, sampler, 0, model) == ((), 0.0)
        assert drivers(np.ones(256), sampler, 0, model) == ((), 0.0)
        assert drivers(np.arange(5.0), sampler, 0, model) == ((), 0.0)

    def test_a_composition_is_named_by_good_and_layer(self, sampler, model):
        name = next(n for n in sampler.stream_names if n.startswith("composition.food_waste.water"))
        found, _ = drivers(self.scores(sampler, name, 100), sampler, 0, model)
        assert found[0].label.en == "Composition of Food waste: water"
        assert found[0].label.vi == "Thành phần của Rác thực phẩm: nước"

    def test_rank_correlation_equals_scipys(self):
        from scipy.stats import spearmanr

        generator = np.random.default_rng(4)
        inputs, values = generator.integers(0, 9, (3, 60)).astype(float), generator.normal(size=60)
        expected = [spearmanr(row, values).statistic for row in inputs]
        np.testing.assert_allclose(rank_correlation(inputs, values), expected, rtol=1e-12)


def test_a_model_without_breakdowns_has_nothing_to_repair():
    scenario = read_scenario("rice_straw_2030")
    before = plan_of(scenario, "mushrooms_from_feed")
    assert never_failing(before, scenario, read_model("rice_straw")).changes == before.changes


@pytest.fixture(scope="module")
def straw():
    return compare("rice_straw_2030", replications=3, workers=1, options=["mushrooms_from_feed"])


class TestAModelWithoutHouseholdWaste:
    """Straw alone has no recycling rate: it is compared by money, and the report says so."""

    def test_nobody_is_best_by_a_rate_that_has_no_value(self, straw):
        assert straw.headline == ()
        assert {option.probability_best for option in straw.options} == {None}
        assert [aim.key for aim in straw.decision.aims] == ["npv"]
        assert straw.decision.efficient == ()
        assert {row["best"] for row in straw.table("en").rows} == {None}

    @pytest.mark.parametrize(("lang", "told"), [("en", "no recycling rate"), ("vi", "không có tỷ lệ tái chế")])
    def test_the_report_says_so(self, straw, lang, told):
        shown = page(straw, lang)
        assert any(told in sentence for sentence in shown.headline)
        titles = [column.label for table in shown.choosing.tables for column in table.columns]
        assert Words(lang).text("c_efficient") not in titles
        assert Words(lang).text("c_loss", aim=Words(lang).text("aim_npv")) in titles

    def test_by_money_it_has_a_leader(self, straw):
        assert straw.leader.id == "mushrooms_from_feed"
