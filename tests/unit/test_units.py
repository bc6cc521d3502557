"""Units at the border: factors are exact, dimensions are checked, a year has its real days."""

import contextlib
import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cemfa import units
from cemfa.errors import Place, UnitError


@pytest.mark.parametrize(
    ("unit", "factor", "canonical"),
    [
        ("t", 1.0, "t"),
        ("kg", 0.001, "t"),
        ("g", 1e-6, "t"),
        ("mg", 1e-9, "t"),
        ("Mg", 1.0, "t"),
        ("kt", 1000.0, "t"),
        ("Gg", 1000.0, "t"),
        ("Mt", 1e6, "t"),
        ("t/d", 1.0, "t/day"),
        ("t/yr", 1.0, "t/year"),
        ("t/a", 1.0, "t/year"),
        ("t/month", 12.0, "t/year"),
        ("kg/person/day", 0.001, "t/person/day"),
        ("kg/cap/d", 0.001, "t/person/day"),
        ("kg/hh/d", 0.001, "t/household/day"),
        ("kg/kg", 1.0, "1"),
        ("t/t", 1.0, "1"),
        ("g/kg", 0.001, "1"),
        ("kg/nut", 0.001, "t/nut"),
        ("nuts/palm/yr", 1.0, "nut/palm/year"),
        ("t/ha", 1e-4, "t/m^2"),
        ("m3/t", 1.0, "m^3/t"),
        ("L/nut", 0.001, "m^3/nut"),
        ("kg/m3", 0.001, "t/m^3"),
        ("kg/m^3", 0.001, "t/m^3"),
        ("kWh/t", 3.6, "MJ/t"),
        ("MWh", 3600.0, "MJ"),
        ("GJ", 1000.0, "MJ"),
        ("MW", 86400.0, "MJ/day"),
        ("VND/t", 1.0, "VND/t"),
        ("kVND", 1000.0, "VND"),
        ("million_VND", 1e6, "VND"),
        ("million VND", 1e6, "VND"),
        ("MVND/(t/d)", 1e6, "VND*day/t"),
        ("billion_VND", 1e9, "VND"),
        ("VND/USD", 1.0, "VND/USD"),
        ("VND/(t*km)", 0.001, "VND/t/m"),
        ("%", 0.01, "1"),
        ("percent", 0.01, "1"),
        ("%/yr", 0.01, "1/year"),
        ("ppm", 1e-6, "1"),
        ("1", 1.0, "1"),
        ("1/yr", 1.0, "1/year"),
        ("kgCO2e/kg", 1.0, "tCO2e/t"),
        ("tCO2e/MWh", 1 / 3600, "tCO2e/MJ"),
        ("h/d", 1 / 24, "1"),
        ("FTE/(t/d)", 1.0, "job*day/t"),
        ("head", 1.0, "head"),
        ("truck", 1.0, "truck"),
        ("m²", 1.0, "m^2"),
        ("đồng", 1.0, "VND"),
    ],
)
def test_units_people_write(unit: str, factor: float, canonical: str) -> None:
    found = units.parse(unit)
    assert found.factor == factor  # exact: the registry computes in fractions and rounds once
    assert dict(found.dimension) == dict(units.parse(canonical).dimension)
    assert units.parse(found.canonical).factor == 1.0


def test_every_name_of_the_list_is_read() -> None:
    assert len(units.names()) == len(set(units.names()))
    for name in units.names():
        assert units.parse(name).factor > 0


@given(st.lists(st.sampled_from(units.names()), min_size=1, max_size=4))
def test_canonical_text_reads_back(names: list[str]) -> None:
    found = units.product(names)
    assert units.parse(found.canonical).dimension == found.dimension
    expected = math.prod(units.parse(name).factor for name in names)
    assert math.isclose(found.factor, expected, rel_tol=1e-14)  # at most three roundings


@given(st.sampled_from(units.names()), st.sampled_from(units.names()))
def test_quotient_undoes_product(one: str, other: str) -> None:
    found = units.parse(f"{one}*{other}/{other}")
    assert found.dimension == units.parse(one).dimension
    assert found.factor == units.parse(one).factor


def test_a_year_has_its_real_days() -> None:
    assert 1150 * units.per_year_factor("t/d", 2023) == 419_750
    assert 1150 * units.per_year_factor("t/d", 2024) == 420_900
    assert units.per_year_factor("kg/day", 2023) == 0.365
    assert units.per_year_factor("t/yr", 2024) == 1.0
    assert units.per_year_factor(units.product(["person", "kg/person/day"]), 2024) == pytest.approx(0.366, rel=1e-15)
    assert units.days_in(2000) == 366
    assert units.days_in(2100) == 365


def test_day_and_year_never_cancel() -> None:
    assert units.parse("day/year").dimension == (("day", 1), ("year", -1))
    assert units.parse("t/day").dimension != units.parse("t/year").dimension
    operating = units.product(["t/day", "day/year"])
    assert operating.canonical == "t/year"
    assert units.per_year_factor(operating, 2024) == 1.0


@pytest.mark.parametrize("unit", ["t", "t/person", "1", "t/day/year", "day", "t/d^2"])
def test_only_rates_become_yearly(unit: str) -> None:
    with pytest.raises(UnitError, match=r"\[unit-rate\]"):
        units.per_year_factor(unit, 2024)


@pytest.mark.parametrize(
    ("unit", "code"),
    [
        ("", "unit-missing"),
        ("  ", "unit-missing"),
        ("T", "unknown-unit"),
        ("Kwh", "unknown-unit"),
        ("t DM", "unknown-unit"),
        ("kg/persn", "unknown-unit"),
        ("tỷ_đồng", "unknown-unit"),
        ("t/", "unit-form"),
        ("/t", "unit-form"),
        ("t//d", "unit-form"),
        ("(t", "unit-form"),
        ("t)", "unit-form"),
        ("()", "unit-form"),
        ("2 t", "unit-form"),
        ("kg/1000", "unit-form"),
        ("VND/t.km", "unit-form"),
        ("m^999", "unit-form"),
        ("#", "unit-form"),
        ("t(d)", "unit-form"),
        ("(t)^2", "unit-form"),
        ("t^0.5", "unit-form"),
        ("m^m", "unit-form"),
        ("9**9**9**9", "unit-form"),
        ("t+t", "unit-form"),
        ("t;import os", "unit-form"),
        ("__import__('os')", "unit-form"),
        ("-", "unit-form"),
        ("t" * 500, "unit-form"),
        ("(" * 40 + "t" + ")" * 40, "unit-form"),
    ],
)
@pytest.mark.parametrize("lang", ["en", "vi"])
def test_what_is_no_unit_is_said_with_its_place(
    unit: str, code: str, lang: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CEMFA_LANG", lang)
    place = Place("parameters.csv", 7, 4)
    with pytest.raises(UnitError) as caught:
        units.parse(unit, place)
    (problem,) = caught.value.problems
    assert (problem.code, problem.place) == (code, place)
    assert str(caught.value).startswith("parameters.csv:7:4: ")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@given(st.text(max_size=70))
def test_any_text_is_a_unit_or_a_unit_error(text: str) -> None:
    with contextlib.suppress(UnitError):
        found = units.parse(text)
        assert 0 < found.factor < math.inf


@pytest.mark.parametrize(
    ("wrong", "meant"), [("T", "t"), ("Kwh", "kWh"), ("t DM", "t"), ("persn", "person"), ("KG", "kg")]
)
def test_near_matches_are_offered(wrong: str, meant: str) -> None:
    with pytest.raises(UnitError) as caught:
        units.parse(wrong)
    assert meant in caught.value.problems[0].parameters["near"]


def test_a_wrong_dimension_names_both() -> None:
    assert units.expect("kt/yr", units.parse("t/year").dimension).factor == 1000
    with pytest.raises(UnitError, match=r"'kg/d' \(t/day in canonical units\).*expected is t/year.*\[unit-dimension\]"):
        units.expect("kg/d", units.parse("t/year").dimension)


def test_currencies_do_not_mix() -> None:
    assert units.parse("USD").dimension != units.parse("VND").dimension
    assert units.dimension_of_product(["USD/t", "VND/USD"]) == units.parse("VND/t").dimension


def test_carbon_dioxide_equivalent_is_no_mass_that_flows() -> None:
    assert units.parse("tCO2e").dimension != units.parse("t").dimension
    assert units.product(["t/yr", "kgCO2e/t"]).canonical == "tCO2e/year"
