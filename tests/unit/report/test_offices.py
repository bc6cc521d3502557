"""The pages of departments: every duty is somebody's, every number is that of the option that leads."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.example_comparison import example

from cemfa.comparison.words import Words
from cemfa.definition.load import read_model
from cemfa.definition.schema import Label
from cemfa.report.context import page
from cemfa.report.goals import achieved
from cemfa.report.html import render
from cemfa.report.offices import office_pages


@pytest.fixture(scope="module")
def comparison():
    """Return the example with the departments of Ben Tre: two targets of one that no longer exists, one owner."""
    found, ben_tre = example(), read_model("ben_tre")
    targets = tuple(t.model_copy(update={"department": "natural_resources"}) for t in found.model.targets)
    model = found.model.model_copy(
        update={"departments": ben_tre.departments, "duties": ben_tre.duties, "targets": targets}
    )
    scenario = found.scenario
    funders = {key: funder.model_copy(update={"department": "finance"}) for key, funder in scenario.funders.items()}
    stages = {
        key: tuple(stage.model_copy(update={"department": "construction"}) for stage in chain)
        for key, chain in scenario.simulation.stages.items()
    }
    owner = Label(vi="Sở Nông nghiệp và Môi trường và hợp tác xã", en="Department and cooperative")
    options = {
        key: option.model_copy(update={
            "projects": {k: p.model_copy(update={"owner": owner}) for k, p in option.projects.items()}
        })
        for key, option in scenario.options.items()
    }  # fmt: skip
    simulation = scenario.simulation.model_copy(update={"stages": stages})
    scenario = scenario.model_copy(update={"funders": funders, "simulation": simulation, "options": options})
    return replace(found, model=model, scenario=scenario)


def block(comparison, office, title, lang="en"):
    words = Words(lang, comparison.replications)
    found = next(p for p in office_pages(comparison, words) if p.anchor == f"{lang}-office-{office}")
    return next(b for b in found.blocks if b.title == words.text(f"office_{title}"))


def test_every_duty_stands_on_the_page_of_everybody_who_has_it_today(comparison):
    pages = {p.name: p for p in office_pages(comparison, Words("vi"))}
    for duty in comparison.model.duties:
        for office in comparison.model.in_charge(duty.department):
            table = pages[office.label.vi].blocks[0].tables[0]
            assert (duty.clause, duty.label.vi) in {(row[0].value, row[1].value) for row in table.rows}
    names = {found.label.vi for found in comparison.model.departments.values() if found.until}
    assert not names & set(pages)  # who no longer exists has no page
    assert "Sở Tài nguyên và Môi trường" in pages["Sở Nông nghiệp và Môi trường"].note


def test_targets_are_judged_under_the_option_that_leads(comparison):
    option, words = comparison.leader, Words("en", comparison.replications)
    assert option.id == comparison.decision.aim("score").leader
    rows = {row[0].value: row for row in block(comparison, "agriculture-environment", "targets").tables[0].rows}
    assert set(rows) == {target.id for target in comparison.model.targets}
    for key, row in rows.items():
        found = option.target(key)
        assert row[6] == achieved(found, words)
        if found.met is False and not found.is_closed:
            assert row[7].value == found.gap_points.p50
    bare = replace(comparison, decision=None)
    assert bare.leader.id == comparison.ranking[comparison.headline[0]][0]


def test_projects_say_why_they_concern_a_department(comparison):
    projects = {project.id for option in comparison.plain for project in option.projects}
    owned = block(comparison, "agriculture-environment", "projects").tables[0].rows
    assert len(owned) == len(projects)
    assert {row[2].value for row in owned} == {"owns it"}
    built = block(comparison, "construction", "projects").tables[0].rows
    assert all(str(row[2].value).startswith("in charge of: ") for row in built)
    assert all(row[4].value for row in built)
    paid = block(comparison, "finance", "projects").tables[0].rows
    assert any("has charge of the money" in str(row[2].value) for row in paid)
    assert block(comparison, "culture", "projects").tables == ()
    assert block(comparison, "culture", "projects").sentences


def test_what_has_to_be_reported_is_listed_with_its_last_value(comparison):
    table = block(comparison, "agriculture-environment", "reports", "vi").tables[0]
    due = [target for target in comparison.model.targets if target.status == "in_force"]
    assert [row[0].value for row in table.rows][: len(due)] == [target.label.vi for target in due]
    assert any("giai đoạn đã đạt" in str(row[0].value) for row in table.rows)
    assert "30/11" in block(comparison, "agriculture-environment", "reports", "vi").sentences[0]


def test_the_page_holds_them_with_links_and_breaks_before_each_in_print(comparison):
    shown = page(comparison, "vi")
    html = render([shown], "vi", comparison.version)
    assert len(shown.offices) == html.count('class="office"') > 10
    for office in shown.offices:
        assert html.count(f'id="{office.anchor}"') == 1
        assert f'href="#{office.anchor}"' in html
    assert ".office { break-before: page" in html


def test_without_departments_there_is_no_page():
    assert office_pages(example(), Words("en")) == ()
