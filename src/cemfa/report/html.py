"""The report as one self-contained page: both languages inside, switched without script, nothing loaded.

Between `context` and the file. Autoescape is on: whatever a label holds, it stays text.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from typing import TYPE_CHECKING

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from cemfa.report.tables import shown

if TYPE_CHECKING:
    from cemfa.report.context import Page
    from cemfa.report.progress import ProgressPage


def render(pages: Sequence[Page | ProgressPage], first: str, version: str, template: str = "page.html") -> str:
    """Return the page as HTML.

    Parameters
    ----------
    pages : one per language
    first : language shown when the page opens
    version : of cemfa, for the generator line
    template : of one language's page
    """
    environment = Environment(
        loader=FunctionLoader(_template),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["shown"] = shown
    title = next(page.html_title for page in pages if page.lang == first)
    style = Markup(_template("style.css"))
    return environment.get_template("report.html").render(
        pages=pages, first=first, version=version, title=title, style=style, template=template
    )


def _template(name: str) -> str:
    return (resources.files("cemfa.report") / "templates" / name).read_text(encoding="utf-8")
