"""A page for every department of today: its duties, targets, projects, money by year, and what it has to report.

Between `departments`, which lists duties, and `context`; picks what the comparison holds, reckons nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from cemfa.comparison.pictures import full_name, funder_name
from cemfa.comparison.words import BILLION, Words
from cemfa.definition.schema import Project
from cemfa.definition.technologies import chain_of
from cemfa.monitoring.yearly import DEADLINE
from cemfa.plan import content_of
from cemfa.report.departments import duties_of
from cemfa.report.goals import achieved, asked, reported
from cemfa.report.option import Block
from cemfa.report.overview import cell
from cemfa.report.tables import Cell, Column, Table
from cemfa.units import decimal_year

if TYPE_CHECKING:
    from cemfa.comparison.outcome import Comparison, OptionResult
    from cemfa.definition.schema import Department, Programme, Target

Rows = Sequence[tuple[Cell, ...]]

_SMALLEST: Final = 0.5  # VND; what is less is rounding
_OWN_BUDGET: Final = ("budget", "provincial_investment")  # kinds of money that pay the debt of the province


@dataclass(frozen=True, slots=True)
class OfficePage:
    """The section of one department.

    Parameters
    ----------
    anchor : id in the page
    name : what it is called today
    note : under which names the plan knows it
    blocks : its duties, targets, projects, money and reports
    """

    anchor: str
    name: str
    note: str
    blocks: tuple[Block, ...]


def office_pages(comparison: Comparison, words: Words) -> tuple[OfficePage, ...]:
    """Return a page for every department that has a duty or a target today, in the order of the plan's duties."""
    model = comparison.model
    named = [duty.department for duty in model.duties]
    named += [target.department for target in model.targets if target.department]
    today = dict.fromkeys(office for name in dict.fromkeys(named) for office in model.in_charge(name))
    return tuple(_page(comparison, office, words) for office in today)


def _page(comparison: Comparison, office: Department, words: Words) -> OfficePage:
    heirs = [found for found in comparison.model.departments.values() if office in comparison.model.in_charge(found.id)]
    former = [words.label(found.label) for found in heirs if found.id != office.id]
    note = words.text("office_former", names="; ".join(former)) if former else ""
    option = comparison.leader
    blocks = (
        _duties(comparison, office, words),
        _targets(comparison, office, option, words),
        _projects(comparison, office, words),
        _money(comparison, office, option, words),
        _reports(comparison, office, option, words),
    )
    name = f"{words.lang}-office-{office.id}".replace("_", "-")
    return OfficePage(name, words.label(office.label), note, blocks)


def _is_in_charge(comparison: Comparison, office: Department, name: str | None) -> bool:
    return name is not None and office in comparison.model.in_charge(name)


def _table(key: str, columns: tuple[Column, ...], rows: Rows, words: Words, **parameters: object) -> Table:
    return Table(words.text(f"office_{key}"), words.text(f"office_{key}_caption", **parameters), columns, tuple(rows))


def _block(key: str, table: Table, words: Words, *sentences: str) -> Block:
    shown = sentences if table else (words.text(f"office_{key}_none"),)
    return Block(words.text(f"office_{key}"), shown, (table,) if table else ())


def _duties(comparison: Comparison, office: Department, words: Words) -> Block:
    columns = (Column(words.text("c_clause")), Column(words.text("c_duty")), Column(words.text("c_serves")))
    rows = [
        (Cell(duty.clause), Cell(words.label(duty.label)), Cell(words.label(duty.serves)))
        for duty in duties_of(comparison.model, office)
    ]
    return _block("duties", _table("duties", columns, rows, words), words)


def _targets(comparison: Comparison, office: Department, option: OptionResult, words: Words) -> Block:
    columns = (
        Column(words.text("c_key")), Column(words.text("c_target")), Column(words.text("c_due"), kind="year"),
        Column(words.text("c_asked")), Column(words.text("c_status")), Column(words.text("c_reported")),
        Column(words.text("office_achieved")),
        Column(words.text("c_missing_points"), words.text("unit_points"), "number", 1, spread=True),
        Column(words.text("c_missing"), words.text("unit_tonnes_per_day"), "number", 1, spread=True),
    )  # fmt: skip
    rows = [_target(target, option, words) for target in _watched(comparison, office)]
    name = full_name(option, words)
    table = _table("targets", columns, rows, words, option=name)
    return _block("targets", table, words, words.text("office_preferred", option=name))


def _watched(comparison: Comparison, office: Department) -> list[Target]:
    return [target for target in comparison.model.targets if _is_in_charge(comparison, office, target.department)]


def _target(target: Target, option: OptionResult, words: Words) -> tuple[Cell, ...]:
    found = option.target(target.id)
    missing = not found.met and not found.is_closed
    return (
        Cell(target.id), Cell(words.label(target.label)), Cell(float(target.year)), Cell(asked(target, words)),
        Cell(words.text(f"status_{target.status}")), Cell(reported(target, words)), achieved(found, words),
        cell(found.gap_points if missing else None), cell(found.gap_mass if missing else None),
    )  # fmt: skip


def _projects(comparison: Comparison, office: Department, words: Words) -> Block:
    columns = (
        Column(words.text("c_project")), Column(words.text("office_owner")), Column(words.text("office_why")),
        Column(words.text("c_decision"), kind="month"), Column(words.text("office_options")),
    )  # fmt: skip
    rows = [
        (
            Cell(words.label(content.label)), Cell(words.label(content.owner)), Cell("; ".join(roles)),
            Cell(decimal_year(content.decision) if isinstance(content, Project) else ""),
            Cell(", ".join(held)),
        )
        for content, held in _contents(comparison, words)
        if (roles := list(_roles(comparison, office, content, words)))
    ]  # fmt: skip
    return _block("projects", _table("projects", columns, rows, words), words)


def _contents(comparison: Comparison, words: Words) -> Iterator[tuple[Project | Programme, list[str]]]:
    """Yield every project and programme with the letters of the options that hold it."""
    found: dict[str, tuple[Project | Programme, list[str]]] = {}
    for option in comparison.plain:
        for parts in content_of(comparison.scenario, option.base_option):
            for key, content in parts.items():
                found.setdefault(key, (content, []))[1].append(option.letter or words.label(option.label))
    yield from found.values()


def _roles(comparison: Comparison, office: Department, content: Project | Programme, words: Words) -> Iterator[str]:
    """Yield why a project or programme concerns a department: it owns it, decides on a stage, or has its money."""
    scenario = comparison.scenario
    if _owns(office, content):
        yield words.text("office_owns")
    chain = scenario.simulation.stages.get(chain_of(content), ()) if isinstance(content, Project) else ()
    needed = [words.label(stage.label) for stage in chain if _is_in_charge(comparison, office, stage.department)]
    if needed:
        yield words.text("office_stages", stages=", ".join(needed))
    paid = [key for key in _funds(comparison, office) if key in {part.source for part in content.funding}]
    if paid:
        yield words.text("office_funds", funds=", ".join(funder_name(comparison, key, words) for key in paid))


def _funds(comparison: Comparison, office: Department) -> list[str]:
    """Return the ids of the funders a department has charge of."""
    funders = comparison.scenario.funders.items()
    return [key for key, funder in funders if _is_in_charge(comparison, office, funder.department)]


def _owns(office: Department, content: Project | Programme) -> bool:
    """Tell whether the owner is named as the department, alone or with others."""
    return office.label.vi.casefold() in content.owner.vi.casefold()


def _money(comparison: Comparison, office: Department, option: OptionResult, words: Words) -> Block:
    years, unit = option.economics.years, words.text("unit_money", price_year=option.economics.price_year)
    columns = (
        Column(words.text("c_funder")), Column(words.text("c_purpose")),
        *(Column(str(year), unit, "number", 1) for year in years),
    )  # fmt: skip
    rows = [
        (Cell(who), Cell(words.text(f"of_{what}")), *(Cell(value / BILLION) for value in paid.tolist()))
        for who, what, paid in _paid(comparison, office, option, words)
    ]
    return _block("money", _table("money", columns, rows, words, option=full_name(option, words)), words)


def _paid(
    comparison: Comparison, office: Department, option: OptionResult, words: Words
) -> Iterator[tuple[str, str, np.ndarray]]:
    """Yield funder, purpose and means by year of what the department has charge of; debt of the province last."""
    finances, funds = option.economics.finances, _funds(comparison, office)
    if finances is None:
        return
    means = finances.funding.mean("sample")
    for key in (key for key in funds if key in means["funder"]):
        for purpose in map(str, means["purpose"].to_numpy()):
            paid = means.sel(funder=key, purpose=purpose).to_numpy()
            if paid.sum() > _SMALLEST:
                yield funder_name(comparison, key, words), purpose, paid
    if any(comparison.scenario.funders[key].kind in _OWN_BUDGET for key in funds):
        for kind, due in finances.owed_by("province"):
            yield words.text("service_province"), kind, due.mean("sample").to_numpy()


def _reports(comparison: Comparison, office: Department, option: OptionResult, words: Words) -> Block:
    columns = (Column(words.text("office_what")), Column(words.text("c_unit")), Column(words.text("c_reported")))
    rows = [
        (Cell(words.label(target.label)), Cell(words.unit(target.unit)), Cell(reported(target, words)))
        for target in _watched(comparison, office)
        if target.status == "in_force"
    ]
    owned = [
        content
        for parts in content_of(comparison.scenario, option.base_option)
        for content in parts.values()
        if _owns(office, content)
    ]
    unit = words.text("office_progress_unit")
    rows += [(Cell(words.text("office_progress", name=words.label(own.label))), Cell(unit), Cell("")) for own in owned]
    due = words.text("office_deadline", month=DEADLINE[0], day=DEADLINE[1])
    return _block("reports", _table("reports", columns, rows, words), words, due)
