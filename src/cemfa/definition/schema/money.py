"""Who pays in a scenario, on what terms, and how its money is reckoned."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cemfa.definition.schema.rows import NumberRow
from cemfa.definition.schema.terms import Frozen, Id, Label, Number, Whole

FunderKind = Literal[
    "budget",
    "central_budget",
    "provincial_investment",
    "environment_budget",
    "commune_budget",
    "target_programme",
    "counterpart",
    "donor",
    "grant",
    "enterprise",
    "equity",
    "loan",
    "oda_loan",
    "credit",
    "household",
]


class Funding(Frozen):
    """One source of money of a project or programme."""

    source: Id
    """Key of the scenario's `funders`."""
    share: Number = Field(ge=0, le=1)
    """Share of the investment (or of the running cost that products do not cover, with `of: running`)."""
    of: Literal["investment", "running"] = "investment"
    """What it pays for."""
    until: Whole | None = None
    """Last year it pays; afterwards the need stands as a line of its own."""


class Loan(Frozen):
    """Terms on which a funder lends what it pays for."""

    interest: NumberRow
    """Interest in money of the day [1 per year]; a green-credit rate where the project is given one."""
    term: Whole = Field(ge=1)
    """Years from a draw to its last payment, grace included."""
    grace: Whole = Field(default=0, ge=0)
    """Years in which only interest is paid, below `term`."""
    repayment: Literal["annuity", "equal_principal"] = "annuity"
    """Equal yearly payments, or equal instalments with falling interest."""
    subsidy: NumberRow | None = None
    """Part of the interest that the state pays for the borrower [1 per year]."""
    subsidised_years: Whole | None = Field(default=None, ge=0)
    """For how many years from a draw; default: the whole term."""


GIFTS = ("donor", "grant")
"""Kinds of funders that give and leave."""

LENDERS = ("loan", "oda_loan", "credit")
"""Kinds of funders that are paid back."""


class Funder(Frozen):
    """A source of money."""

    label: Label
    """Name in both languages."""
    kind: FunderKind
    """What it is: a public budget (`budget`, or by line: `central_budget`, `provincial_investment` for development
    investment, `environment_budget` for recurrent environment spending, `commune_budget`, `target_programme`,
    `counterpart` for counterpart funds), a gift (`donor`, `grant`), own capital (`enterprise`, `equity`), a loan
    (`loan`, `oda_loan`, `credit`), or a `household`."""
    loan: Loan | None = None
    """Terms, where it lends; a lender without terms is repaid outside the account, which `check` says."""
    department: Id | None = None
    """Who has charge of the money, an id of the model's `departments.csv`. Default: nobody is named."""


class Tax(Frozen):
    """How prices stand to value-added tax."""

    rate: NumberRow
    """Rate [1]."""
    included: bool
    """Whether the prices of the model and scenario hold it."""


class InvestmentShares(Frozen):
    """How a total investment is divided beyond what a technology's rows say, and what is set aside."""

    management: Number = Field(default=0.0, ge=0, le=1)
    """Project management, as a share of the technology's other costs."""
    consultancy: Number = Field(default=0.0, ge=0, le=1)
    """Consultancy, as a share of the technology's other costs; with management at most 1."""
    contingency_volume: Number = Field(default=0.0, ge=0, le=1)
    """Set aside for volume that arises, as a share of all items before it; it is part of the investment."""
    escalation: NumberRow | None = None
    """Yearly rise of construction prices [1 per year], for the contingency for prices; that stands beside the
    investment, which is in money of one price year."""
    basis: Literal["reported", "derived", "unverified"]
    """As for parameters."""
    source: str
    """Key of `sources.csv`, or of the scenario's `sources`."""
    note: str = ""
    """Anything a reader must know."""


class YearSeries(Frozen):
    """A number per year, with where it comes from."""

    values: dict[Whole, Number] = Field(min_length=1)
    """Year → number."""
    basis: Literal["reported", "derived", "unverified"]
    """As for parameters."""
    source: str
    """Key of `sources.csv`, or of the scenario's `sources`."""
    note: str = ""
    """Anything a reader must know."""


class HouseholdFee(Frozen):
    """What households pay for their waste today."""

    today: NumberRow
    """Fee [VND/household/month]."""
    for_treatment: NumberRow
    """Share of it that is there for what the options add; the rest pays for today's collection [1]."""
    households: NumberRow
    """Households that pay, or would [household]."""


class Finance(Frozen):
    """Settings of the economic account."""

    price_year: Whole
    """All money is in VND of this year: the account is in real money."""
    discount_rate: NumberRow
    """Real discount rate."""
    start: Whole
    """First decision year; everything is discounted to its 1 January."""
    inflation: NumberRow | None = None
    """Yearly inflation [1 per year]: what turns interest and frozen fees, which are in money of the day, into real
    money. Default: none, so that nominal and real are the same."""
    price_index: YearSeries | None = None
    """Price index, any base; numbers of other price years are brought to the account's by it. A number whose year it
    lacks enters as it is, and the report says so."""
    exchange_rates: dict[Literal["USD", "EUR"], YearSeries] = {}
    """Currency → VND for one unit by year; a number in another currency is converted at the rate of its price year."""
    vat: Tax | None = None
    """Value-added tax; default: not stated."""
    investment: InvestmentShares | None = None
    """Items of the total investment; default: those of the technology, nothing set aside."""
    household_fee: HouseholdFee | None = None
    """Fee of households; default: not known, and no fee is compared."""
    bought_by_farmers: tuple[Id, ...] = ()
    """Goods whose price farmers pay."""
    late_months: Number = Field(default=6.0, ge=0, le=60)
    """By how many months the gate fee is late in the trial of late fees."""
    frozen_years: Whole = Field(default=5, ge=0)
    """For how many years the gate fee stands still in the trial of frozen fees."""
