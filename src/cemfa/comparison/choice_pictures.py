"""The figures of a choice: what could turn it round, and how stable ranks are, picked out of a comparison.

Beside `pictures`; every function returns a picture in one language, or None where there is nothing to show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cemfa.comparison.measures import put_together
from cemfa.comparison.pictures import full_name
from cemfa.comparison.words import BILLION, Words
from cemfa.figures.choices import Block, Lost, Standing, Swing, cost_steps, rank_shares, tornado_bars
from cemfa.figures.picture import Picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cemfa.comparison.measures import Step
    from cemfa.comparison.outcome import Aim, Comparison

_MUCH: Final = ((BILLION, "bn"), (1e6, "mn"))
"""Sizes of money, with the marks of their units."""


def stability(comparison: Comparison, words: Words) -> Picture | None:
    """Return under which share of all weights each option stands at which rank; None without criteria."""
    scored = comparison.decision.scored if comparison.decision else None
    if scored is None:
        return None
    standings = [Standing(option_name(comparison, key, words), tuple(row)) for key, row in scored.stability.items()]
    standings.sort(key=lambda standing: standing.shares, reverse=True)
    return rank_shares(standings, words.lang, title=words.text("f_stability"), x_label=words.text("axis_weights"))


def swings(comparison: Comparison, key: str, words: Words) -> Picture | None:
    """Return what single parameters do to the value of the leader by an aim; None where nothing tells."""
    aim = comparison.decision.aim(key) if comparison.decision else None
    if aim is None or not aim.bars:
        return None
    scale = scale_of(aim)
    bars = [
        Swing(words.label(aim.labels[bar.parameter], bar.parameter), amount(bar.low, aim.units[bar.parameter], words),
              amount(bar.high, aim.units[bar.parameter], words), bar.at_low * scale, bar.at_high * scale)
        for bar in aim.bars
    ]  # fmt: skip
    label = f"{words.text(f'aim_{aim.key}')} ({unit_of(comparison, aim, words)})"
    title = tornado_caption(comparison, aim, words)
    return tornado_bars(bars, aim.expected[aim.leader] * scale, words.lang, title=title, x_label=label)


def abatement(comparison: Comparison, key: str, words: Words) -> Picture | None:
    """Return the abatement cost curve of an option; None where none was worked out or nothing is added."""
    curve = comparison.curves.get(key)
    blocks = put_together(curve.steps) if curve else ()
    if curve is None or not blocks:
        return None

    def name(steps: Sequence[Step]) -> str:
        return " + ".join(measure_name(comparison, step.measure, words) for step in steps)

    standing = sum(len(steps) for steps, _, _ in blocks)
    return cost_steps(
        [Block(name(steps), effect / 1e3, cost / effect / 1e3) for steps, cost, effect in blocks], words.lang,
        lost=[Lost(name([step]), -step.effect / 1e3) for step in curve.steps[standing:] if step.effect < 0],
        title=abatement_caption(comparison, key, words), x_label=words.text(f"axis_curve_{curve.effect}"),
        y_label=words.text(f"axis_curve_cost_{curve.effect}", price_year=comparison.scenario.finance.price_year),
    )  # fmt: skip


def abatement_caption(comparison: Comparison, key: str, words: Words) -> str:
    """Return what an abatement cost curve shows, of which option and over which years."""
    scenario = comparison.scenario
    option = option_name(comparison, key, words)
    return words.text("f_curve", option=option, first=scenario.finance.start, last=scenario.horizon)


def measure_name(comparison: Comparison, key: str, words: Words) -> str:
    """Return the name of a project or programme by its id."""
    for option in comparison.scenario.options.values():
        for held in (option.projects, option.programmes):
            if key in held:
                return words.label(held[key].label, key)
    return key


def tornado_caption(comparison: Comparison, aim: Aim, words: Words) -> str:
    """Return what a tornado shows, of which option and by which aim."""
    return words.text("f_tornado", option=option_name(comparison, aim.leader, words), aim=words.text(f"aim_{aim.key}"))


def option_name(comparison: Comparison, key: str, words: Words) -> str:
    """Return letter and label of an option by its id."""
    return full_name(comparison.option(key), words)


def scale_of(aim: Aim) -> float:
    """Return by what the values of an aim are multiplied to be shown: rates in percent, money in billions."""
    return {"rate": 100.0, "npv": 1 / BILLION}.get(aim.key, 1.0)


def unit_of(comparison: Comparison, aim: Aim, words: Words) -> str:
    """Return the unit of an aim as shown, with the year that it speaks of."""
    scenario = comparison.scenario
    if aim.key == "npv":
        return words.text("unit_money", price_year=scenario.finance.price_year)
    key = "unit_rate_year" if aim.key == "rate" else "unit_score"
    return words.text(key, year=scenario.target_year)


def amount(value: float, unit: str, words: Words) -> str:
    """Return a value of a parameter with its unit; a fraction as percent, much money in millions or billions.

    >>> amount(1.01e9, "VND/(t/d)", Words("vi"))
    '1,01 tỷ đồng cho 1 tấn/ngày'
    """
    if unit == "1":
        return words.percent(value, 0 if value >= 0.1 else 1)
    for size, much in _MUCH:
        if abs(value) >= size and (shown := words.unit(f"{much}_{unit}")) != f"{much}_{unit}":
            return f"{words.number(value / size)} {shown}"
    return f"{words.number(value)} {words.unit(unit)}".strip()
