"""One option in full: does it meet the targets, why not, what does it cost and who pays, climate, doubt, what is built.

Between `comparison` and `context`; sentences are chosen and filled from numbers, nothing is reckoned.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from cemfa import locale
from cemfa.comparison import operation, pictures
from cemfa.comparison.happened import history
from cemfa.comparison.pairs import HEADLINE, at
from cemfa.comparison.pictures import headline_targets, place_of
from cemfa.comparison.words import BILLION, Words
from cemfa.figures.picture import Picture
from cemfa.figures.svg import inline_svg
from cemfa.indicators import ALL
from cemfa.indicators.spread import stat_of
from cemfa.report import detail
from cemfa.report.overview import anchor, judgement, tone_of
from cemfa.report.tables import Table

if TYPE_CHECKING:
    from cemfa.comparison.outcome import Comparison, OptionResult
    from cemfa.definition.schema import Target
    from cemfa.indicators.spread import Stat

NARROW: Final = 620
WIDE: Final = 1150


@dataclass(frozen=True, slots=True)
class FigureBlock:
    """A figure in the page: finished SVG with its caption, and the picture for what cannot show SVG.

    Sent to another process it leaves its picture behind: what writes the numbers of axes cannot be sent.
    """

    svg: Markup
    caption: str
    note: str = ""
    wide: bool = False
    picture: Picture | None = field(default=None, compare=False, repr=False)

    def __reduce__(self) -> tuple[object, ...]:
        return FigureBlock, (self.svg, self.caption, self.note, self.wide)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one headline target."""

    place: str
    value: str
    range: str
    badge: str
    tone: str
    sentence: str
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A question, such as one about an option, with its answer; `key` says which question it is."""

    title: str
    sentences: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[FigureBlock, ...] = ()
    key: str = ""


@dataclass(frozen=True, slots=True)
class OptionPage:
    """The section of one option."""

    anchor: str
    name: str
    letter: str
    title: str
    summary: str
    note: str
    verdicts: tuple[Verdict, ...]
    blocks: tuple[Block, ...]


def option_page(
    comparison: Comparison, option: OptionResult, tables: dict[str, Table], shared: pictures.Diagrams, words: Words
) -> OptionPage:
    """Return the section of one option, its figures drawn.

    Parameters
    ----------
    tables : of all options, by name, from `detail`; the section shows its own rows
    shared : what the flow diagrams have in common
    """
    blocks = {
        "why": _why(comparison, option, tables, words),
        "money": _money(comparison, option, tables, words),
        "climate": _climate(comparison, option, tables, words),
        "doubt": _doubt(comparison, option, words),
        "built": _built(comparison, option, tables, words),
        "operation": _operation(comparison, option, tables, words),
        "happened": _happened(comparison, option, tables, words),
        "flows": _flows(comparison, option, shared, words),
    }
    baseline = words.label(comparison.option(comparison.baseline).label)
    note = words.text("baseline_note", baseline=baseline) if option.baseline else ""
    if not option.baseline and option.probability_best is not None:
        note = words.text("best", value=words.probability(option.probability_best))
    verdicts = [verdict(comparison, option, target, words) for target in headline_targets(comparison)]
    return OptionPage(
        anchor(option, words), pictures.full_name(option, words), option.letter, words.label(option.label),
        words.label(option.summary), note, tuple(verdicts),
        tuple(replace(block, key=key) for key, block in blocks.items() if block),
    )  # fmt: skip


def figure(
    picture: Picture | None, name: str, caption: str, words: Words, min_width: int = NARROW, note: str = ""
) -> FigureBlock | None:
    """Return a picture as a block of the page; its ids carry the name and the language."""
    if picture is None:
        return None
    prefix = f"{name}-{words.lang}".replace("_", "-").replace(".", "-")
    svg = Markup(inline_svg(picture, prefix, min_width=min_width))
    return FigureBlock(svg, caption, note, min_width >= WIDE, picture)


def verdict(comparison: Comparison, option: OptionResult, target: Target, words: Words) -> Verdict:
    """Return the answer to one headline target in words."""
    found, place = option.target(target.id), place_of(comparison, target, words)
    place = place[:1].upper() + place[1:]
    if found.value is None or found.probability is None:
        return Verdict(place, "–", "", words.text("recorded"), "", words.label(target.note))
    parameters: dict[str, object] = {
        "place": place, "value": locale.number(100 * found.value.p50, words.lang, 0), "year": target.year,
        "target": locale.number(target.value or 0.0, words.lang), "probability": words.probability(found.probability),
    }  # fmt: skip
    key = "verdict_met" if found.met else "verdict_missed_nomass"
    if not found.met and found.gap_points:
        parameters["gap"] = words.spread(found.gap_points, figures=2)
        if found.gap_mass:
            key, parameters["mass"] = "verdict_missed", words.spread(found.gap_mass)
    more = _beside(option, target, words)
    if not found.met and found.reachable is not None:
        more.append(words.text("reachable", value=locale.number(100 * found.reachable, words.lang, 0)))
    if found.lever:
        more.append(words.text("lever", lever=locale.text(f"comparison.lever.{found.lever}", words.lang)))
    low, high = (locale.number(100 * end, words.lang, 0) for end in (found.value.p5, found.value.p95))
    return Verdict(
        place, str(parameters["value"]), f"P5–P95: {low} – {high}%", words.text(judgement(found)), tone_of(found),
        words.text(key, **parameters), tuple(more),
    )  # fmt: skip


def _beside(option: OptionResult, target: Target, words: Words) -> list[str]:
    """Return the rates that always stand beside the headline: without home composting, collected apart, with feed."""
    names = {"without": "rate_input_eu", "collected": "rate_collected", "fed": "rate_with_home_and_feed"}
    if target.indicator != HEADLINE or any(name not in option.indicators for name in names.values()):
        return []
    item = target.where.get("settlement", ALL)
    found = {key: stat_of(at(option.indicators, name, target.year, item)) for key, name in names.items()}
    return [words.text("rates_beside", **{key: words.rate(stat) if stat else "–" for key, stat in found.items()})]


def _why(comparison: Comparison, option: OptionResult, tables: dict[str, Table], words: Words) -> Block | None:
    if option.probability_best is None and not option.stress:
        return None  # nothing is generated that a rate counts
    missed = [found for found in map(option.target, comparison.headline) if found.met is False]
    parts = [reason for reason in option.reasons if reason.settlement != ALL] or list(option.reasons)
    largest = max(parts, key=lambda reason: reason.mass.p50, default=None)
    sentences = [] if missed else [words.text("why_none")]
    if largest:
        cause = detail.cause(comparison, largest, words)
        sentences.append(words.text("why_main" if missed else "why_rest", cause=cause, mass=words.spread(largest.mass)))
    caption = words.text("f_losses", option=words.label(option.label), year=comparison.scenario.target_year)
    drawn = figure(pictures.losses(comparison, option, words), f"losses-{option.id}", caption, words)
    return Block(
        words.text("why_title"), tuple(sentences), (tables["reasons"].only(option.id),), tuple(filter(None, [drawn]))
    )


def _money(comparison: Comparison, option: OptionResult, tables: dict[str, Table], words: Words) -> Block:
    economics, paid = option.economics, pictures.payments(option)
    if not paid:
        return Block(words.text("cost_title"), (words.text("cost_nothing"),))
    sentences = []
    if economics.capex and economics.opex:
        capex, opex = (words.spread(stat, 1 / BILLION) for stat in (economics.capex, economics.opex))
        sentences.append(words.text("cost_main", capex=capex, opex=opex))
    if economics.levelised_cost:
        sentences.append(words.text("cost_per_tonne", levelised=words.spread(economics.levelised_cost)))
    if economics.value_added_per_tonne:
        added, year = words.spread(economics.value_added_per_tonne), comparison.scenario.target_year
        sentences.append(words.text("cost_value_added", added=added, year=year, price_year=economics.price_year))
    if economics.npv:
        cost = economics.npv.times(-1.0)
        sentences.append(words.text("cost_npv", npv=words.spread(cost, 1 / BILLION), last=comparison.scenario.horizon))
    if gap := sum(paid.get("unfunded", ())):
        sentences.append(words.text("cost_unfunded", amount=words.number(gap)))
    sentences += [*_refused_sentences(comparison, option, words), *_fee_sentences(comparison, option, words)]
    title = words.text("f_cash", option=words.label(option.label))
    drawn = figure(pictures.cash(comparison, option, words), f"cash-{option.id}", title, words)
    names = ("payers", "funding", "investment", "plants", "actors", "debt", "fees")
    shown = tuple(table for name in names if (table := tables[name].only(option.id)))
    return Block(words.text("cost_title"), tuple(sentences), shown, tuple(filter(None, [drawn])))


def _refused_sentences(comparison: Comparison, option: OptionResult, words: Words) -> list[str]:
    """Return what it costs more or less than now that events turn waste away; nothing where none states a cost."""
    priced = [event for event in comparison.scenario.events.values() if event.refused_cost is not None]
    if not priced or "refused" not in option.economics.samples:
        return []
    amount = float(option.economics.samples["refused"].sum("year").mean()) / BILLION
    if not amount:
        return []
    shown = {"events": ", ".join(words.label(event.label) for event in priced), "amount": words.number(abs(amount))}
    years = {"first": option.economics.years[0], "last": option.economics.years[-1]}
    return [words.text("cost_refused" if amount > 0 else "cost_refused_less", **shown, **years)]


def _fee_sentences(comparison: Comparison, option: OptionResult, words: Words) -> list[str]:
    """Return what fees would have to be, what late and frozen ones cost, and what donors leave behind."""
    finances, finance = option.economics.finances, comparison.scenario.finance
    if finances is None:
        return []
    known = {str(name): stat_of(values.to_numpy()) for name, values in finances.fees.data_vars.items()}
    sentences = []
    if (fee := known.get("covering_fee")) and (today := known["today"]) and (subsidy := known["subsidy"]):
        parts = {"fee": words.spread(fee), "today": words.spread(today), "subsidy": words.spread(subsidy, 1 / BILLION)}
        sentences.append(words.text("cost_fee", **parts))
    late, gap, frozen = (known[name] for name in ("late_loss", "late_gap", "frozen_loss"))
    if late and gap and frozen and gap.p95 > 0:
        amounts = {
            n: words.spread(v, 1 / BILLION, figures=2) for n, v in (("late", late), ("gap", gap), ("frozen", frozen))
        }
        months = words.number(finance.late_months)
        sentences.append(words.text("cost_trials", months=months, years=finance.frozen_years, **amounts))
    after = float(option.economics.after_donors.isel(year=-1).mean())
    donors = [key for key in comparison.scenario.donors if key in option.economics.funders]
    given = any(float(option.economics.budget.sel(funder=key).sum()) > 0 for key in donors)
    if given and after > 0:
        last = comparison.scenario.horizon
        sentences.append(words.text("cost_after_donors", amount=words.number(after / BILLION), last=last))
    return sentences


def _climate(comparison: Comparison, option: OptionResult, tables: dict[str, Table], words: Words) -> Block | None:
    if option.id == comparison.baseline:
        return None
    year = comparison.scenario.target_year
    baseline = words.label(comparison.option(comparison.baseline).label)
    keys = (("climate", "ghg_net"), ("climate_landfill", "landfilled_mass"))
    sentences = [
        words.text(f"{key}_{_direction(stat)}", value=_size(stat, words), year=year, baseline=baseline)
        for key, name in keys
        if (stat := option.paired.get(name)) is not None
    ]  # fmt: skip
    table = tables["differences"].only(option.id)
    return Block(words.text("climate_title"), tuple(sentences), (table,))


def _size(stat: Stat, words: Words) -> str:
    """Return a difference without its sign where the sign is in the words."""
    return words.spread(stat.times(-1.0) if stat.p95 < 0 else stat)


def _direction(stat: Stat) -> str:
    """Return less or more where P5 and P95 agree on it, same where nothing differs, else unclear."""
    if stat.p5 == stat.p95 == 0:
        return "same"
    return "less" if stat.p95 < 0 else "more" if stat.p5 > 0 else "unclear"


def _doubt(comparison: Comparison, option: OptionResult, words: Words) -> Block | None:
    if not option.drivers:
        return None
    first = option.drivers[0]
    name = words.label(first.label, first.parameter)
    sentences = (
        words.text("least_main", label=name, share=words.percent(first.share)),
        words.text("least_unverified", share=words.percent(option.unverified_share)),
    )
    caption = words.text("f_least", option=words.label(option.label), year=comparison.scenario.target_year)
    drawn = figure(pictures.doubts(comparison, option, words), f"least-{option.id}", caption, words)
    return Block(words.text("least_title"), sentences, (), tuple(filter(None, [drawn])))


def _built(comparison: Comparison, option: OptionResult, tables: dict[str, Table], words: Words) -> Block:
    year, label = comparison.scenario.target_year, words.label(option.label)
    caption = words.text("f_map", option=label, year=year)
    drawn = figure(pictures.plants(comparison, option, words), f"map-{option.id}", caption, words, 480)
    found = [table for name in ("projects", "latest", "programmes") if (table := tables[name].only(option.id))]
    sentences = () if found else (words.text("projects_none"),)
    return Block(words.text("projects_title"), sentences, tuple(found), tuple(filter(None, [drawn])))


def _operation(comparison: Comparison, option: OptionResult, tables: dict[str, Table], words: Words) -> Block | None:
    label = words.label(option.label)
    drawn = [
        figure(picture(comparison, option, words), f"{name}-{option.id}", words.text(f"f_{name}", option=label), words)
        for name, picture in (("utilisation", operation.utilisation), ("waiting", operation.waiting))
    ]
    found = tuple(filter(None, drawn))
    months = tables["months"].only(option.id)
    return Block(words.text("operation_title"), (), (months,) if months else (), found) if found else None


def _happened(comparison: Comparison, option: OptionResult, tables: dict[str, Table], words: Words) -> Block | None:
    caption = words.text("f_happened", option=words.label(option.label))
    drawn = figure(history(comparison, option, words), f"history-{option.id}", caption, words, 760)
    if drawn is None:
        return None
    sentence = words.text("happened_text", count=comparison.replications)
    return Block(words.text("happened_title"), (sentence,), (tables["happened"].only(option.id),), (drawn,))


def _flows(comparison: Comparison, option: OptionResult, shared: pictures.Diagrams, words: Words) -> Block:
    year = comparison.scenario.target_year
    caption = words.text("f_sankey", option=words.label(option.label), year=year)
    picture = pictures.flows(comparison, option, year, shared, words)
    drawn = figure(picture, f"flows-{option.id}", caption, words, WIDE)
    return Block(words.text("flows_title", year=year), (), (), tuple(filter(None, [drawn])))
