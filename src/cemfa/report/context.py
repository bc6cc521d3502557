"""A comparison as the page shows it: plain values, finished sentences, tables and figures, in one language.

Between `comparison` and `html`; pure: the same comparison gives the same page. No arithmetic but formatting.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cemfa.comparison import pictures
from cemfa.comparison.pictures import headline_targets, place_of
from cemfa.comparison.words import Words
from cemfa.report import appendix, detail
from cemfa.report.benchmarks import benchmarks_table
from cemfa.report.cashflow import cash_flow_tables
from cemfa.report.choosing import Choosing, choosing, choosing_tables, leading
from cemfa.report.departments import departments_table
from cemfa.report.goals import Goals, courses_table, gaps_table, goals, gwp_sentence, targets_table
from cemfa.report.offices import OfficePage, office_pages
from cemfa.report.option import WIDE, FigureBlock, OptionPage, figure, option_page
from cemfa.report.overview import headline, how_to_read, summary
from cemfa.report.places import places_table
from cemfa.report.tables import Table

if TYPE_CHECKING:
    from cemfa.comparison.outcome import Comparison, OptionResult
    from cemfa.definition.schema import Change

_SHEETS: Final = (
    "reasons", "payers", "funding", "investment", "plants", "actors", "debt", "fees", "projects", "latest",
    "happened", "programmes", "drivers",
)  # fmt: skip
"""Tables with rows per option that are sheets of the workbook, in order."""

SECTIONS: Final = (
    "summary", "rates", "costs", "choosing", "today", "time", "options", "stress", "benchmarks",
    "targets", "departments", "assumptions", "run",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Page:
    """One language of the report, ready for the template; every number is already text or in a table."""

    lang: str
    language_name: str
    language_switch: str
    html_title: str
    title: str
    subtitle: str
    meta: str
    origin: str
    elsewhere: str
    skip: str
    contents: str
    back: str
    validity: str
    headings: Mapping[str, str]
    headline: tuple[str, ...]
    summary: Table
    how_title: str
    how: tuple[str, ...]
    rate_figures: tuple[FigureBlock, ...]
    cost_figures: tuple[FigureBlock, ...]
    choosing: Choosing | None
    base_flows: tuple[FigureBlock, ...]
    timeline: FigureBlock | None
    options: tuple[OptionPage, ...]
    stress: Table | None
    stress_text: str
    stress_cases: tuple[str, ...]
    goals: Goals
    goals_others: str
    targets_text: str
    places: Table
    benchmarks: Table
    departments: Table
    departments_text: str
    offices: tuple[OfficePage, ...]
    matter: Table
    assumptions: Table
    assumptions_text: str
    assumptions_all: str
    sources: Table
    sources_title: str
    run: Table


def page(comparison: Comparison, lang: str) -> Page:
    """Return one language of the report.

    Parameters
    ----------
    comparison : the finished comparison
    lang : "vi" or "en"
    """
    words = Words(lang, comparison.replications)
    scenario = comparison.scenario
    shared = pictures.diagrams(comparison)
    tables = detail.page_tables(comparison, words)
    assumptions, sources = appendix.assumptions_table(comparison, words), appendix.sources_table(comparison, words)
    time, stress = _timeline(comparison, words), _stress(comparison, words)
    choice, duties = choosing(comparison, words), departments_table(comparison, words)
    elsewhere = benchmarks_table(comparison, words)
    shown = {"time": time, "stress": stress, "choosing": choice, "departments": duties, "benchmarks": elsewhere}
    absent = {key for key, content in shown.items() if not content}
    return Page(
        lang=lang,
        language_name=words.text("vietnamese" if lang == "vi" else "english"),
        language_switch=words.text("language_switch"),
        html_title=words.text("html_title", label=words.label(scenario.label)),
        title=words.text("title"),
        subtitle=_subtitle(comparison, words),
        meta=words.text(
            "meta", target_year=scenario.target_year, first=scenario.decisions_from, last=scenario.horizon,
            price_year=scenario.finance.price_year, replications=comparison.replications,
        ),
        origin=words.text(
            "origin", version=comparison.version, scenario=scenario.id, replications=comparison.replications
        ),
        elsewhere=words.text("elsewhere"),
        skip=words.text("skip"),
        contents=words.text("contents"),
        back=words.text("back"),
        validity=words.text("validity", area=_area(comparison, words)),
        headings={key: words.text(f"s_{key}") for key in SECTIONS if key not in absent},
        headline=tuple(filter(None, (*headline(comparison, words), leading(comparison, words)))),
        summary=summary(comparison, comparison.plain, words),
        how_title=words.text("how_title"),
        how=(*how_to_read(comparison, words), gwp_sentence(comparison, words)),
        rate_figures=_rate_figures(comparison, words),
        cost_figures=_cost_figures(comparison, words),
        choosing=choice,
        base_flows=_base_flows(comparison, shared, words),
        timeline=time,
        options=tuple(option_page(comparison, option, tables, shared, words) for option in comparison.plain),
        stress=stress,
        stress_text=words.text("stress_text"),
        stress_cases=_stress_cases(comparison, words),
        goals=goals(comparison, words),
        goals_others=words.text("courses_others"),
        targets_text=_targets_text(comparison, words),
        places=places_table(comparison, words),
        benchmarks=elsewhere,
        departments=duties,
        departments_text=words.text("departments_text", count=len(duties.rows)),
        offices=office_pages(comparison, words),
        matter=_matter(comparison, tables["drivers"]),
        assumptions=assumptions,
        assumptions_text=appendix.assumptions_text(comparison, words),
        assumptions_all=words.text("assumptions_all", count=len(assumptions.rows)),
        sources=sources,
        sources_title=words.text("sources_title", count=len(sources.rows)),
        run=appendix.run_table(comparison, words),
    )  # fmt: skip


def workbook_tables(comparison: Comparison, lang: str) -> tuple[Table, ...]:
    """Return the tables of the workbook in one language, in the order of its sheets."""
    words = Words(lang, comparison.replications)
    tables = detail.page_tables(comparison, words)
    per_option = [tables[name] for name in _SHEETS if tables[name]]
    return (
        summary(comparison, comparison.options, words),
        targets_table(comparison, words),
        *(found for build in (courses_table, gaps_table) if (found := build(comparison, words))),
        *choosing_tables(comparison, words),
        *per_option,
        *cash_flow_tables(comparison, words),
        *([places] if (places := places_table(comparison, words)) else []),
        *([elsewhere] if (elsewhere := benchmarks_table(comparison, words)) else []),
        *([duties] if (duties := departments_table(comparison, words)) else []),
        *detail.long_tables(comparison, words),
        appendix.assumptions_table(comparison, words),
        appendix.sources_table(comparison, words),
        appendix.run_table(comparison, words),
    )


def workbook_source(comparison: Comparison, lang: str) -> str:
    """Return what stands as the source below every table of the workbook."""
    words = Words(lang, comparison.replications)
    return words.text(
        "annex_from", version=comparison.version, scenario=comparison.scenario.id, count=comparison.replications,
        seed=comparison.seed, assumptions=words.text("t_assumptions"), sources=words.text("t_sources"),
    )  # fmt: skip


def _area(comparison: Comparison, words: Words) -> str:
    model = comparison.model
    return words.label(model.area) if model.area else words.label(model.label)


def _subtitle(comparison: Comparison, words: Words) -> str:
    """Return the scenario with its area, which is not said twice."""
    label, area = words.label(comparison.scenario.label), _area(comparison, words)
    return label if area.casefold() in label.casefold() else words.text("subtitle", scenario=label, area=area)


def _rate_figures(comparison: Comparison, words: Words) -> tuple[FigureBlock, ...]:
    drawn = []
    for target in headline_targets(comparison):
        place = place_of(comparison, target, words)
        picture = pictures.rates(comparison, target, place, words)
        drawn.append(figure(picture, f"rates-{target.id}", words.text("f_rates", place=place), words, 760))
    return tuple(filter(None, drawn))


def _cost_figures(comparison: Comparison, words: Words) -> tuple[FigureBlock, ...]:
    drawn = []
    for target in headline_targets(comparison):
        place = place_of(comparison, target, words)
        caption = words.text("f_costs", year=target.year, place=place)
        drawn.append(
            figure(pictures.costs(comparison, target, place, words), f"costs-{target.id}", caption, words, 700)
        )
    caption = pictures.unit_costs_caption(comparison, words)
    drawn.append(figure(pictures.unit_costs(comparison, words), "unit-costs", caption, words, 700))
    return tuple(filter(None, drawn))


def _base_flows(comparison: Comparison, shared: pictures.Diagrams, words: Words) -> tuple[FigureBlock, ...]:
    year = pictures.base_year(comparison)
    waste = pictures.flows(comparison, comparison.option(comparison.baseline), year, shared, words)
    rest = pictures.by_products(comparison, shared, words)
    drawn = (
        figure(waste, "flows-base", words.text("f_sankey_base", year=year), words, WIDE),
        figure(rest, "flows-by-products", words.text("f_by_products", year=year), words, WIDE),
    )
    return tuple(filter(None, drawn))


def _timeline(comparison: Comparison, words: Words) -> FigureBlock | None:
    caption, note = words.text("f_gantt"), words.text("f_stages_note")
    return figure(pictures.timeline(comparison, words), "timeline", caption, words, 760, note)


def _stress(comparison: Comparison, words: Words) -> Table | None:
    if not comparison.stressed:
        return None
    hit = {option.base_option for option in comparison.stressed}
    rows = [option for base in comparison.plain if base.id in hit for option in (base, *_cases(comparison, base.id))]
    return summary(comparison, rows, words, words.text("s_stress"))


def _cases(comparison: Comparison, base: str) -> tuple[OptionResult, ...]:
    return tuple(option for option in comparison.stressed if option.base_option == base)


def _stress_cases(comparison: Comparison, words: Words) -> tuple[str, ...]:
    return tuple(
        words.text(
            "stress_case", label=words.label(case.label), share=words.percent(case.intake_share),
            note="".join(f"; {_changed(comparison, change, words)}" for change in case.changes),
            basis=words.text(f"basis_{case.basis}"),
        )
        for case in comparison.scenario.stress.values()
    )  # fmt: skip


def _changed(comparison: Comparison, change: Change, words: Words) -> str:
    """Return what a stress case does to a parameter, with its last value: ``impurities in what is accepted: 30%``."""
    name = comparison.model.name_of("parameter", change.parameter, words.lang)
    held = [(key, (items,) if isinstance(items, str) else items) for key, items in change.place.items()]
    where = [appendix.item_name(comparison.model, key, item, words) for key, items in held for item in items]
    name += f" ({', '.join(where)})" if where else ""
    value = change.adoption.end if change.adoption is not None else change.values[max(change.values)]
    share = change.unit == "1" and change.how != "multiply"
    shown = words.percent(value) if share else f"{words.number(value)} {words.unit(change.unit)}".removesuffix(" 1")
    return words.text(f"changed_{change.how}", name=name, value=shown)


def _targets_text(comparison: Comparison, words: Words) -> str:
    judged = sum(found.kind == "judged" for found in comparison.plain[0].targets)
    count = len(comparison.model.targets)
    key = "targets_text" if judged < count else "targets_text_all"
    return words.text(key, count=count, judged=judged)


def _matter(comparison: Comparison, drivers: Table) -> Table:
    """Return the drivers of the option that comes nearest to the first headline target."""
    targets = comparison.headline
    ranked = comparison.ranking.get(targets[0], ()) if targets else ()
    first = next((key for key in ranked if comparison.option(key).drivers), comparison.baseline)
    return drivers.only(first, caption=f"{drivers.caption} ({_written_name(comparison, first, drivers)})")


def _written_name(comparison: Comparison, key: str, drivers: Table) -> str:
    found = (str(row[0].value) for row, of in zip(drivers.rows, drivers.keys, strict=True) if of == key)
    return next(found, comparison.option(key).id)
