"""What a stated number in money is worth in the account's money: currency, then price year.

Stands beside `technologies`; read by the checks and the economic account.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cemfa import units
from cemfa.definition.schema import Finance

HOME: Final = "VND"
FOREIGN: Final[Mapping[str, str]] = {"USD": "USD", "EUR": "EUR"}
"""Other currencies that units know, by their canonical unit."""


def currency_of(unit: str | units.Unit) -> str | None:
    """Return the currency a unit is in, None where it is no money.

    Examples
    --------
    >>> currency_of("USD/t"), currency_of("bn_VND"), currency_of("t/d")
    ('USD', 'VND', None)
    """
    found = unit if isinstance(unit, units.Unit) else units.parse(unit)
    return next((base for base, _ in found.dimension if base == HOME or base in FOREIGN), None)


def at_home(unit: units.Unit) -> units.Unit:
    """Return the same unit with the home currency in the place of another one.

    Examples
    --------
    >>> at_home(units.parse("USD/t")).canonical
    'VND/t'
    """
    currency = currency_of(unit)
    if currency in (None, HOME):
        return unit
    dimension = tuple((HOME if base == currency else base, exponent) for base, exponent in unit.dimension)
    return units.Unit(unit.text, unit.factor, units.parse(units.dimension_text(dimension)).dimension)


def money_factor(finance: Finance, currency: str | None, price_year: int | None) -> float | None:
    """Return what money of a currency and price year is multiplied by to be VND of the account's price year.

    First the exchange rate of its own year, then the price index from that year to the account's. Where the index
    lacks a year, the amount stays in money of its year; None where the exchange rate is not stated.

    Examples
    --------
    >>> from cemfa.definition.load import read_scenario
    >>> finance = read_scenario("first_steps_2030").finance
    >>> money_factor(finance, "VND", finance.price_year), money_factor(finance, "USD", 2024)
    (1.0, None)
    """
    if currency is None or price_year is None or (currency == HOME and price_year == finance.price_year):
        return 1.0
    series = finance.exchange_rates.get(currency)  # type: ignore[call-overload] # any name may be asked for
    rate = 1.0 if currency == HOME else series.values.get(price_year) if series else None
    return None if rate is None else rate * (_index(finance, price_year) or 1.0)


def factor_of(finance: Finance, unit: str, price_year: int | None) -> float | None:
    """Return what a stated number is multiplied by to be canonical and, if it is money, in the account's money.

    None where it is in a currency whose exchange rate is not stated; the checks refuse that for what is reckoned with.

    Examples
    --------
    >>> from cemfa.definition.load import read_scenario
    >>> finance = read_scenario("first_steps_2030").finance
    >>> factor_of(finance, "bn_VND", finance.price_year), factor_of(finance, "t/d", None)
    (1000000000.0, 1.0)
    """
    stated = units.parse(unit)
    worth = money_factor(finance, currency_of(stated), price_year)
    return None if worth is None else stated.factor * worth


def is_adjusted(finance: Finance, price_year: int | None) -> bool:
    """Tell whether money of a price year is, or can be brought to, money of the account's."""
    return price_year is None or _index(finance, price_year) is not None


def _index(finance: Finance, year: int) -> float | None:
    if year == finance.price_year:
        return 1.0
    index = finance.price_index.values if finance.price_index else {}
    if year not in index or finance.price_year not in index:
        return None
    return index[finance.price_year] / index[year]
