"""Targets in the report: the sets side by side by document, the way to each of them, and the gap by district.

Between `comparison` and `context`; picks and names, reckons nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cemfa import locale
from cemfa.comparison.pictures import full_name, headline_targets, place_of
from cemfa.comparison.words import Words, sense
from cemfa.indicators import REGISTRY
from cemfa.indicators.ipcc import GWP
from cemfa.report.overview import cell, judgement, tone_of
from cemfa.report.tables import Cell, Column, Table
from cemfa.targets import target_sets

if TYPE_CHECKING:
    from cemfa.comparison.outcome import Comparison, OptionResult
    from cemfa.definition.schema import Target
    from cemfa.targets import Assessment, Step

_DISTRICT: Final = "district"


@dataclass(frozen=True, slots=True)
class Goals:
    """The section on targets: a table per document, the way to those that decide and to the others, gaps by district.

    Parameters
    ----------
    sets : one table per document
    courses, others : one table per judged target in force, those that decide apart from the others
    gaps : one table per target whose gap is known by district
    """

    sets: tuple[Table, ...]
    courses: tuple[Table, ...]
    others: tuple[Table, ...]
    gaps: tuple[Table, ...]


def goals(comparison: Comparison, words: Words) -> Goals:
    """Return what the page shows of targets."""
    every, course, gap = (build(comparison, words) for build in (targets_table, courses_table, gaps_table))
    sets = target_sets(comparison.model.targets)
    first = [target.id for target in headline_targets(comparison)]
    rest = [key for key in dict.fromkeys(course.keys) if key not in first]

    def parts(table: Table, keys: list[str], text: str) -> tuple[Table, ...]:
        held = (_captioned(comparison, table, key, text, words) for key in keys)
        return tuple(part for part in held if part)

    return Goals(
        tuple(every.only(s.document, drop=2, caption=f"{s.document} ({s.issuer})") for s in sets),
        parts(course, first, "course_of"), parts(course, rest, "course_of"), parts(gap, first, "gaps_of"),
    )  # fmt: skip


def _captioned(comparison: Comparison, table: Table, key: str, text: str, words: Words) -> Table:
    target = next(found for found in comparison.model.targets if found.id == key)
    return table.only(key, drop=2, caption=words.text(text, number=key, target=_stated(target, words)))


def _stated(target: Target, words: Words) -> str:
    """Return a target as one says it: ``Rural organic waste recycled ≥ 70 %, 2030``."""
    return f"{words.label(target.label)} {asked(target, words)}, {target.year}"


def targets_table(comparison: Comparison, words: Words) -> Table:
    """Return every target with document, status, last report, and what every option does for it."""
    plain = comparison.plain
    columns = (
        Column(words.text("c_document")), Column(words.text("c_issuer")),
        Column(words.text("c_key")), Column(words.text("c_target")), Column(words.text("c_clause"), narrow=False),
        Column(words.text("c_due"), kind="year"), Column(words.text("c_asked")), Column(words.text("c_status")),
        Column(words.text("c_reported")), Column(words.text("c_judged")),
        *(Column(option.letter or words.label(option.label)) for option in plain),
    )  # fmt: skip
    rows, keys = [], []
    for target in comparison.model.targets:
        judged = plain[0].target(target.id)
        rows.append((
            Cell(target.document), Cell(target.issuer), Cell(target.id), Cell(words.label(target.label)),
            Cell(target.clause), Cell(float(target.year)), Cell(asked(target, words)),
            Cell(words.text(f"status_{target.status}")), Cell(reported(target, words)),
            Cell(_kind(comparison, judged, target, words)),
            *(achieved(option.target(target.id), words) for option in plain),
        ))  # fmt: skip
        keys.append(target.document)
    return Table(words.text("t_targets"), words.text("targets_caption"), columns, tuple(rows), tuple(keys))


def courses_table(comparison: Comparison, words: Words) -> Table:
    """Return the way to every judged target in force: what its path asks for and what each option has, year by year."""
    shown = [target for target in comparison.model.targets if _is_judged(comparison, target)]
    asked = {target.id: _asked_by_year(comparison, target) for target in shown}
    years = sorted({year for path in asked.values() for year in path})
    columns = (
        Column(words.text("c_key")), Column(words.text("c_target")), Column(words.text("c_option")),
        Column(words.text("c_unit")),
        *(Column(str(year), kind="number", spread=True) for year in years),
        Column(words.text("c_on_path")), Column(words.text("c_first_met")),
        Column(words.text("c_missing_points"), words.text("unit_points"), "number", 1, spread=True, narrow=False),
        Column(words.text("c_missing"), words.text("unit_tonnes_per_day"), "number", 1, spread=True),
        Column(words.text("c_reachable"), kind="number", decimals=1), Column(words.text("c_lever")),
    )  # fmt: skip
    rows, keys = [], []
    for target in shown:
        unit, scale = _unit(target, words)
        head = (Cell(target.id), Cell(words.label(target.label)))
        path = (Cell(value * scale if (value := asked[target.id].get(year)) is not None else None) for year in years)
        rows.append((*head, Cell(words.text("path_asks")), Cell(unit), *path, *[Cell("")] * 2, *_ABSENT, Cell("")))
        rows += [(*head, *_course(option, target, years, words)) for option in comparison.plain]
        keys += [target.id] * (1 + len(comparison.plain))
    return Table(words.text("t_courses"), words.text("t_courses"), columns, tuple(rows), tuple(keys),
                 words.text("courses_note"))  # fmt: skip


_ABSENT: Final = (Cell(None),) * 3


def _course(option: OptionResult, target: Target, years: list[int], words: Words) -> tuple[Cell, ...]:
    found = option.target(target.id)
    unit, scale = _unit(target, words)
    steps = {step.year: step for step in found.steps}
    missing = found.gap_mass if not found.met else None
    points = found.gap_points if not found.met else None
    lever = locale.text(f"comparison.lever.{found.lever}", words.lang) if found.lever else ""
    return (
        Cell(full_name(option, words)), Cell(unit), *(_step(steps.get(year), scale) for year in years),
        Cell(words.text("yes" if found.on_path else "no"), tone="good" if found.on_path else "bad"),
        Cell(_first_met(found, words)),
        cell(points), cell(missing), Cell(found.reachable * scale if found.reachable is not None else None),
        Cell(lever),
    )  # fmt: skip


def _first_met(found: Assessment, words: Words) -> str:
    if found.first_met is None:
        return words.text("never_met")
    kept = found.met or found.first_met > found.target.year
    return str(found.first_met) if kept else words.text("met_and_lost", year=found.first_met)


def _step(step: Step | None, scale: float) -> Cell:
    if step is None:
        return Cell(None)
    chance = step.on_path
    return cell(step.value, scale, "" if chance is None else "good" if chance >= 0.5 else "bad")


def gaps_table(comparison: Comparison, words: Words) -> Table:
    """Return the part of every district in the gap of each target for which it is known [t/d], with its share."""
    shown = [target for target in headline_targets(comparison) if comparison.plain[0].target(target.id).gap_by_district]
    columns = (
        Column(words.text("c_key")), Column(words.text("c_target")), Column(words.text("division_district")),
        *(Column(full_name(option, words), words.text("unit_tonnes_per_day"), "number", 1, spread=True)
          for option in comparison.plain),
    )  # fmt: skip
    rows = list(_gap_rows(comparison, shown, words))
    keys = tuple(str(row[0].value) for row in rows)
    return Table(words.text("t_gaps"), words.text("t_gaps"), columns, tuple(rows), keys, words.text("gaps_note"))


def _gap_rows(comparison: Comparison, shown: list[Target], words: Words) -> Iterator[tuple[Cell, ...]]:
    names = {item.id: words.label(item.label, item.id) for item in comparison.model.items(_DISTRICT)} if shown else {}
    for target in shown:
        judged = [option.target(target.id) for option in comparison.plain]
        for district in judged[0].gap_by_district:
            name = names.get(district, district)
            parts = (_gap(found, district, words) for found in judged)
            yield (Cell(target.id), Cell(words.label(target.label)), Cell(name), *parts)


def _gap(found: Assessment, district: str, words: Words) -> Cell:
    part, share = found.gap_by_district.get(district), found.share_of_gap.get(district)
    held = cell(part)
    if part is None or share is None:
        return held
    shown = f"{locale.number(part.p50, words.lang, 1).replace('-', '−')} ({words.percent(share)})"
    return Cell(held.value, held.low, held.high, words=shown.replace("(-", "(−"))


def gwp_sentence(comparison: Comparison, words: Words) -> str:
    """Return which edition of the warming potentials the greenhouse gases are reckoned with."""
    gwp = GWP[comparison.scenario.gwp]
    ch4, n2o = (locale.number(value, words.lang) for value in (gwp.ch4, gwp.n2o))
    return words.text("how_gwp", edition=gwp.edition, ch4=ch4, n2o=n2o)


def _is_judged(comparison: Comparison, target: Target) -> bool:
    found = comparison.plain[0].target(target.id)
    return found.kind == "judged" and not found.is_closed and bool(found.steps)


def _asked_by_year(comparison: Comparison, target: Target) -> dict[int, float]:
    steps = comparison.plain[0].target(target.id).steps
    return {step.year: step.wanted for step in steps if step.wanted is not None}


def _unit(target: Target, words: Words) -> tuple[str, float]:
    """Return the unit in which a target's indicator is shown, and its factor."""
    unit = REGISTRY[target.indicator or target.contribution or ""].unit
    return ("%", 100.0) if unit == "1" else (words.unit(unit), 1.0)


def asked(target: Target, words: Words) -> str:
    """Return what a target asks for: ``≥ 70 %``, or a direction in words."""
    if target.value is None:
        return words.text(f"sense_{target.sense}")
    return f"{sense(target)} {locale.number(target.value, words.lang)} {words.unit(target.unit)}"


def reported(target: Target, words: Words) -> str:
    """Return what was last reported, with its year; that nothing is known is said, too."""
    last = target.reported
    if last is None:
        return words.text("reported_none")
    value = f"{locale.number(last.value, words.lang)} {words.unit(target.unit)}"
    return words.text("reported_last", value=value, year=last.year, source=last.source)


def _kind(comparison: Comparison, judged: Assessment, target: Target, words: Words) -> str:
    if judged.is_closed:
        text = words.text("not_due")
    elif judged.kind == "judged":
        return locale.text(f"indicators.{target.indicator}", words.lang) + f" ({place_of(comparison, target, words)})"
    else:
        text = words.text("recorded" if judged.kind == "recorded" else "text_only")
    note = words.label(target.note)
    return f"{text}: {note}" if note else text


def achieved(found: Assessment, words: Words) -> Cell:
    """Return what an option has for a target, and with what probability it meets it."""
    if found.value is None:
        return Cell("–")
    unit = REGISTRY[found.target.indicator or found.target.contribution or ""].unit
    if found.added is not None:
        scale, name = (100.0, words.text("unit_points")) if unit == "1" else (1.0, words.unit(unit))
        return Cell(words.text("added", value=f"{words.spread(found.added, scale, figures=2)} {name}"))
    value = words.rate(found.value) if unit == "1" else f"{words.spread(found.value)} {words.unit(unit)}"
    if found.probability is None or found.is_closed:
        return Cell(value)
    return Cell(
        f"{value}; {words.text(judgement(found))} ({words.probability(found.probability)})", tone=tone_of(found)
    )
