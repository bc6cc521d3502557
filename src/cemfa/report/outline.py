"""The report as an outline: sections in the order in which a document on paper tells them, each made of blocks.

Between `context`, whose page it takes apart, and `document`, which writes it; adds no number and no sentence of its
own. What the page folds away (every assumption, every source, the way to targets that do not decide) and what only a
screen shows well (flows and one history of every option) is left to the page and the workbook.

A new section: give its heading in `locale` (`report.o_<key>` where the page has none), return its blocks from a
function of the page, and name that function in `_SECTIONS` at its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from cemfa import locale
from cemfa.report.option import Block, Verdict
from cemfa.report.tables import Table

if TYPE_CHECKING:
    from cemfa.report.context import Page
    from cemfa.report.option import OptionPage

_OF_AN_OPTION: Final = ("why", "built", "operation", "climate")


@dataclass(frozen=True, slots=True)
class Part:
    """A block in a section: at which level its title stands (0: it has none)."""

    block: Block
    level: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the document."""

    key: str
    heading: str
    parts: tuple[Part, ...]


def outline(page: Page) -> tuple[Section, ...]:
    """Return the sections of a page that have something to say, the summary first.

    Parameters
    ----------
    page : one language of the report, from `context.page`
    """
    found = (Section(key, _heading(page, key), tuple(build(page))) for key, build in _SECTIONS.items())
    return tuple(section for section in found if section.parts)


def _heading(page: Page, key: str) -> str:
    own = locale.texts("report", page.lang).get(f"o_{key}")
    return own or page.headings.get(key, "")


def _summary(page: Page) -> Iterator[Part]:
    yield Part(Block("", page.headline, (page.summary,), key="summary"))
    yield Part(Block(page.how_title, page.how, key="notes"))


def _compared(page: Page) -> Iterator[Part]:
    yield Part(Block("", (page.validity,), figures=page.rate_figures))
    yield Part(Block("", figures=page.cost_figures))
    if page.timeline:
        yield Part(Block("", figures=(page.timeline,)))


def _choosing(page: Page) -> Iterator[Part]:
    if page.choosing:
        yield Part(Block("", page.choosing.sentences, page.choosing.tables))
        yield Part(Block("", figures=page.choosing.figures))


def _today(page: Page) -> Iterator[Part]:
    if page.base_flows:
        yield Part(Block("", figures=page.base_flows))


def _options(page: Page) -> Iterator[Part]:
    for option in page.options:
        told = (option.summary, option.note, *(_told(verdict) for verdict in option.verdicts))
        yield Part(Block(option.name, tuple(filter(None, told))), 2)
        for block in option.blocks:
            if block.key in _OF_AN_OPTION:
                yield from _apart(Part(block, 3))


def _told(verdict: Verdict) -> str:
    """Return a verdict as a paragraph: what the page sets apart as figure and badge stands in the sentence, too."""
    return " ".join(filter(None, (verdict.sentence, f"{verdict.range}." if verdict.range else "", *verdict.more)))


def _funding(page: Page) -> Iterator[Part]:
    for option in page.options:
        for block in _of(option, "money"):
            yield from _apart(Part(replace(block, title=option.name), 2))


def _apart(part: Part) -> Iterator[Part]:
    """Yield the figures of a block after the rest of it, so that a wide table does not turn the page for them."""
    block = part.block
    if block.tables and block.figures:
        yield Part(replace(block, figures=()), part.level)
        yield Part(Block("", figures=block.figures))
    else:
        yield part


def _targets(page: Page) -> Iterator[Part]:
    yield Part(Block("", (page.targets_text,), page.goals.sets))
    for tables in (page.goals.courses, page.goals.gaps):
        if tables:
            yield Part(Block("", tables=tables))


def _risks(page: Page) -> Iterator[Part]:
    if page.stress:
        sentences = (page.stress_text, *page.stress_cases)
        yield Part(Block(page.headings["stress"], sentences, (page.stress,), key="cases"), 2)
    for option in page.options:
        for block in _of(option, "doubt"):
            yield Part(replace(block, title=f"{block.title}: {option.name}"), 2)


def _benchmarks(page: Page) -> Iterator[Part]:
    if page.benchmarks:
        yield Part(Block("", tables=(page.benchmarks,)))


def _departments(page: Page) -> Iterator[Part]:
    if page.departments:
        yield Part(Block("", (page.departments_text,), (page.departments,)))
    for office in page.offices:
        yield Part(Block(office.name, (office.note,) if office.note else ()), 2)
        yield from (Part(block, 3) for block in office.blocks)


def _assumptions(page: Page) -> Iterator[Part]:
    tables = tuple(filter(None, (page.matter, _cited(page), page.run)))
    yield Part(Block("", (page.assumptions_text, page.elsewhere), tables))


def _cited(page: Page) -> Table:
    """Return the sources that the numbers with most influence cite."""
    keys = {key for row in page.matter.rows for cell in row for key in str(cell.value).replace(",", " ").split()}
    return replace(page.sources, rows=tuple(row for row in page.sources.rows if row[0].value in keys))


def _of(option: OptionPage, key: str) -> Iterator[Block]:
    yield from (block for block in option.blocks if block.key == key)


_SECTIONS: Final[dict[str, Callable[[Page], Iterator[Part]]]] = {
    "summary": _summary, "compared": _compared, "choosing": _choosing, "today": _today, "options": _options,
    "funding": _funding, "targets": _targets, "risks": _risks, "benchmarks": _benchmarks,
    "departments": _departments, "assumptions": _assumptions,
}  # fmt: skip
"""The sections in order; the summary first, it has two pages at most."""
