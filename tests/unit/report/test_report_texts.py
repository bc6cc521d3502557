from __future__ import annotations

import re
from string import Formatter

import pytest

from cemfa import locale

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
