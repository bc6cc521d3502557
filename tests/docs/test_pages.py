"""Every how-to page and tutorial does what it says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.docs.pages import blocks, run

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("docs/howto/*.md"), *ROOT.glob("docs/tutorials/*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_page_does_what_it_says(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("models", "scenarios"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert run(page, tmp_path) > 0, f"{page.name} has no block that does anything"


def test_links_between_pages_resolve() -> None:
    import re

    broken = [
        f"{page.relative_to(ROOT)} -> {link}"
        for page in [*ROOT.glob("docs/**/*.md"), *ROOT.glob("*.md")]
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        if not (page.parent / link).exists()
    ]
    assert broken == []


def test_a_wrong_promise_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ echo one\ntwo\n```\n", encoding="utf-8")
    assert len(list(blocks(page))) == 1
    with pytest.raises(AssertionError, match="promises 'two'"):
        run(page, tmp_path)
