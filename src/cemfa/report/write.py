"""Write the report of a comparison into a folder: `report.html`, `report.docx` and `tables.xlsx`.

Last link of the chain; the command line adds `run.json` and `results.nc`.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cemfa import locale
from cemfa.errors import OutputError, Place, Problem
from cemfa.workers import Workers, parts

if TYPE_CHECKING:
    from cemfa.comparison.outcome import Comparison

NAMES: Final = {"report": "report.html", "tables": "tables.xlsx", "document": "report.docx"}


WORKBOOK: Final = "tables"
DOCUMENT: Final = "document"


@dataclass(frozen=True, slots=True, eq=False)
class _Maker:
    """Makes one piece of the report: a page by its language, with the document where it is wanted in it, or the
    workbook; picklable, for worker processes.
    """

    comparison: Comparison
    lang: str
    worded: bool
    template: Path | None

    def __call__(self, piece: str) -> Any:
        from cemfa.report.context import page, workbook_source, workbook_tables
        from cemfa.report.document import document
        from cemfa.report.workbook import workbook_bytes

        if piece != WORKBOOK:
            made = page(self.comparison, piece)
            wanted = self.worded and piece == self.lang
            return made, document(made, template=self.template) if wanted else None
        title = locale.text("report.html_title", self.lang, label=self.comparison.scenario.label.of(self.lang))
        source = workbook_source(self.comparison, self.lang)
        return workbook_bytes(workbook_tables(self.comparison, self.lang), title, lang=self.lang, source=source)


def write_report(
    comparison: Comparison,
    folder: str | Path,
    lang: str | None = None,
    *,
    workers: Workers = 1,
    template: str | Path | None = None,
) -> dict[str, Path]:
    """Write `report.html` (both languages), `tables.xlsx` and `report.docx` (one); return their paths by kind.

    The Word document needs the extra `word`; without it, it is left out.

    Parameters
    ----------
    comparison : what `compare` returned
    folder : made where it does not exist
    lang : language the page opens in and workbook and document are written in; None is the language in force
    workers : processes that draw at the same time, or a pool of them; None: as many as the machine has. The bytes do
        not depend on it
    template : a .docx file with a paragraph `{{body}}`, the frame of the document; None: the one that comes with cemfa

    Returns
    -------
    dict
        ``{"report": …/report.html, "tables": …/tables.xlsx, "document": …/report.docx}``

    Raises
    ------
    OutputError
        if a file cannot be written [report-write].
    CemfaError
        if the template cannot be used [word-template], or there is one and python-docx is not installed [word-missing].
    """
    from cemfa.report.html import render

    lang = lang or locale.language()
    frame = Path(template) if template is not None else None
    worded = can_word(frame)
    pieces = (*locale.LANGUAGES, WORKBOOK)
    *made, workbook = parts(_Maker(comparison, lang, worded, frame), pieces, workers=workers, kind="processes")
    pages, documents = zip(*made, strict=True)
    content = {"report": render(pages, lang, comparison.version).encode("utf-8"), WORKBOOK: workbook}
    if worded:
        content[DOCUMENT] = next(filter(None, documents))
    return {kind: _write(Path(folder) / NAMES[kind], data) for kind, data in content.items()}


def can_word(template: Path | None) -> bool:
    """Return whether a Word document can be written; a template that cannot be used is said before hours of work.

    Raises
    ------
    CemfaError
        as in `write_report`.
    """
    if template is None:
        return find_spec("docx") is not None
    from cemfa.report.word import Word

    Word("en", {}, template)
    return True


def _write(path: Path, data: bytes) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as reason:
        problem = Problem("report-write", Place(str(path)), {"reason": reason.strerror or str(reason)})
        raise locale.error(OutputError, problem) from reason
    return path
