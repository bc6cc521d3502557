"""A Word document on paper: turned into PDF by LibreOffice, then read page by page."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

OFFICE = shutil.which("soffice")
_WRITER = OFFICE is not None and (Path(OFFICE).resolve().parent / "libswlo.so").exists()
_READER = all(map(shutil.which, ("pdftotext", "pdffonts")))
_ABSENT = "LibreOffice Writer or poppler-utils is not installed; `.ci/run` installs both"
ABSENT = None if _WRITER and _READER else _ABSENT


@dataclass(frozen=True)
class Paper:
    """The text of every page, and the fonts that are embedded."""

    pages: tuple[str, ...]
    fonts: frozenset[str]

    def page_of(self, text: str, *, after: int = 0) -> int:
        """Return the first page on which a text stands, in whatever lines, from 0; -1 where it does not."""
        wanted = "".join(text.split())
        held = ("".join(page.split()) for page in self.pages)
        return next((number for number, page in enumerate(held) if number >= after and wanted in page), -1)


def printed(content: bytes, folder: Path) -> Paper:
    """Print a .docx file."""
    file = folder / "x.docx"
    file.write_bytes(content)
    profile = f"-env:UserInstallation=file://{folder}/profile"
    _run(OFFICE or "", profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(file))
    pdf = str(folder / "x.pdf")
    text = _run("pdftotext", "-layout", pdf, "-")
    rows = _run("pdffonts", pdf).splitlines()[2:]
    fonts = frozenset(re.sub(r"^[A-Z]{6}\+", "", row.split()[0]) for row in rows)
    assert all(row.split()[-5] == "yes" for row in rows), "every font is embedded"
    return Paper(tuple(text.split("\f")[:-1]), fonts)


def _run(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=180).stdout
