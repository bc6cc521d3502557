from __future__ import annotations

import re
import typing
from string import Formatter
from types import SimpleNamespace

import pytest

from cemfa import library, locale
from cemfa.comparison.drawn import number_name
from cemfa.comparison.words import Words
from cemfa.definition.load import read_scenario, read_scenario_and_model
from cemfa.definition.schema import Adoption, Event, Loan, NumberRow, Programme, Project, Weather
from cemfa.plan import numbers_of
from cemfa.report.appendix import assumptions_table, sources_table

ROOMS = ("report", "figures")


@pytest.mark.parametrize("room", ROOMS)
def test_both_languages_hold_the_same_keys_and_parameters(room):
    vi, en = (locale.texts(room, lang) for lang in ("vi", "en"))
    assert set(vi) == set(en)
    for key in vi:
        fields = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (vi[key], en[key])]
        assert fields[0] == fields[1], key


@pytest.mark.parametrize("room", ROOMS)
def test_vietnamese_is_not_english(room):
    same = {k for k, text in locale.texts(room, "vi").items() if text == locale.texts(room, "en")[k]}
    words = {key for key in same if re.search(r"[a-z]{5,}", re.sub(r"\{[^}]*\}", "", locale.texts(room, "vi")[key]))}
    assert words <= {"english", "vietnamese", "run_version"}


def test_every_uncertain_number_of_a_scenario_has_words():
    numbers = {
        name
        for kind in (Event, Project, Programme, Adoption, Weather, Loan)
        for name, field in kind.model_fields.items()
        if NumberRow in (field.annotation, *typing.get_args(field.annotation))
    }
    assert {"refused_cost", "capex", "midpoint", "spread", "interest"} <= numbers
    for lang in locale.LANGUAGES:
        assert not {name for name in numbers if f"n_{name}" not in locale.texts("report", lang)}


@pytest.mark.parametrize("name", sorted(library.scenarios()))
@pytest.mark.parametrize("lang", locale.LANGUAGES)
def test_the_assumptions_of_every_shipped_scenario_can_be_told(name, lang):
    scenario = read_scenario(name)
    told = [number_name(scenario, key, Words(lang)) for key in numbers_of(scenario)]
    assert told
    assert all(word and where for word, where in told)


@pytest.mark.parametrize(
    ("lang", "name", "unit"), [("vi", "Tỷ giá USD", "đồng/USD"), ("en", "Exchange rate of USD", "VND/USD")]
)
def test_rates_and_index_are_among_the_assumptions_with_their_source(lang, name, unit):
    scenario, model = read_scenario_and_model("organics_2030")
    comparison = SimpleNamespace(scenario=scenario, model=model)
    rows = [[cell.value for cell in row] for row in assumptions_table(comparison, Words(lang)).rows]
    stated = {row[1]: row for row in rows if row[0] == name}
    assert list(stated) == ["2023", "2024", "2025"]
    assert (stated["2023"][2], stated["2023"][5]) == (23850, unit)
    assert sum(row[0] == locale.text("report.n_price_index", lang) for row in rows) == 2
    assert sum(row[0] == locale.text("report.n_investment_consultancy", lang) for row in rows) == 1
    assert stated["2023"][7] in {row[0].value for row in sources_table(comparison, Words(lang)).rows}
