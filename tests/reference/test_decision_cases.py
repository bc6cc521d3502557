"""Money and climate against cases worked out elsewhere; each is exact to the digits its source prints."""

from __future__ import annotations

import numpy as np
import pytest

from cemfa.economics import cashflow
from cemfa.indicators import ipcc


def _digits(expected: float, printed: int) -> object:
    return pytest.approx(expected, abs=0.5000001 * 10.0**-printed)  # half a unit of the last printed digit


def test_net_present_value_of_a_five_year_project():
    # numpy-financial, documentation of npv: the first value is not discounted
    assert float(cashflow.npv([-40000, 5000, 8000, 12000, 30000], 0.08)) == _digits(3065.222668, 6)


def test_a_spreadsheet_discounts_the_first_value_too():
    # Excel, help page of NPV: 10 %; its convention is one year later than ours
    assert float(cashflow.npv([-10000, 3000, 4200, 6800], 0.10)) / 1.10 == _digits(1188.44, 2)


@pytest.mark.parametrize(
    ("flows", "expected", "printed"),
    [
        ([-100, 39, 59, 55, 20], 0.28094842, 8),  # numpy-financial, documentation of irr
        ([-100, 0, 0, 74], -0.09549583, 8),  # ibid., a loss
        ([-70000, 12000, 15000, 18000, 21000, 26000], 0.086631, 6),  # Excel, help page of IRR
    ],
)
def test_internal_rate(flows, expected, printed):
    found = cashflow.irr(flows)
    assert found.count == 1
    assert float(found.rate) == _digits(expected, printed)
    assert [*cashflow.internal_rates(flows)] == [_digits(expected, printed)]


def test_several_internal_rates_are_all_found_and_said_to_be_several():
    # numpy-financial, documentation of irr; the other two rates are roots of the same polynomial
    flows = [-5, 10.5, 1, -8, 1]
    assert [*cashflow.internal_rates(flows)] == [_digits(-0.8702, 4), _digits(0.0886, 4), _digits(0.7096, 4)]
    found = cashflow.irr(flows)
    assert found.count == 3
    assert float(found.rate) == _digits(0.08859834, 8)


def test_modified_internal_rate():
    # Excel, help page of MIRR
    flows = [-120000, 39000, 30000, 21000, 37000, 46000]
    assert float(cashflow.mirr(flows, 0.10, 0.12)) == _digits(0.126094, 6)


@pytest.mark.parametrize(
    ("rate", "factors"),
    [
        (0.05, [0.12950457, 0.09634229, 0.08024259]),
        (0.08, [0.14902949, 0.11682954, 0.10185221]),
        (0.10, [0.16274539, 0.13147378, 0.11745962]),
        (0.12, [0.17698416, 0.14682424, 0.13387878]),
    ],
)
def test_capital_recovery_over_ten_fifteen_and_twenty_years(rate, factors):
    # closed form r / (1 − (1 + r)^−n), as tabulated in engineering economics
    assert [*(1 / cashflow.annuity_factor(rate, [10, 15, 20]))] == [_digits(f, 8) for f in factors]


class TestCompostPlant:
    """A plant of 20 000 t/yr bought for 2 M, 20 years, 10 %, 22/t to run, 15/t gate fee, 12/t of products."""

    rate, life, tonnes, capex = 0.10, 20, 20000.0, 2e6
    yearly = (15.0 + 12.0 - 22.0) * tonnes
    flows = np.r_[-capex, np.full(life, yearly)]

    def _at_ends(self, value: float) -> np.ndarray:
        return np.r_[0.0, np.full(self.life, value)]

    def test_net_present_value(self):
        assert float(cashflow.npv(self.flows, self.rate)) == _digits(-1148643.63, 2)

    def test_rate_zero_is_exact_where_the_sum_is_zero(self):
        assert float(cashflow.irr(self.flows).rate) == 0.0

    def test_payback_takes_its_whole_life(self):
        assert float(cashflow.simple_payback(self.flows)) == 20.0

    def test_annual_capital(self):
        annual = self.capex / cashflow.annuity_factor(self.rate, self.life)
        assert float(annual) == _digits(234919.25, 2)

    def test_levelised_cost_and_the_fee_that_breaks_even(self):
        capex = np.r_[self.capex, np.zeros(self.life)]
        cost = cashflow.levelised_cost(
            capex, self._at_ends(22.0 * self.tonnes), np.zeros(self.life + 1), self._at_ends(self.tonnes), self.rate
        )
        assert float(cost) == _digits(33.745962, 6)
        assert float(cost) - 12.0 == _digits(21.745962, 6)

    def test_benefit_cost_ratio(self):
        benefit = cashflow.present_value(self._at_ends(27.0 * self.tonnes), self.rate)
        cost = self.capex + cashflow.present_value(self._at_ends(22.0 * self.tonnes), self.rate)
        assert float(benefit / cost) == _digits(0.800096, 6)


# share of 60 Gg of degradable carbon decayed by the end of each year after deposit, k = 0.4 per year;
# IPCC 2006 Guidelines vol. 5 ch. 3 eqs. 3.1-3.6 for one pulse of 1000 Gg (DOC 0.15, DOCf 0.5, MCF 0.8, F 0.5)
PULSE = [0.0, 13.187198, 8.839643, 5.92539, 3.971908, 2.662449]


def test_landfill_methane_of_one_pulse_by_first_order_decay():
    decayed = 60.0 * np.diff(ipcc.committed_share(0.4, np.arange(-1.0, 31.0)).clip(min=0.0))
    # degradable carbon that can decay: 1000 · 0.15 · 0.5 · 0.8; the site factor is in it already
    methane = ipcc.landfill_methane(decayed, correction=1.0, fraction=0.5)
    assert methane[:6].tolist() == [_digits(value, 6) for value in PULSE]
    assert float(methane.sum()) == _digits(39.999754, 6)
    assert float(ipcc.landfill_methane(60.0, 1.0, 0.5)) == _digits(40.0, 6)


@pytest.mark.parametrize(
    ("ch4", "n2o", "co2e"),
    [
        (4.0, 0.24, {"AR4": 171.52, "AR5": 175.6, "AR6": 173.52}),  # composting, corrigendum to table 4.1
        (4.0, 0.30, {"AR4": 189.4, "AR5": 191.5, "AR6": 189.9}),  # composting as first printed
        (0.8, 0.0, {"AR4": 20.0, "AR5": 22.4, "AR6": 21.6}),  # anaerobic digestion
    ],
)
def test_biological_treatment_of_a_thousand_wet_tonnes(ch4, n2o, co2e):
    # IPCC 2006 Guidelines vol. 5 ch. 4 table 4.1, g/kg wet
    gases = ipcc.gas_of_mass(1000.0, ch4), ipcc.gas_of_mass(1000.0, n2o)
    for edition, expected in co2e.items():
        assert float(ipcc.GWP[edition].co2e(*gases)) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("ch4", "n2o", "share", "co2e"),
    [
        # Romasanta et al. 2017, Agric. Ecosyst. Environ. 239: g per kg of dry straw burnt
        (4.51, 0.069, 1.0, {"AR4": 133.312, "AR5": 144.565, "AR6": 140.607}),
        # IPCC 2006 Guidelines vol. 4 ch. 2 tables 2.5 and 2.6: per kg burnt, and exposed with 0.8 burning
        (2.7, 0.07, 1.0, {"AR4": 88.36, "AR5": 94.15, "AR6": 92.01}),
        (2.7, 0.07, 0.8, {"AR4": 70.688, "AR5": 75.32, "AR6": 73.608}),
    ],
)
def test_rice_straw_burnt_in_the_open(ch4, n2o, share, co2e):
    gases = ipcc.gas_of_mass(1000.0, ch4, share), ipcc.gas_of_mass(1000.0, n2o, share)  # kg per t of straw
    for edition, expected in co2e.items():
        assert float(ipcc.GWP[edition].co2e(*gases)) == pytest.approx(expected, abs=1e-9)


def test_rice_straw_with_the_warming_potential_of_that_study():
    # Romasanta et al. 2017 count methane with 30.5
    assert float(ipcc.Gwp("study", 30.5, 265.0).co2e(4.51, 0.069)) == _digits(155.84, 2)
