"""The sample town with a loan, a contract and money of another country: all parts of the finances hold something."""

from __future__ import annotations

from pathlib import Path

from cemfa.comparison import compare
from cemfa.comparison.outcome import Comparison

SCENARIO = Path(__file__).parents[1] / "scenarios" / "first_steps_2030.yaml"
FUNDERS = """
  donor: {label: {vi: Nhà tài trợ, en: Donor}, kind: grant}
  investor: {label: {vi: Nhà đầu tư, en: Investor}, kind: equity}
  fees: {label: {vi: Hộ gia đình, en: Households}, kind: household}
  bank:
    label: {vi: Ngân hàng, en: Bank}
    kind: credit
    loan:
      interest: {value: 6, unit: "%", basis: unverified, source: illustration}
      term: 5
      grace: 1
      repayment: equal_principal
      subsidy: {value: 2, unit: "%", basis: unverified, source: illustration}
      subsidised_years: 3
"""
FINANCE = """
  inflation: {value: 0.04, unit: "1", basis: unverified, source: illustration}
  price_index: {values: {2022: 100, 2024: 107}, basis: unverified, source: illustration}
  exchange_rates: {USD: {values: {2022: 23400}, basis: unverified, source: illustration}}
  vat: {rate: {value: 0.1, unit: "1", basis: unverified, source: illustration}, included: true}
  investment:
    management: 0.2
    contingency_volume: 0.1
    escalation: {value: 0.03, unit: "1", basis: unverified, source: illustration}
    basis: unverified
    source: illustration
  household_fee:
    today: {value: 20000, unit: VND/household/month, price_year: 2024, basis: unverified, source: illustration}
    for_treatment: {value: 0.5, unit: "1", basis: unverified, source: illustration}
    households: {value: 9000, unit: household, basis: unverified, source: illustration}
  bought_by_farmers: [compost]
"""
PAID = "{source: town_budget, share: 0.7}, {source: donor, share: 0.3}, {source: town_budget, share: 1, of: running}"
LENT = (
    "{source: town_budget, share: 0.3}, {source: donor, share: 0.3}, {source: bank, share: 0.4}, "
    "{source: town_budget, share: 0.6, of: running}, {source: fees, share: 0.4, of: running}"
)
SMALL = "        funding: [{source: donor, share: 1}, {source: town_budget, share: 1, of: running}]"
ABROAD = (
    "        capex: {value: 40000, unit: USD, price_year: 2022, basis: unverified, source: illustration}\n"
    "        funding: [{source: investor, share: 0.6}, {source: bank, share: 0.4}, "
    "{source: town_budget, share: 1, of: running}]"
)


def compared(folder: Path) -> Comparison:
    """Return its comparison, read from a file in `folder`."""
    text = SCENARIO.read_text(encoding="utf-8")
    donor = "\n  donor: {label: {vi: Nhà tài trợ, en: Donor}, kind: donor}\n"
    for old, new in ((donor, FUNDERS), (PAID, LENT), (SMALL, ABROAD)):
        assert text.count(old) == 1
        text = text.replace(old, new)
    path = folder / "first_steps_2030.yaml"
    head, criteria, weights = text.partition("\ncriteria:")
    path.write_text(head + FINANCE + criteria.removeprefix("\n") + weights, encoding="utf-8")
    return compare(path, replications=6, seed=5, workers=1, options=["south_yard", "two_yards"])
