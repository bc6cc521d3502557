"""Word documents as LibreOffice prints them: pages that hold something, headings with what follows, Times letters."""

from __future__ import annotations

import datetime
import re

import pytest
from tests.example_comparison import example
from tests.paper import ABSENT, printed

from cemfa.definition.load import read_model
from cemfa.monitoring.yearly import yearly_rows
from cemfa.observations.schema import Kept, Key, Observation
from cemfa.report.context import page
from cemfa.report.document import document
from cemfa.report.outline import outline
from cemfa.report.yearly import Yearly, yearly_document

pytestmark = pytest.mark.skipif(ABSENT is not None, reason=str(ABSENT))

TIMES = {"Liberation Serif", "LiberationSerif", "Tinos", "TimesNewRoman", "TimesNewRomanPS"}
SYMBOLS = {"OpenSymbol", "Symbol"}
DAY = datetime.date(2026, 10, 31)


@pytest.fixture(scope="module", params=["vi", "en"])
def told(request):
    return page(example(), request.param)


@pytest.fixture(scope="module")
def paper(told, tmp_path_factory):
    return printed(document(told), tmp_path_factory.mktemp("paper"))


def test_the_summary_has_two_pages_at_most(told, paper):
    assert paper.page_of(told.how[-1]) < 2
    assert paper.page_of(told.contents) in (1, 2)


def test_no_page_is_empty_and_all_but_the_first_are_numbered(paper):
    for number, text in enumerate(paper.pages, 1):
        lines = text.split("\n")
        first = next(line.strip() for line in lines if line.strip())
        assert (first == str(number)) == (number > 1)
        assert len(text.split()) > 5, f"page {number} holds nothing"


def test_every_heading_stands_on_paper_with_what_follows(told, paper):
    start = paper.page_of(told.contents) + 1
    for section in outline(told)[1:]:
        at = paper.page_of(section.heading, after=start)
        assert at >= start, section.heading
        lines = [line.strip() for line in paper.pages[at].split("\n") if line.strip()]
        assert not lines[-1].endswith(section.heading), "no heading alone at the foot of a page"


def test_every_caption_stands_on_the_page_of_its_table(told, paper):
    tables = (table for section in outline(told) for part in section.parts for table in part.block.tables)
    word = {"vi": "Bảng", "en": "Table"}[told.lang]
    for number, table in enumerate(tables, 1):
        at = paper.page_of(f"{word} {number}. {table.caption}")
        assert at >= 0, table.caption
        assert "".join(table.columns[0].label.split())[:6] in "".join(paper.pages[at].split())


def test_the_letters_are_those_of_times(paper):
    held = {re.sub(r"-?(Bold|Italic|BoldItalic|Regular|MT)+$", "", font) for font in paper.fonts}
    assert held <= TIMES | SYMBOLS


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_the_yearly_report_on_paper(lang, tmp_path):
    model = read_model("ben_tre")
    kept = [
        Kept(Observation(Key("target", "T18", "value", "", 2026, kind), value, "%", DAY, "Báo cáo 12/BC"), 1, "current")
        for kind, value in (("plan", 40), ("actual", 31.5), ("estimate", 36))
    ]
    rows = yearly_rows(model, kept, year=2026, cut_off=DAY, today=DAY, simulated={})
    paper = printed(yearly_document(Yearly(model, rows, 2026, DAY, DAY), lang), tmp_path)
    assert all(len(text.split()) > 5 for text in paper.pages)
    assert len(paper.pages) < 12
    assert paper.page_of("T18") >= 0 or paper.page_of("31,5" if lang == "vi" else "31.5") >= 0
    held = {re.sub(r"-?(Bold|Italic|BoldItalic|Regular|MT)+$", "", font) for font in paper.fonts}
    assert held <= TIMES | SYMBOLS
