"""The cash-flow appendices: their formulas give the comparison's own numbers, before and after they are reckoned."""

from __future__ import annotations

import io
import math
import shutil
import subprocess

import numpy as np
import pytest
from openpyxl import load_workbook
from tests.example_finances import compared

from cemfa.comparison.ledger import ledger_of
from cemfa.comparison.words import BILLION, Words
from cemfa.economics.cashflow import discounted_payback, simple_payback
from cemfa.report.cashflow import cash_flow_tables
from cemfa.report.context import workbook_source, workbook_tables
from cemfa.report.tables import Column, Table
from cemfa.report.workbook import HEAD, workbook_bytes

OFFICE = shutil.which("soffice")
EXACT = {"rel": 1e-9, "abs": 1e-12}  # what rounding leaves of some twenty sums and products; money is in billions


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    return compared(tmp_path_factory.mktemp("cash"))


@pytest.fixture(scope="module")
def content(comparison):
    return workbook_bytes(workbook_tables(comparison, "vi"), "t", lang="vi", source=workbook_source(comparison, "vi"))


def opened(content, *, values):
    return load_workbook(io.BytesIO(content), data_only=values)


def reckoned(content, folder):
    """Return a workbook as LibreOffice saves it after reckoning every formula anew."""
    file = folder / "x.xlsx"
    file.write_bytes(content)
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = [OFFICE, profile, "--headless", "--convert-to", "xlsx", "--outdir", str(folder / "out"), str(file)]
    done = subprocess.run(command, check=True, capture_output=True, timeout=180)
    assert b"Error" not in done.stderr
    return load_workbook(folder / "out" / "x.xlsx", data_only=True)


def without_values(content):
    """Return the file with every cached value gone, as a spreadsheet that must reckon sees it."""
    stream = io.BytesIO()
    opened(content, values=False).save(stream)
    return stream.getvalue()


def line(comparison, option, book, key):
    """Return total and values at the points of a line of an option's appendix."""
    tables = cash_flow_tables(comparison, Words("vi", comparison.replications))
    table = next(t for t in tables if t.caption.endswith(option.label.vi))
    sheet = next(sheet for sheet in book if sheet.title.endswith(f" - {table.name}"))
    row = [cell.value for cell in sheet[HEAD + 1 + table.keys.index(key)]]
    return row[2], row[3:]


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice (soffice) is not installed; `.ci/run` installs it")
def test_libreoffice_reckons_the_values_that_were_there_before(comparison, content, tmp_path):
    formulas, before = opened(content, values=False), opened(content, values=True)
    after = reckoned(without_values(content), tmp_path)
    count = 0
    for sheet in formulas:
        for cell in (cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"):
            cached, found = (book[sheet.title][cell.coordinate].value for book in (before, after))
            count += 1
            if isinstance(cached, float | int):
                assert found == pytest.approx(cached, **EXACT), (sheet.title, cell.coordinate, cell.value)
            else:
                assert (found or "") == (cached or ""), (sheet.title, cell.coordinate, cell.value)
    assert count > 200  # funding, investment, and a cash flow for each of two options
    _those_of_the_comparison(comparison, after)


def test_cached_values_are_those_of_the_comparison(comparison, content):
    _those_of_the_comparison(comparison, opened(content, values=True))


def _those_of_the_comparison(comparison, book):
    for option in (comparison.option("south_yard"), comparison.option("two_yards")):
        ledger = ledger_of(option)
        one = option.economics.samples.sel(sample=ledger.sample)
        for key, scale in (
            ("npv", BILLION), ("npv_operator", BILLION), ("levelised_cost", 1.0), ("levelised_cost_net", 1.0)
        ):  # fmt: skip
            assert line(comparison, option, book, key)[0] == pytest.approx(float(one[key]) / scale, **EXACT)
        total, yearly = line(comparison, option, book, "need")
        np.testing.assert_allclose(yearly[1:], one["need"].to_numpy() / BILLION, rtol=1e-9, atol=1e-12)
        assert total == pytest.approx(float(one["need"].sum()) / BILLION, **EXACT)
        debt = option.economics.finances.debt.sel(sample=ledger.sample)
        balances = line(comparison, option, book, "balance")[1][1:]
        np.testing.assert_allclose(balances, debt["balance"].to_numpy() / BILLION, rtol=1e-9, atol=1e-12)
        economy = option.economics.finances.accounts.sel(sample=ledger.sample, account="economy")
        assert math.isinf(economy["simple_payback"]) == isinstance(line(comparison, option, book, "payback")[0], str)


def test_the_history_shown_is_the_one_in_the_middle(comparison):
    for option in comparison.plain:
        ledger = ledger_of(option)
        if ledger is None:
            assert not option.economics.samples["npv"].any()
            continue
        values = np.sort(option.economics.samples["npv"].to_numpy())
        assert ledger.measures["npv"] == pytest.approx(values[(len(values) - 1) // 2], rel=1e-12)


@pytest.mark.skipif(OFFICE is None, reason="LibreOffice (soffice) is not installed; `.ci/run` installs it")
@pytest.mark.parametrize(
    "net",
    [[-100.0, 40, 40, 40], [-100, 10, 10, 10], [5, 1, 1, 1], [-10, 20, -30, 40], [0, 0, 0, 0], [-10, 0, 10, 0]],
)
def test_payback_by_formulas_is_that_of_the_account(comparison, net, tmp_path, monkeypatch):
    """Streams that come back, never do, never owe, come back twice: the rows stay, the investment is replaced."""
    import dataclasses

    from cemfa.report.cashflow import _table

    option = comparison.option("south_yard")
    ledger = ledger_of(option)
    size = len(ledger.flows["tonnes"])
    flows = {key: np.zeros(size) for key in ledger.flows} | {"revenue": np.pad(net, (0, size - len(net))) * BILLION}
    table: Table = _table(comparison, option, dataclasses.replace(ledger, flows=flows), Words("en"))
    content = workbook_bytes([table], "t", lang="en")
    stream = flows["revenue"]
    for book in (opened(content, values=True), reckoned(without_values(content), tmp_path)):
        for key, years in (
            ("payback", simple_payback(stream)), ("payback_discounted", discounted_payback(stream, ledger.rate))
        ):  # fmt: skip
            found = book.worksheets[1].cell(HEAD + 1 + table.keys.index(key), 3).value
            expected = "not within the horizon" if math.isinf(years) else pytest.approx(float(years), **EXACT)
            assert found == expected
        assert not book.worksheets[1].cell(HEAD + 1 + table.keys.index("levelised_cost"), 3).value  # no tonne, no cost


def test_numbers_of_a_line_are_shown_in_their_own_way(comparison):
    table = cash_flow_tables(comparison, Words("vi", 6))[0]
    ways = {key: row[3].column for key, row in zip(table.keys, table.rows, strict=True)}
    assert ways["rate"] == Column("", kind="percent")
    assert ways["tonnes"].decimals == 0
