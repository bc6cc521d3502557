"""The first page: what the comparison found, in sentences and one table, before anything else.

Between `comparison` and `context`; sentences are chosen and filled from numbers, nothing is reckoned.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from cemfa import locale
from cemfa.comparison import pictures
from cemfa.comparison.drawn import any_name
from cemfa.comparison.pictures import headline_targets, place_of
from cemfa.comparison.words import BILLION, Words
from cemfa.report.tables import Cell, Column, Table, Tone
from cemfa.targets import HOPELESS

if TYPE_CHECKING:
    from cemfa.comparison.outcome import Comparison, OptionResult
    from cemfa.definition.schema import Target
    from cemfa.indicators.spread import Stat
    from cemfa.targets import Assessment

LIKELY: Final = 0.5
SURE: Final = 0.95
_MOST_DRIVERS: Final = 3


def short_target(comparison: Comparison, target: Target, words: Words) -> str:
    """Return a target in short: ``≥ 70 % (rural)``."""
    return words.target(target, place_of(comparison, target, words))


def tone_of(assessment: Assessment) -> Tone:
    """Return how a judgement is coloured: by its probability."""
    chance = assessment.probability
    if chance is None:
        return ""
    return "good" if chance >= LIKELY else "unsure" if chance > HOPELESS else "bad"


def judgement(assessment: Assessment) -> str:
    """Return the key of a judgement in words: by its probability, so that “met” is never a coin toss."""
    chance = assessment.probability or 0.0
    if chance >= SURE:
        return "met_yes"
    if chance >= LIKELY:
        return "met_likely"
    return "met_unlikely" if chance > HOPELESS else "met_hopeless"


def headline(comparison: Comparison, words: Words) -> tuple[str, ...]:
    """Return the answer in a few sentences: which targets can be met, what comes nearest, what is least sure."""
    sentences = [_answer(comparison, target, words) for target in headline_targets(comparison)]
    lost = [short_target(comparison, t, words) for t in headline_targets(comparison) if t.id in comparison.hopeless]
    if lost:
        sentences.append(words.text("headline_hopeless", targets=", ".join(lost)))
    if comparison.decision and not comparison.decision.aim("rate"):
        sentences.append(words.text("headline_no_rate"))
    doubts = _doubts(comparison, words)
    return (*sentences, *([doubts] if doubts else []))


def summary(comparison: Comparison, options: Sequence[OptionResult], words: Words, caption: str = "") -> Table:
    """Return the options side by side: rates, probabilities, what is missing, money, climate, doubt."""
    scenario, targets = comparison.scenario, headline_targets(comparison)
    year, price_year = scenario.target_year, scenario.finance.price_year
    columns = [Column(words.text("c_option"))]
    for target in targets:
        place = place_of(comparison, target, words)
        short = short_target(comparison, target, words)
        columns += [
            Column(_capital(words.text("c_rate", place=place, year=year)), "%", "percent", 0, spread=True),
            Column(words.text("c_probability", target=short), kind="percent", decimals=0),
            Column(words.text("c_gap", target=short), words.text("unit_tonnes_per_day"), "number", 0, spread=True),
        ]
    money = words.text("unit_money", price_year=price_year)
    columns += [
        Column(words.text("c_capex"), money, "number", 0, spread=True),
        Column(
            words.text("c_budget", first=scenario.finance.start, last=scenario.horizon), money, "number", 1, spread=True
        ),
        Column(words.text("c_ghg"), words.text("unit_co2e"), "number", 0, spread=True),
        Column(words.text("c_least")),
        *_money_columns(price_year, comparison.scenario.target_year, words),
    ]
    rows = tuple(_row(comparison, option, targets, words) for option in options)
    caption = caption or words.text("summary_caption", year=year)
    return Table(words.text("t_summary"), caption, tuple(columns), rows, tuple(option.id for option in options))


def how_to_read(comparison: Comparison, words: Words) -> tuple[str, ...]:
    """Return the few sentences a reader needs to read the numbers rightly."""
    scenario = comparison.scenario
    baseline = words.label(comparison.option(comparison.baseline).label)
    return (
        words.text("how_middle"),
        words.text("how_probability", year=scenario.target_year),
        words.text("how_rate"),
        words.text("how_difference", baseline=baseline),
        words.text("how_money", start=scenario.finance.start, price_year=scenario.finance.price_year),
        *_unadjusted(comparison, words),
    )


def _unadjusted(comparison: Comparison, words: Words) -> Iterator[str]:
    """Yield which numbers entered in money of their own year."""
    found = dict.fromkeys(pair for option in comparison.options for pair in option.economics.unadjusted)
    if found:
        model, scenario = comparison.model, comparison.scenario
        names = [f"{any_name(model, scenario, key, words)} ({year})" for key, year in found]
        yield words.text("how_unadjusted", price_year=scenario.finance.price_year, names="; ".join(names))


def cell(stat: Stat | None, scale: float = 1.0, tone: Tone = "") -> Cell:
    """Return a cell with the median and its spread; None where there is no number."""
    if stat is None:
        return Cell(None)
    ends = sorted((stat.p5 * scale, stat.p95 * scale))
    return Cell(stat.p50 * scale, ends[0], ends[1], tone=tone)


def anchor(option: OptionResult, words: Words) -> str:
    """Return the id of an option's section."""
    return f"{words.lang}-option-{option.base_option}".replace("_", "-")


def _row(comparison: Comparison, option: OptionResult, targets: Sequence[Target], words: Words) -> tuple[Cell, ...]:
    cells = [Cell(pictures.full_name(option, words), link=anchor(option, words))]
    for target in targets:
        found = option.target(target.id)
        chance = found.probability
        missing = found.gap_mass if found.gap_mass and found.gap_mass.p50 > 0 else None
        cells += [
            cell(found.value),
            Cell(chance, words=words.probability(chance) if chance is not None else "", tone=tone_of(found)),
            cell(missing) if missing else Cell(0.0 if found.gap_mass else None),
        ]
    least = option.drivers[0] if option.drivers else None
    return (
        *cells,
        cell(option.economics.capex, 1 / BILLION),
        cell(pictures.yearly_payment(option), 1 / BILLION),
        cell(option.paired.get("ghg_net")) if option.id != comparison.baseline else Cell(0.0),
        Cell(words.label(least.label, least.parameter) if least else ""),
        *_money_cells(option),
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _money_columns(price_year: int, year: int, words: Words) -> tuple[Column, ...]:
    """Return what only the workbook shows beside the overview."""
    money, per_tonne = (words.text(key, price_year=price_year) for key in ("unit_money", "unit_money_per_tonne"))
    return (
        Column(words.text("c_opex"), money, "number", 1, spread=True, narrow=False),
        Column(words.text("c_npv"), money, "number", 1, spread=True, narrow=False),
        Column(words.text("c_levelised"), per_tonne, "number", 0, spread=True, narrow=False),
        Column(words.text("c_levelised_net"), per_tonne, "number", 0, spread=True, narrow=False),
        Column(words.text("c_value_added", year=year), per_tonne, "number", 0, spread=True, narrow=False),
        Column(words.text("c_landfill"), words.text("unit_tonnes_per_year"), "number", 0, spread=True, narrow=False),
        Column(words.text("c_jobs"), words.text("unit_jobs"), "number", 0, spread=True, narrow=False),
        Column(words.text("c_best"), "%", "percent", 0, narrow=False),
    )


def _money_cells(option: OptionResult) -> tuple[Cell, ...]:
    economics = option.economics
    return (
        cell(economics.opex, 1 / BILLION), cell(economics.npv, -1 / BILLION), cell(economics.levelised_cost),
        cell(economics.levelised_cost_net), cell(economics.value_added_per_tonne),
        cell(option.paired.get("landfilled_mass")), cell(economics.jobs),
        Cell(option.probability_best),
    )  # fmt: skip


def _answer(comparison: Comparison, target: Target, words: Words) -> str:
    short = short_target(comparison, target, words)
    plain = {option.id: option for option in comparison.plain}
    likely = [o for o in plain.values() if (o.target(target.id).probability or 0.0) >= LIKELY]
    if likely:
        names = ", ".join(
            words.text("headline_likely", option=pictures.full_name(option, words),
                       probability=words.probability(option.target(target.id).probability or 0.0))
            for option in likely
        )  # fmt: skip
        return words.text("headline_some", target=short, year=target.year, options=names)
    ranked = [plain[key] for key in comparison.ranking.get(target.id, ()) if key in plain]
    first = ranked[0] if ranked else None
    if target.id in comparison.hopeless:
        limit = locale.percent(HOPELESS, words.lang, 0)
        sentence = words.text("headline_none", target=short, year=target.year, limit=limit)
        return f"{sentence} {_nearest(first, target, words)}" if first else sentence
    best = max(plain.values(), key=lambda option: option.target(target.id).probability or 0.0)
    chance = words.probability(best.target(target.id).probability or 0.0)
    name = pictures.full_name(best, words)
    return words.text("headline_unlikely", target=short, year=target.year, option=name, probability=chance)


def _nearest(option: OptionResult, target: Target, words: Words) -> str:
    found = option.target(target.id)
    if found.value is None or found.gap_points is None:
        return ""
    gap = words.number(found.gap_points.p50, 2)
    name = pictures.full_name(option, words)
    return words.text("headline_nearest", option=name, value=words.rate(found.value), gap=gap)


def _doubts(comparison: Comparison, words: Words) -> str:
    """Return what the rate of the option nearest to the first target is least sure about."""
    targets = headline_targets(comparison)
    ranked = comparison.ranking.get(targets[0].id, ()) if targets else ()
    first = next((comparison.option(key) for key in ranked if comparison.option(key).drivers), None)
    if first is None:
        return ""
    names = "; ".join(words.label(driver.label, driver.parameter) for driver in first.drivers[:_MOST_DRIVERS])
    return words.text("headline_drivers", drivers=names, unverified=words.percent(first.unverified_share))
