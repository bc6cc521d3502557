"""Workbooks as other programs write them: the same cells in another spelling say the same scenario.

What Google Sheets and web exporters do to a file, imitated in its XML: no document properties, no dimension, whole
numbers with a decimal, no mark for text that looks like a formula, a thousand blank rows, text in the shared table
instead of in the cell, or as the result of a formula.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.workbooks import exported, same

from cemfa.definition.load import load_scenario

SMALL = "first_steps_2030"
Change = Callable[[str, list[str]], str]
TABLE = "xl/sharedStrings.xml"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_TEXT = re.compile(r'<c r="([A-Z]+\d+)"([^>]*) t="inlineStr"><is>(.*?)</is></c>', re.DOTALL)
_WHOLE = re.compile(r' t="n"><v>(-?\d+)</v>')


def as_google(sheet: str, texts: list[str]) -> str:
    """Return a sheet as Google Sheets spells it, its texts in the shared table."""
    sheet = _WHOLE.sub(r"><v>\1.0</v>", re.sub(r"<dimension [^>]*>", "", sheet))
    last = max(int(row) for row in re.findall(r'<row r="(\d+)"', sheet))
    blank = "".join(f'<row r="{row}" ht="15.75" customHeight="1"/>' for row in range(last + 1, 1001))
    sheet = sheet.replace("</sheetData>", f'{blank}<row r="1001"><c r="A1001" s="1"/></row></sheetData>')

    def cell(found: re.Match[str]) -> str:
        texts.append(f"<si>{found[3]}</si>")
        return f'<c r="{found[1]}"{found[2]} t="s"><v>{len(texts) - 1}</v></c>'

    return _TEXT.sub(cell, sheet)


def computed(sheet: str, texts: list[str]) -> str:
    """Return a sheet whose texts are results of formulas, as copies of other sheets are."""

    def cell(found: re.Match[str]) -> str:
        text = re.sub(r"<[^>]*>", "", found[3])
        return f'<c r="{found[1]}"{found[2]} t="str"><f>Z9999</f><v>{text}</v></c>'

    return _TEXT.sub(cell, sheet)


def spelled(content: bytes, change: Change) -> bytes:
    """Return a workbook with every sheet changed, and without what other programs leave out."""
    texts: list[str] = []
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            held = old.read(name).decode()
            if name.startswith("xl/worksheets/sheet"):
                held = change(held, texts)
            held = re.sub(r' quotePrefix="1"', "", held) if name == "xl/styles.xml" else held
            if name in ("[Content_Types].xml", "_rels/.rels"):
                held = re.sub(r"<(Override|Relationship) [^>]*docProps[^>]*>", "", held)
                part = f'<Override PartName="/{TABLE}" ContentType="{KIND}.sharedStrings+xml"/></Types>'
                held = held.replace("</Types>", part)
            if not name.startswith("docProps/") and name != TABLE:
                new.writestr(name, held)
        space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        new.writestr(TABLE, f'<sst xmlns="{space}">{"".join(texts)}</sst>')
    return stream.getvalue()


@pytest.mark.parametrize("change", [as_google, computed], ids=lambda change: change.__name__)
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_another_spelling_says_the_same(change: Change, lang: str, tmp_path: Path) -> None:
    file = tmp_path / "x.xlsx"
    content = spelled(exported(SMALL, lang), change)
    assert content != exported(SMALL, lang)
    file.write_bytes(content)
    loaded = load_scenario(file)
    assert [problem.code for problem in loaded.problems] == []
    assert same(load_scenario(SMALL), loaded)
