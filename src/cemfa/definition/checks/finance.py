"""Rules on the money of scenarios: rates are fractions, currencies have a rate, loans end within the horizon."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cemfa import units
from cemfa.definition.checks.context import At, Context
from cemfa.definition.checks.references import unknown
from cemfa.definition.currency import HOME, currency_of, money_factor
from cemfa.definition.schema import LENDERS, Finance, Funder, NumberRow, Project, Scenario, YearSeries
from cemfa.errors import Problem, UnitError

_Path = tuple[str | int, ...]
_NOBODY: Final = "unfunded"  # what `economics.finance`, which stands above, calls the need that no source covers


def rows_of_finance(finance: Finance) -> Iterator[tuple[_Path, NumberRow, str]]:
    """Yield the uncertain numbers of `finance` with their path and unit."""
    fee, shares = finance.household_fee, finance.investment
    found: tuple[tuple[_Path, NumberRow | None, str], ...] = (
        (("discount_rate",), finance.discount_rate, "1"),
        (("inflation",), finance.inflation, "1"),
        (("vat", "rate"), finance.vat.rate if finance.vat else None, "1"),
        (("investment", "escalation"), shares.escalation if shares else None, "1"),
        (("household_fee", "today"), fee.today if fee else None, "VND/household/month"),
        (("household_fee", "for_treatment"), fee.for_treatment if fee else None, "1"),
        (("household_fee", "households"), fee.households if fee else None, "household"),
    )
    yield from ((("finance", *path), row, unit) for path, row, unit in found if row is not None)


def rows_of_loans(scenario: Scenario) -> Iterator[tuple[_Path, NumberRow, str]]:
    """Yield the uncertain numbers of the terms of loans with their path and unit."""
    for key, funder in scenario.funders.items():
        if funder.loan is not None:
            yield ("funders", key, "loan", "interest"), funder.loan.interest, "1"
            if funder.loan.subsidy is not None:
                yield ("funders", key, "loan", "subsidy"), funder.loan.subsidy, "1"


def fractions(scenario: Scenario, at: At) -> Iterator[Problem]:
    """Check that rates and shares are fractions: 8 with the unit 1 is 800 per cent."""
    for path, row, unit in (*rows_of_finance(scenario.finance), *rows_of_loans(scenario)):
        if unit != "1":
            continue
        try:
            parsed = units.parse(row.unit)
        except UnitError:
            continue  # reported as a unit
        if parsed.dimension:
            continue  # likewise: no fraction
        factor = parsed.factor
        for name in ("value", "low", "high"):
            value = getattr(row, name)
            if value is not None and not -0.5 < value * factor < 1:
                parameters = {"value": value, "unit": row.unit, "percent": 100 * value * factor, "guess": value / 100}
                yield Problem("rate-per-cent", at(*path, name), parameters)
                break


def currencies(scenario: Scenario, at: At) -> Iterator[Problem]:
    """Check that money in another currency has an exchange rate for its price year."""
    from cemfa.definition.checks.scenarios import uncertain_numbers

    for path, row, _ in uncertain_numbers(scenario):
        try:
            currency = currency_of(row.unit)
        except UnitError:
            continue  # reported as a unit
        if row.price_year is not None and money_factor(scenario.finance, currency, row.price_year) is None:
            yield Problem("currency-mixed", at(*path, "unit"), _without_rate(scenario, currency, row.price_year))


def currencies_of_model(scenario: Scenario, c: Context, at: At) -> Iterator[Problem]:
    """Check the same of the model's costs and prices; one problem per currency and year."""
    seen: set[tuple[str, int]] = set()
    for row in c.model.parameters:
        try:
            currency = currency_of(row.unit)
        except UnitError:
            continue  # reported with the model
        key = (currency or HOME, row.price_year or 0)
        if key in seen or row.price_year is None:
            continue
        seen.add(key)
        if money_factor(scenario.finance, currency, row.price_year) is None:
            parameters = _without_rate(scenario, currency, row.price_year)
            yield Problem("currency-of-model", at("finance"), {"parameter": row.parameter, **parameters})


def _without_rate(scenario: Scenario, currency: str | None, year: int) -> dict[str, object]:
    series = scenario.finance.exchange_rates.items()
    known = [year for kind, rates in series if kind == currency for year in rates.values]
    return {"currency": currency, "year": year, "home": HOME, "known": sorted(known) or ["–"]}


def exchange(scenario: Scenario, at: At) -> Iterator[Problem]:
    """Check that exchange rates and the price index are above zero."""
    for path, series in _series(scenario.finance):
        for year, value in series.values.items():
            if value <= 0:
                yield Problem("index-not-positive", at(*path, "values", year), {"value": value})


def _series(finance: Finance) -> Iterator[tuple[_Path, YearSeries]]:
    if finance.price_index is not None:
        yield ("finance", "price_index"), finance.price_index
    for currency, series in finance.exchange_rates.items():
        yield ("finance", "exchange_rates", currency), series


def items(scenario: Scenario, at: At) -> Iterator[Problem]:
    """Check that management and consultancy are no more than the other costs they are taken from."""
    shares = scenario.finance.investment
    if shares is not None and shares.management + shares.consultancy > 1:
        parameters = {"management": shares.management, "consultancy": shares.consultancy}
        yield Problem("investment-parts", at("finance", "investment"), parameters)


def loans(scenario: Scenario, at: At) -> Iterator[Problem]:
    """Check names of funders and terms of loans, and that every loan of a project is paid back within the horizon."""
    if _NOBODY in scenario.funders:
        yield Problem("funding-reserved", at("funders", _NOBODY), {"source": _NOBODY})
    for key, funder in scenario.funders.items():
        loan, where = funder.loan, ("funders", key)
        if loan is None:
            if funder.kind in LENDERS:
                yield Problem("loan-without-terms", at(*where), {"funder": key}, severity="warning")
            continue
        if funder.kind not in LENDERS:
            yield Problem("loan-of-no-lender", at(*where, "loan"), {"kind": funder.kind, "known": list(LENDERS)})
        if loan.grace >= loan.term:
            yield Problem("loan-grace", at(*where, "loan", "grace"), {"grace": loan.grace, "term": loan.term})
    for option, content in scenario.options.items():
        for name, project in content.projects.items():
            yield from _too_long(scenario, project, ("options", option, "projects", name, "funding"), at)


def _too_long(scenario: Scenario, project: Project, path: _Path, at: At) -> Iterator[Problem]:
    """Yield loans that run past the horizon even when drawn at once."""
    drawn = max(project.decision.year, scenario.decisions_from)
    for position, part in enumerate(project.funding):
        funder: Funder | None = scenario.funders.get(part.source)
        if part.of == "running" or funder is None or funder.loan is None:
            continue
        last = drawn + funder.loan.term - 1
        if last > scenario.horizon:
            parameters = {
                "funder": part.source, "term": funder.loan.term, "drawn": drawn, "last": last,
                "horizon": scenario.horizon, "longest": max(scenario.horizon - drawn + 1, 0),
            }  # fmt: skip
            yield Problem("loan-beyond-horizon", at(*path, position, "source"), parameters)


def goods_and_sources(scenario: Scenario, c: Context, at: At) -> Iterator[Problem]:
    """Check that what farmers buy are goods of the model, and that shares, indices and exchange rates are cited."""
    for position, good in enumerate(scenario.finance.bought_by_farmers):
        if good not in c.model.goods:
            yield unknown("good-unknown", at("finance", "bought_by_farmers", position), good, c.model.goods)
    known = {**c.model.sources, **scenario.sources}
    shares = scenario.finance.investment
    found: list[tuple[_Path, str]] = [((*path, "source"), s.source) for path, s in _series(scenario.finance)]
    if shares is not None:
        found.append((("finance", "investment", "source"), shares.source))
    for path, source in found:
        if source not in known:
            yield unknown("source-unknown", at(*path), source, known)


def in_charge(scenario: Scenario, c: Context, at: At) -> Iterator[Problem]:
    """Check that those in charge of stages and funds are departments of the model."""
    chains = scenario.simulation.stages.items()
    named: list[tuple[_Path, str | None]] = [
        (("simulation", "stages", chain, position, "department"), stage.department)
        for chain, stages in chains
        for position, stage in enumerate(stages)
    ]
    named += [(("funders", key, "department"), funder.department) for key, funder in scenario.funders.items()]
    for path, department in named:
        if department is not None and department not in c.model.departments:
            yield unknown("department-unknown", at(*path), department, c.model.departments)


OWN_RULES = (fractions, currencies, exchange, items, loans)
MODEL_RULES = (currencies_of_model, goods_and_sources, in_charge)
