"""Models and scenarios show themselves in a notebook, in both languages, with every text escaped."""

import pytest

from cemfa import locale
from cemfa.definition.load import read_model, read_scenario
from cemfa.definition.show import Figure, html_table, model_html, scenario_html


@pytest.mark.parametrize("name", ["first_steps", "ben_tre"])
@pytest.mark.parametrize("lang", locale.LANGUAGES)
def test_a_model_counts_what_it_holds(name: str, lang: str) -> None:
    model = read_model(name)
    shown = model_html(model, lang)
    assert model.label.of(lang) in shown
    assert f'<td style="text-align:right">{len(model.flows)}</td>' in shown
    numbers = len(model.parameters) + len(model.composition) + len(model.seasons) + len(model.history)
    assert f'<td style="text-align:right">{numbers}</td>' in shown
    assert all(model.name_of("flow", flow, lang) in shown for flow in model.flows)


@pytest.mark.parametrize("name", ["first_steps_2030", "organics_2030"])
@pytest.mark.parametrize("lang", locale.LANGUAGES)
def test_a_scenario_lists_options_with_their_projects_and_programmes(name: str, lang: str) -> None:
    scenario = read_scenario(name)
    shown = scenario_html(scenario, lang)
    for option in scenario.options.values():
        assert option.label.of(lang) in shown
        assert all(p.label.of(lang) in shown for p in (*option.projects.values(), *option.programmes.values()))


def test_they_show_themselves_in_the_language_in_force() -> None:
    model, scenario = read_model("first_steps"), read_scenario("first_steps_2030")
    with locale.use("vi"):
        assert model._repr_html_() == model_html(model, "vi") != model_html(model, "en")
        assert scenario._repr_html_() == scenario_html(scenario, "vi")


def test_texts_are_escaped() -> None:
    assert "<b>" not in html_table("<b>", ["<b>"], [["<b>", Figure("<b>")]])


def test_a_model_from_memory_shows_itself_with_its_label_escaped() -> None:
    model = read_model("first_steps")
    odd = model.model_copy(update={"label": model.label.model_copy(update={"en": "Pipe <1>"})})
    assert "Pipe &lt;1&gt;" in model_html(odd, "en")
