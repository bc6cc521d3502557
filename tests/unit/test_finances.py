"""Finances of a comparison: payers, items, debt, actors and fees of the sample town, with a loan and a contract."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.example_finances import compared

from cemfa.comparison import compare
from cemfa.comparison.finances import ACTORS, ECONOMY
from cemfa.comparison.money_rows import COLUMNS
from cemfa.comparison.words import Words
from cemfa.definition.load import read_model
from cemfa.economics.cashflow import discount_factors, npv
from cemfa.economics.investment import ITEMS
from cemfa.report.context import workbook_tables
from cemfa.report.finance import finance_tables, rate_cell
from cemfa.report.offices import office_pages
from cemfa.report.overview import how_to_read
from cemfa.results import open_results


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    return compared(tmp_path_factory.mktemp("money"))


@pytest.fixture(params=["as_now", "south_yard", "two_yards", "south_yard.half_intake"])
def economics(request, comparison):
    return comparison.option(request.param).economics


def test_payers_by_purpose_sum_to_investment_and_deficit_exactly(economics):
    funding, budget = economics.finances.funding, economics.budget
    np.testing.assert_array_equal(funding.sum("purpose").values, budget.values)
    need = economics.samples["need"].values
    np.testing.assert_array_equal(funding.sum(("funder", "purpose")).values, need)
    deficit = economics.finances.deficit.values
    np.testing.assert_array_equal(funding.sel(purpose="running").sum("funder").values, deficit)
    # the investment is rounded to whole units project by project
    np.testing.assert_allclose(need - deficit, economics.samples["investment"].values, atol=2.0)


def test_transfers_cancel_so_the_economy_is_what_resources_are_worth(economics):
    finances, samples = economics.finances, economics.samples
    total = sum(finances.net(actor) for actor in ACTORS)
    np.testing.assert_array_equal(total.values, finances.net(ECONOMY).values)
    # every actor's lines are whole units: half a unit each, some twenty lines
    worth = finances.accounts["npv"].sel(account=ECONOMY).values
    np.testing.assert_allclose(worth, samples["npv"].values, atol=50.0)
    parts = sum(finances.accounts["npv"].sel(account=actor).values for actor in ACTORS)
    np.testing.assert_allclose(parts, worth, atol=1e-3)


def test_items_sum_to_what_is_spent(comparison):
    for option in comparison.options:
        finances = option.economics.finances
        real = finances.investment.sel(item=list(ITEMS[:-1])).sum("item")
        for project in option.projects:
            values = real.sel(project=project.id).values
            assert project.capex.p50 == pytest.approx(np.quantile(values, 0.5))
            spent = option.economics.samples["investment"].sum("year").values
            assert (values <= spent + 2).all()
        items = finances.investment
        base = items.sel(item=["land", "construction", "equipment", "management", "consultancy", "other"]).sum("item")
        np.testing.assert_allclose(items.sel(item="contingency_volume").values, 0.1 * base.values, atol=0.6)
        assert (items.sel(item="contingency_price").values >= 0).all()


def test_money_of_another_currency_and_year_is_converted_by_the_stated_rates(comparison):
    items = comparison.option("two_yards").economics.finances.investment.sel(project="yard_south_small")
    plant = items.sel(item="construction").values + items.sel(item="equipment").values
    np.testing.assert_allclose(plant, 40_000 * 23_400 * 1.07, rtol=1e-12)
    assert comparison.option("two_yards").economics.unadjusted == ()


def test_what_no_index_covers_enters_as_it_is_and_the_first_page_says_so(comparison):
    finance = comparison.scenario.finance.model_copy(update={"price_index": None})
    scenario = comparison.scenario.model_copy(update={"finance": finance})
    found = compare(scenario, replications=2, workers=1, options=["two_yards"])
    economics = found.option("two_yards").economics
    assert economics.unadjusted == (("projects.yard_south_small.capex", 2022),)
    items = economics.finances.investment.sel(project="yard_south_small", item=["construction", "equipment"])
    np.testing.assert_allclose(items.sum("item").values, 40_000 * 23_400, rtol=1e-12)
    assert "Investment of the project (Small south yard) (2022)" in how_to_read(found, Words("en"))[-1]
    assert "Vốn đầu tư của dự án (Sân ủ nhỏ khu Nam) (2022)" in how_to_read(found, Words("vi"))[-1]
    assert not any("2022" in sentence for sentence in how_to_read(comparison, Words("en")))


def test_tax_is_the_part_of_prices_that_holds_it(comparison):
    finances = comparison.option("two_yards").economics.finances
    assert finances.vat_included is True
    real = finances.investment.sel(item=list(ITEMS[1:-1])).sum("item")
    np.testing.assert_allclose(finances.vat.values, real.values * 0.1 / 1.1, rtol=1e-9)


def test_a_loan_is_drawn_subsidised_and_paid_back(comparison):
    finances = comparison.option("south_yard").economics.finances
    drawn = finances.funding.sel(funder="bank", purpose="investment").values
    np.testing.assert_array_equal(finances.debt["drawn"].values, drawn)
    # 6 % nominal on real money that loses 4 % a year: the first interest on what was drawn a year before
    np.testing.assert_allclose(finances.debt["interest"].values[:, 0], 0.06 * drawn[:, 0] / 1.04, rtol=1e-9)
    np.testing.assert_allclose(finances.debt["subsidy"].values[:, 0], 0.02 * drawn[:, 0] / 1.04, rtol=1e-9)
    lender = finances.net("lender").values
    real = (1.06 / 1.04) - 1
    # at the loan's own real rate the lender gets back what it lent; amounts are whole units
    np.testing.assert_allclose(npv(lender, real), 0.0, atol=30.0)
    assert (finances.debt["balance"].values[:, -1] <= 1.0).all()


def test_the_balance_of_a_year_is_what_the_year_before_left_and_was_drawn_less_what_was_paid(comparison):
    debt = comparison.option("south_yard").economics.finances.debt
    drawn, paid, owed = (debt[name].values for name in ("drawn", "principal", "balance"))
    assert (np.count_nonzero(drawn, axis=1) > 1).any()  # else the draw of the next year could hide nothing
    before = np.concatenate([np.zeros((len(owed), 1)), owed[:, :-1]], axis=1)
    # what is owed in money of the day loses 4 % a year
    np.testing.assert_allclose(owed, (before + drawn) / 1.04 - paid, rtol=1e-9, atol=1e-3)


def test_debt_service_stands_apart_and_is_what_lenders_receive(economics):
    finances = economics.finances
    received = finances.actors["received"].sel(actor="lender").values[:, 1:]
    paid = finances.service.sum(("debtor", "payment")) + finances.subsidy
    np.testing.assert_array_equal(paid.values, received)
    # the debt of a public yard is the province's, that of a cooperative's yard the operator's
    owed = finances.service.sum(("sample", "year", "payment"))
    public = finances.funding.sel(purpose="investment")
    lent = "bank" in public["funder"] and bool(public.sel(funder="bank").any())
    assert bool(owed.any()) == lent
    # within the table of payers nothing of it is counted: it closes with the loan, not with its service
    need = economics.samples["need"].values
    np.testing.assert_array_equal(finances.funding.sum(("funder", "purpose")).values, need)


def test_the_table_of_payers_closes_and_shows_debt_service_below(comparison):
    words = Words("en")
    table, option = finance_tables(comparison, words)["funding"].only("south_yard"), comparison.option("south_yard")
    apart = {words.text(key) for key in ("after_donors", "service_province", "service_operator")}
    first = next(place for place, row in enumerate(table.rows) if row[0].value in apart)
    assert {row[0].value for row in table.rows[first:]} <= apart
    totals = [sum(row[2 + n].value for row in table.rows[:first]) for n in range(len(option.economics.years))]
    np.testing.assert_allclose(totals, option.economics.samples["need"].mean("sample") / 1e9, rtol=1e-9, atol=1e-9)
    kinds = [row[1].value for row in table.rows[first:] if row[0].value == words.text("service_province")]
    assert kinds == [words.text(f"of_{kind}") for kind in ("interest", "principal", "subsidy")]


def test_a_department_sees_the_money_it_has_charge_of_and_the_debt_of_the_province(comparison):
    scenario, ben_tre = comparison.scenario, read_model("ben_tre")
    funders = {
        key: funder.model_copy(update={"department": "finance" if key == "town_budget" else "state_bank"})
        for key, funder in scenario.funders.items()
    }
    model = comparison.model.model_copy(update={"departments": ben_tre.departments, "duties": ben_tre.duties})
    changed = replace(comparison, model=model, scenario=scenario.model_copy(update={"funders": funders}))
    words, option = Words("en"), comparison.option("south_yard")
    changed = replace(changed, decision=None, ranking=dict.fromkeys(comparison.headline, ("south_yard",)))
    pages = {office.anchor: office for office in office_pages(changed, words)}
    rows = pages["en-office-finance"].blocks[3].tables[0].rows
    budget = option.economics.finances.funding.sel(funder="town_budget", purpose="running").mean("sample") / 1e9
    paid = next(row for row in rows if row[1].value == words.text("of_running"))
    np.testing.assert_allclose([cell.value for cell in paid[2:]], budget.values, rtol=1e-12)
    assert words.text("of_interest") in {row[1].value for row in rows}
    bank = pages["en-office-state-bank-region"].blocks[3].tables[0].rows
    assert words.text("service_province") not in {row[0].value for row in bank}


def test_the_file_of_results_carries_the_finances(comparison, tmp_path):
    kept = open_results(comparison.save_results(tmp_path / "results.nc"))
    for option in comparison.options:
        found, finances = kept.sel(option=option.id), option.economics.finances
        np.testing.assert_array_equal(
            found["finance_funding"].sum(("funder", "purpose")).values, option.economics.samples["need"].values
        )
        np.testing.assert_array_equal(found["finance_service"].values, finances.service.values)
        for key in finances.project_ids:
            for name in ("npv", "irr", "lowest_cover"):
                own = finances.projects[name].sel(project=key).values
                np.testing.assert_array_equal(found[f"finance_plant_{name}"].sel(project=key).values, own)
        absent = [key for key in kept["project"].values if key not in finances.project_ids]
        assert np.isnan(found["finance_plant_npv"].sel(project=absent)).all()
        assert (found["finance_investment"].sel(project=absent) == 0).all()
        np.testing.assert_array_equal(found["finance_fee_full_cost"].values, finances.fees["full_cost"].values)


def test_cover_is_kept_from_the_first_full_year_on(comparison):
    finances = comparison.option("south_yard").economics.finances
    cover = finances.cover.sel(project="yard_south")
    assert np.isnan(cover.sel(year=2026).values).all()
    held = np.where(np.isnan(cover.values), np.inf, cover.values).min(axis=1)
    np.testing.assert_allclose(finances.projects["lowest_cover"].sel(project="yard_south").values, held)
    np.testing.assert_allclose(finances.lowest_covers(), held)
    assert np.isnan(comparison.option("as_now").economics.finances.lowest_covers()).all()


def test_at_the_break_even_fee_the_plant_neither_gains_nor_loses(comparison):
    option = comparison.option("south_yard")
    found = option.economics.finances.projects.sel(project="yard_south")
    rate = option.economics.samples["discount_rate"].values
    tonnes = option.economics.samples["tonnes"].values  # no programme: all of it is the yard's
    worth = (tonnes * discount_factors(rate, tonnes.shape[1] + 1)[:, 1:]).sum(axis=1)
    gained = (found["break_even_fee"] - found["gate_fee"]).values * worth
    np.testing.assert_allclose(-found["npv"].values, gained, rtol=1e-9, atol=1e-3)


def test_late_and_frozen_fees_cost_what_they_take_from_the_plant(comparison):
    option = comparison.option("south_yard").economics.finances
    plant, fees = option.projects.sel(project="yard_south"), option.fees
    np.testing.assert_allclose((plant["npv"] - plant["npv_late"]).values, fees["late_loss"].values, rtol=1e-9)
    np.testing.assert_allclose((plant["npv"] - plant["npv_frozen"]).values, fees["frozen_loss"].values, rtol=1e-9)
    assert (fees["late_loss"].values > 0).all()
    np.testing.assert_allclose(fees["frozen_level"].values, 1.04**-5, rtol=1e-12)


def test_the_covering_fee_stands_beside_today_s(comparison):
    fees = comparison.option("south_yard").economics.finances.fees
    np.testing.assert_allclose(fees["today"].values, 20_000, rtol=1e-12)
    np.testing.assert_allclose(fees["covering_fee"].values * 12 * 9_000, fees["full_cost"].values, rtol=1e-12)
    expected = np.maximum(fees["full_cost"].values - 0.5 * 20_000 * 12 * 9_000, 0.0)
    np.testing.assert_allclose(fees["subsidy"].values, expected, rtol=1e-12)
    assert "covering_fee" in comparison.option("as_now").economics.finances.fees


def test_under_a_contract_the_gate_fee_is_owed_a_public_plant_needs_its_deficit(comparison):
    for key in ("south_yard", "two_yards"):
        economics = comparison.option(key).economics
        running = economics.samples["running"].values
        assert (economics.finances.deficit.values <= np.maximum(running, economics.samples["fees"].values) + 2).all()
    cooperative = comparison.option("two_yards").economics
    assert (cooperative.finances.deficit.values.sum(axis=1) > 0).all()


def test_value_added_is_what_is_sold_without_what_is_bought(economics):
    samples = economics.samples
    bought = samples["running"] + samples["haulage"]
    added, tonnes = samples["value_added"], samples["tonnes"].values
    pay = (added - samples["revenue"] + bought).values
    assert (pay >= -1e-6).all()
    assert ((pay > 0) == (tonnes > 0)).all()  # wherever something is taken in, somebody is paid
    # 0.2 to 0.5 persons per t/d at 5 to 8 million VND a month
    per_tonne = pay[tonnes > 0] / tonnes[tonnes > 0]
    assert (per_tonne >= 0.2 * 12 * 5e6 / 366 * 0.99).all()
    assert (per_tonne <= 0.5 * 12 * 8e6 / 365 * 1.01).all()
    each = samples["value_added_per_tonne"].values
    np.testing.assert_allclose(each[tonnes > 0], added.values[tonnes > 0] / tonnes[tonnes > 0], rtol=1e-12)
    assert np.isnan(each[tonnes == 0]).all()


def test_donors_who_leave_leave_the_recurrent_need(economics):
    after = economics.after_donors.values
    running = economics.finances.funding.sel(purpose="running").sum("funder").values
    np.testing.assert_array_equal(after, running)  # the donor pays for investment only


def test_rows_of_money_carry_unit_price_year_and_source(comparison):
    rows = comparison.money()
    assert tuple(rows.columns) == COLUMNS
    assert (rows["price_year"] == 2024).all()
    assert rows["unit"].ne("").all()
    assert rows.loc[rows["part"] == "investment", "source"].eq("illustration").all()
    assert set(rows.loc[rows["part"] == "value_added", "unit"]) == {"VND/year", "VND/t"}
    paid = rows[(rows["part"] == "funding") & (rows["option"] == "south_yard")].groupby("year")["mean"].sum()
    need = comparison.option("south_yard").economics.samples["need"].mean("sample").to_series()
    np.testing.assert_allclose(paid.to_numpy(), need[need > 0].to_numpy(), rtol=1e-12)


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_the_report_shows_every_part_of_the_finances(comparison, lang):
    words = Words(lang, comparison.replications)
    tables = finance_tables(comparison, words)
    for name in ("funding", "investment", "plants", "actors", "debt", "fees"):
        table = tables[name].only("south_yard")
        assert table, name
        assert len(table.columns) == len(table.rows[0])
    assert {row[0].value for row in tables["actors"].only("south_yard").rows} >= {words.text("actor_economy")}
    sheets = {table.name for table in workbook_tables(comparison, lang)}
    assert {table.name for table in tables.values()} <= sheets


def test_a_rate_that_ranks_nothing_is_words():
    words = Words("en")
    assert rate_cell(np.array([np.nan, np.nan]), np.array([0, 0]), words).words == "none"
    assert rate_cell(np.array([0.1, 0.1]), np.array([2, 3]), words).words == "several"
    assert rate_cell(np.array([0.1, 0.1]), np.array([1, 1]), words).value == pytest.approx(0.1)
