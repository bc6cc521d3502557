"""Write the report of a comparison into a folder: `report.html` and `tables.xlsx`.

Last link of the chain; the command line adds `run.json` and `results.nc`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cemfa import locale
from cemfa.errors import OutputError, Place, Problem
from cemfa.workers import Workers, parts

if TYPE_CHECKING:
    from cemfa.comparison.outcome import Comparison

NAMES: Final = {"report": "report.html", "tables": "tables.xlsx"}


WORKBOOK: Final = "tables"


@dataclass(frozen=True, slots=True, eq=False)
class _Maker:
    """Makes one piece of the report: a page by its language, or the workbook; picklable, for worker processes."""

    comparison: Comparison
    lang: str

    def __call__(self, piece: str) -> Any:
        from cemfa.report.context import page, workbook_tables
        from cemfa.report.workbook import workbook_bytes

        if piece != WORKBOOK:
            return page(self.comparison, piece)
        title = locale.text("report.html_title", self.lang, label=self.comparison.scenario.label.of(self.lang))
        return workbook_bytes(workbook_tables(self.comparison, self.lang), title)


def write_report(
    comparison: Comparison, folder: str | Path, lang: str | None = None, *, workers: Workers = 1
) -> dict[str, Path]:
    """Write `report.html` (both languages) and `tables.xlsx` (one) and return their paths by kind.

    Parameters
    ----------
    comparison : what `compare` returned
    folder : made where it does not exist
    lang : language the page opens in and the workbook is written in; None is the language in force
    workers : processes that draw at the same time, or a pool of them; None: as many as the machine has. The bytes do
        not depend on it

    Returns
    -------
    dict
        ``{"report": …/report.html, "tables": …/tables.xlsx}``

    Raises
    ------
    OutputError
        if a file cannot be written [report-write].
    """
    from cemfa.report.html import render

    lang = lang or locale.language()
    pieces = (*locale.LANGUAGES, WORKBOOK)
    *pages, workbook = parts(_Maker(comparison, lang), pieces, workers=workers, kind="processes")
    content = {"report": render(pages, lang, comparison.version).encode("utf-8"), WORKBOOK: workbook}
    return {kind: _write(Path(folder) / NAMES[kind], data) for kind, data in content.items()}


def _write(path: Path, data: bytes) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as reason:
        problem = Problem("report-write", Place(str(path)), {"reason": reason.strerror or str(reason)})
        raise locale.error(OutputError, problem) from reason
    return path
