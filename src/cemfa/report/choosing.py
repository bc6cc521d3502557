"""How sure the choice is: who leads by which aim, what could turn the order round, what knowing more is worth.

Between `comparison` and `context`; sentences are chosen and filled from numbers, nothing is reckoned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from cemfa import locale
from cemfa.comparison import pictures
from cemfa.comparison.choice_pictures import (
    abatement,
    abatement_caption,
    amount,
    measure_name,
    option_name,
    scale_of,
    stability,
    swings,
    tornado_caption,
    unit_of,
)
from cemfa.comparison.measures import sum_of_single
from cemfa.comparison.words import BILLION, Words
from cemfa.definition.schema import MONEY_CRITERIA
from cemfa.indicators import REGISTRY
from cemfa.report.option import FigureBlock, figure
from cemfa.report.overview import cell
from cemfa.report.tables import Cell, Column, Table

if TYPE_CHECKING:
    from cemfa.comparison.outcome import Aim, Comparison, Curve, Decision, Turn
    from cemfa.definition.schema import Criterion

_MOST: Final = 6
"""Switching values told in sentences."""


@dataclass(frozen=True, slots=True)
class Choosing:
    """The section on the choice: sentences, tables, figures."""

    sentences: tuple[str, ...]
    tables: tuple[Table, ...]
    figures: tuple[FigureBlock, ...]


def choosing(comparison: Comparison, words: Words) -> Choosing | None:
    """Return the section on the choice; None where no choice was worked out."""
    decision = comparison.decision
    if decision is None:
        return None
    sentences = [
        *(_leader(comparison, aim, words) for aim in decision.aims),
        *([_efficient(comparison, decision, words)] if decision.efficient else []),
        *_turning(comparison, words),
        *(
            words.text("curve_none", reason=locale.problem_text(problem, words.lang))
            for problem in comparison.without_curve[:1]
        ),
    ]
    drawn = (
        figure(stability(comparison, words), "stability", words.text("f_stability"), words, 700),
        *(
            figure(swings(comparison, aim.key, words), f"tornado-{aim.key}", tornado_caption(comparison, aim, words),
                   words, 700)
            for aim in decision.aims
        ),
        *(
            figure(abatement(comparison, key, words), f"curve-{key}", abatement_caption(comparison, key, words), words,
                   700)
            for key in comparison.curves
        ),
    )  # fmt: skip
    return Choosing(tuple(sentences), choosing_tables(comparison, words), tuple(filter(None, drawn)))


def choosing_tables(comparison: Comparison, words: Words) -> tuple[Table, ...]:
    """Return the tables of the choice that have rows: by aim, by criterion, worth knowing, turning points, donors."""
    builders = (_choice_table, _criteria_table, _information_table, _turns_table, _curve_table, _donor_table)
    if comparison.decision is None:
        return ()
    found = (build(comparison, comparison.decision, words) for build in builders)
    return tuple(table for table in found if table)


def _leader(comparison: Comparison, aim: Aim, words: Words) -> str:
    scale, unit = scale_of(aim), unit_of(comparison, aim, words)
    parameters = {
        "option": option_name(comparison, aim.leader, words), "aim": words.text(f"aim_{aim.key}"),
        "value": words.number(aim.expected[aim.leader] * scale).replace("-", "−"), "unit": unit,
        "probability": words.probability(aim.probability[aim.leader]),
    }  # fmt: skip
    sentence = words.text("choice_leader", **parameters)
    gain = words.number(aim.perfect_information * scale, 2)
    if aim.perfect_information <= 0:
        return f"{sentence} {words.text('choice_sure')}"
    gained = words.text("unit_gain_year", year=comparison.scenario.target_year) if aim.key == "rate" else unit
    return f"{sentence} {words.text('choice_information', value=gain, unit=gained)}"


def leading(comparison: Comparison, words: Words) -> str:
    """Return which option leads by the weighted criteria of the scenario; nothing without criteria."""
    aim = comparison.decision.aim("score") if comparison.decision else None
    return _leader(comparison, aim, words) if aim else ""


def _efficient(comparison: Comparison, decision: Decision, words: Words) -> str:
    names = ", ".join(option_name(comparison, key, words) for key in decision.efficient)
    return words.text("choice_efficient", options=names)


def _turning(comparison: Comparison, words: Words) -> list[str]:
    """Return in sentences at which value of a parameter the lead passes to another option."""
    found = []
    for aim in comparison.decision.aims if comparison.decision else ():
        found += [_turn(comparison, aim, turn, words) for turn in aim.turns]
    return found[:_MOST]


def _turn(comparison: Comparison, aim: Aim, turn: Turn, words: Words) -> str:
    lower = turn.above == aim.leader
    other = turn.below if lower else turn.above
    return words.text(
        "turn_below" if lower else "turn_above",
        option=option_name(comparison, aim.leader, words), other=option_name(comparison, other, words),
        parameter=words.label(turn.label, turn.parameter).lower(), value=amount(turn.value, turn.unit, words),
        aim=words.text(f"aim_{aim.key}"), low=amount(turn.low, turn.unit, words),
        high=amount(turn.high, turn.unit, words),
    )  # fmt: skip


def _choice_table(comparison: Comparison, decision: Decision, words: Words) -> Table:
    columns = [Column(words.text("c_option"))]
    for aim in decision.aims:
        name, unit = words.text(f"aim_{aim.key}"), unit_of(comparison, aim, words)
        decimals = 2 if aim.key == "score" else 1
        columns += [
            Column(words.text("c_expected", aim=name), unit, "number", decimals),
            Column(words.text("c_best_by", aim=name), "%", "percent", 0),
            Column(words.text("c_loss", aim=name), unit, "number", decimals + 1),
        ]
    rated = decision.aim("rate")
    if rated:
        columns += [Column(words.text("c_dominated")), Column(words.text("c_efficient"), "%", "percent", 0)]
    rows = []
    for option in comparison.plain:
        cells = [Cell(pictures.full_name(option, words))]
        for aim in decision.aims:
            scale, known = scale_of(aim), option.id in aim.expected
            cells += [
                Cell(aim.expected[option.id] * scale if known else None),
                Cell(aim.probability.get(option.id)),
                Cell(aim.loss[option.id] * scale if known else None),
            ]
        if rated:
            cells += [Cell(_beaten(comparison, rated, option.id, words)), Cell(decision.efficient_share[option.id])]
        rows.append(tuple(cells))
    return Table(words.text("t_choice"), words.text("choice_caption", year=comparison.scenario.target_year),
                 tuple(columns), tuple(rows), note=words.text("choice_note"))  # fmt: skip


def _beaten(comparison: Comparison, rated: Aim, key: str, words: Words) -> str:
    """Return by whom an option is beaten in rate, whatever the luck, or for all who do not like risk."""
    for order in (1, 2):
        if by := rated.dominated[order].get(key):
            names = ", ".join(comparison.option(other).letter or option_name(comparison, other, words) for other in by)
            return words.text("dominated_by", order=order, options=names)
    return words.text("dominated_none")


def criterion_name(criterion: Criterion, words: Words) -> str:
    """Return the name of a criterion with its part and whether a difference counts."""
    key, _, item = criterion.indicator.partition(".")
    name = REGISTRY[key].label(words.lang) if key in REGISTRY else words.text(f"m_{key}")
    if item:
        place = locale.texts("comparison", words.lang).get(f"place.{item}", item)
        name = f"{name}, {place}"
    return words.text("criterion_difference", name=name) if criterion.of == "difference" else name


def _criteria_table(comparison: Comparison, decision: Decision, words: Words) -> Table | None:
    scored = decision.scored
    if scored is None:
        return None
    columns = [Column(words.text("c_option"))]
    for criterion in scored.criteria:
        shown = _criterion_scale(criterion, words)
        weight = words.percent(criterion.weight)
        columns.append(Column(f"{criterion_name(criterion, words)} ({weight})", shown, "number", 2))
    columns += [Column(words.text("c_score"), kind="number", decimals=3, spread=True)]
    columns += [Column(words.text(f"c_{name}"), kind="number", decimals=3) for name in scored.others]
    columns += [Column(words.text("c_first"), "%", "percent", 0)]
    rows = []
    for key in scored.samples:
        middle, low, high = (float(part) for part in np.quantile(scored.samples[key], [0.5, 0.05, 0.95]))
        rows.append((
            Cell(option_name(comparison, key, words)), *(Cell(score) for score in scored.scores[key]),
            Cell(middle, low, high), *(Cell(found[key]) for found in scored.others.values()),
            Cell(scored.stability[key][0]),
        ))  # fmt: skip
    return Table(words.text("t_criteria"), words.text("criteria_caption", year=comparison.scenario.target_year),
                 tuple(columns), tuple(rows), note=words.text("criteria_note"))  # fmt: skip


def _criterion_scale(criterion: Criterion, words: Words) -> str:
    """Return the scale of a criterion with its unit, money in billions and rates in percent."""
    key = criterion.indicator.split(".")[0]
    unit = REGISTRY[key].unit if key in REGISTRY else MONEY_CRITERIA[key]
    factor, shown = 1.0, words.unit(unit)
    if unit == "VND":
        factor, shown = 1 / BILLION, words.text("unit_money_short")
    elif unit == "1":
        factor, shown = 100.0, "%"
    worst, best = (words.number(end * factor).replace("-", "−") for end in criterion.scale)
    return words.text("criterion_scale", worst=worst, best=best, unit=shown)


def _information_table(comparison: Comparison, decision: Decision, words: Words) -> Table:
    columns = (
        Column(words.text("c_aim")), Column(words.text("c_parameter")),
        Column(words.text("c_worth"), kind="number", decimals=3), Column(words.text("c_unit")),
        Column(words.text("c_basis")),
    )  # fmt: skip
    rows = []
    for aim in decision.aims:
        name, unit, scale = words.text(f"aim_{aim.key}"), unit_of(comparison, aim, words), scale_of(aim)
        if aim.perfect_information > 0:
            everything = Cell(words.text("everything"))
            rows.append((Cell(name), everything, Cell(aim.perfect_information * scale), Cell(unit), Cell("")))
        rows += [
            (Cell(name), Cell(words.label(found.label, found.parameter)), Cell(found.value * scale), Cell(unit),
             Cell(words.text(f"basis_{found.basis}")))
            for found in aim.information if found.value > 0
        ]  # fmt: skip
    return Table(words.text("t_information"), words.text("information_caption"), columns, tuple(rows))


def _turns_table(comparison: Comparison, decision: Decision, words: Words) -> Table:
    columns = (
        Column(words.text("c_aim")), Column(words.text("c_parameter")), Column(words.text("c_switch")),
        Column(words.text("c_below")), Column(words.text("c_above")), Column(words.text("c_range")),
    )  # fmt: skip
    rows = tuple(
        (
            Cell(words.text(f"aim_{aim.key}")), Cell(words.label(turn.label, turn.parameter)),
            Cell(amount(turn.value, turn.unit, words)), Cell(option_name(comparison, turn.below, words)),
            Cell(option_name(comparison, turn.above, words)),
            Cell(f"{amount(turn.low, turn.unit, words)} – {amount(turn.high, turn.unit, words)}"),
        )
        for aim in decision.aims
        for turn in aim.turns
    )  # fmt: skip
    return Table(words.text("t_turns"), words.text("turns_caption"), columns, rows)


def _curve_table(comparison: Comparison, decision: Decision, words: Words) -> Table | None:
    """Return the measures of every curve in their order, with what their place does to them; None without curves."""
    del decision
    if not comparison.curves:
        return None
    finance, last = comparison.scenario.finance, comparison.scenario.horizon
    effect = next(iter(comparison.curves.values())).effect
    unit = words.text(f"unit_curve_{effect}")
    money = words.text("unit_money", price_year=finance.price_year)
    each = words.text("unit_money_per_co2e" if effect == "ghg_net" else "unit_money_per_tonne",
                      price_year=finance.price_year)  # fmt: skip
    columns = (
        Column(words.text("c_option")), Column(words.text("c_measure")),
        Column(words.text(f"c_curve_{effect}"), unit, "number", 0),
        Column(words.text("c_curve_alone"), unit, "number", 0),
        Column(words.text("c_interaction"), unit, "number", 0),
        Column(words.text("c_curve_cost"), money, "number", 1), Column(words.text("c_unit_cost"), each, "number", 0),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for key, curve in comparison.curves.items():
        option = Cell(option_name(comparison, key, words))
        rows += [
            (
                option, Cell(measure_name(comparison, step.measure, words)), Cell(step.effect), Cell(step.alone_effect),
                Cell(step.interaction), Cell(step.cost / BILLION), Cell(step.unit_cost if step.effect > 0 else None),
            )
            for step in curve.steps
        ]  # fmt: skip
        rows.append((option, *_all_together(curve, words)))
    caption = words.text("curve_caption", first=finance.start, last=last)
    return Table(words.text("t_curve"), caption, columns, tuple(rows), note=words.text("curve_note"))


def _all_together(curve: Curve, words: Words) -> tuple[Cell, ...]:
    """Return the cells of the row on all measures of a curve: the sums of its steps, and of what each does alone."""
    cost, effect = (sum(parts) for parts in zip(*((step.cost, step.effect) for step in curve.steps), strict=True))
    _, alone = sum_of_single({step.measure: (step.alone_cost, step.alone_effect) for step in curve.steps})
    each = Cell(cost / effect if effect > 0 else None)
    name = Cell(words.text("curve_together"))
    return name, Cell(effect), Cell(alone), Cell(effect - alone), Cell(cost / BILLION), each


def _donor_table(comparison: Comparison, decision: Decision, words: Words) -> Table:
    price_year, last = comparison.scenario.finance.price_year, comparison.scenario.horizon
    money = words.text("unit_money", price_year=price_year)
    per_tonne = words.text("unit_money_per_tonne", price_year=price_year)
    per_co2e = words.text("unit_money_per_co2e", price_year=price_year)
    columns = (
        Column(words.text("c_option")), Column(words.text("c_per_more"), per_tonne, "number", 0, spread=True),
        Column(words.text("c_per_co2e"), per_co2e, "number", 0, spread=True),
        Column(words.text("c_grant"), money, "number", 1, spread=True),
        Column(words.text("c_grant_share"), "%", "percent", 0),
        Column(words.text("c_after", year=last), money, "number", 1, spread=True),
        Column(words.text("c_without")),
    )  # fmt: skip
    rows = []
    for found in decision.donations:
        option = comparison.option(found.option)
        labels = {project.id: project.label for project in option.projects}
        labels |= {programme.id: programme.label for programme in option.programmes}
        names = ", ".join(words.label(labels[key], key) for key in found.projects)
        key = "without_grant" if found.intake else "without_grant_programmes"
        lost = words.text(key, projects=names, mass=words.number(found.intake, 2))
        rows.append((
            Cell(option_name(comparison, found.option, words)), cell(found.per_tonne), cell(found.per_tonne_co2e),
            cell(found.grant, 1 / BILLION), Cell(found.share), cell(found.after, 1 / BILLION),
            Cell(lost if names else words.text("without_none")),
        ))  # fmt: skip
    return Table(words.text("t_donors"), words.text("donors_caption"), columns, tuple(rows),
                 note=words.text("donors_note"))  # fmt: skip
