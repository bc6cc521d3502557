from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cemfa import locale
from cemfa.economics.catalogue import MEASURES
from cemfa.economics.value import value_added, value_added_per_tonne

MONEY = st.floats(0.0, 1e12)


@given(MONEY, MONEY, MONEY)
def test_it_lies_between_what_is_left_with_bought_and_with_given_work(sold, running, pay):
    added = float(value_added(sold, running, pay))
    assert sold - running <= added <= sold
    assert float(value_added(sold, running, 0.0)) == sold - running


def test_wages_and_surplus_are_value_added_bought_inputs_are_not():
    assert float(value_added(1000.0, 800.0, 300.0)) == 1000.0 - 500.0


def test_it_is_computed_for_many_samples_and_years_at_once():
    sold = np.arange(6.0).reshape(2, 3)
    found = value_added_per_tonne(sold, 1.0, 0.5, [[2.0, 0.0, 4.0]])
    np.testing.assert_array_equal(np.isnan(found), [[False, True, False]] * 2)
    np.testing.assert_allclose(found[:, [0, 2]], [[-0.25, 0.375], [1.25, 1.125]])


@pytest.mark.parametrize("lang", locale.LANGUAGES)
@pytest.mark.parametrize("key", MEASURES)
def test_every_measure_says_what_it_is_in_both_languages(key, lang):
    found = MEASURES[key]
    assert found.label(lang)
    assert found.formula(lang)
    assert found.unit
    assert found.source


@pytest.mark.parametrize("lang", locale.LANGUAGES)
def test_every_text_belongs_to_a_measure(lang):
    assert {name.removesuffix(".formula") for name in locale.texts("economics", lang)} == set(MEASURES)
