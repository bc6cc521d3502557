"""Draw the pictures of sheets that the pages for clerks show, from real workbooks, through LibreOffice.

Run it after changing how sheets look: ``.venv/bin/python docs/make_sheet_pictures.py``. It needs `soffice`
(libreoffice-calc) and `pdftoppm` (poppler-utils).
"""

from __future__ import annotations

import datetime
import subprocess
import tempfile
from pathlib import Path

import openpyxl
from PIL import Image, ImageChops

import cemfa
from cemfa.comparison import compare
from cemfa.definition.load import read_model, read_written
from cemfa.definition.workbook.names import sheet_title
from cemfa.definition.workbook.write import workbook_of
from cemfa.monitoring.sheets import sheets_to_fill
from cemfa.monitoring.yearly import yearly_rows
from cemfa.report.context import workbook_source, workbook_tables
from cemfa.report.workbook import workbook_bytes

IMAGES = Path(__file__).resolve().parent / "images"
DAY = datetime.date(2026, 10, 31)
WIDTH, COLOURS, DOTS = 1100, 48, 160  # kept below 150 kB each


def main() -> None:
    """Write every picture."""
    scenario, model = read_written("first_steps_2030")
    book = workbook_of(scenario, model, "vi", cemfa.__version__)
    draw(book, sheet_title("guide", "vi"), "A1:D16", "sheet_guide.png")
    draw(book, sheet_title("options.projects", "vi"), "A1:I9", "sheet_projects.png")
    draw(book, sheet_title("parameters", "vi"), "A1:L14", "sheet_parameters.png")
    province = read_model("ben_tre")
    rows = yearly_rows(province, (), year=DAY.year, cut_off=DAY, today=DAY)
    draw(sheets_to_fill(province, rows, year=DAY.year, cut_off=DAY, lang="vi"), 1, "A1:J12", "sheet_to_fill.png")
    comparison = compare("first_steps_2030", replications=2, seed=0, workers=1)
    tables = workbook_tables(comparison, "vi")
    book = workbook_bytes(tables, scenario.label.vi, lang="vi", source=workbook_source(comparison, "vi"))
    cash = next(n for n, table in enumerate(tables, 1) if "cumulative" in table.keys)
    draw(book, cash, "A1:K38", "sheet_cash_flow.png")


def draw(content: bytes, sheet: str | int, area: str, name: str, *, width: int = WIDTH) -> None:
    """Write the picture of an area of a sheet, with the letters and numbers of its columns and rows."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "whole.xlsx").write_bytes(content)
        book = openpyxl.load_workbook(folder / "whole.xlsx")
        kept = book[sheet] if isinstance(sheet, str) else book.worksheets[sheet]
        for other in book.worksheets:
            if other is not kept:
                other.sheet_state = "hidden"
        book.active = book.worksheets.index(kept)
        kept.print_area, kept.print_title_rows, kept.print_title_cols = area, None, None
        kept.page_setup.orientation, kept.page_setup.fitToHeight, kept.page_setup.fitToWidth = "landscape", 1, 1
        kept.sheet_properties.pageSetUpPr = openpyxl.worksheet.properties.PageSetupProperties(fitToPage=True)
        kept.print_options.headings = kept.print_options.gridLines = True
        kept.oddFooter.center.text = ""
        book.save(folder / "sheet.xlsx")
        profile = f"-env:UserInstallation=file://{folder}/profile"
        convert = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", made, f"{made}/sheet.xlsx"]
        subprocess.run(convert, check=True, capture_output=True, timeout=300)
        subprocess.run(
            ["pdftoppm", "-png", "-r", str(DOTS), "-singlefile", f"{made}/sheet.pdf", f"{made}/page"], check=True
        )
        save(Image.open(folder / "page.png").convert("RGB"), IMAGES / name, width)


def save(page: Image.Image, file: Path, width: int) -> None:
    """Write a page without its margins, no wider than asked, in few colours."""
    edges = ImageChops.difference(page, Image.new("RGB", page.size, "white")).getbbox()
    picture = page.crop(edges)
    if picture.width > width:
        picture = picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)
    picture.quantize(COLOURS).save(file, optimize=True)


if __name__ == "__main__":
    main()
