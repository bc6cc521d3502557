"""The report in a real browser: both languages, desk and phone, no network, no script, no sideways scroll."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.example_comparison import example

from cemfa.report import write_report

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = next((path for path in map(shutil.which, NAMES) if path), None)
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--no-first-run",
]  # fmt: skip
SIZES = {"desk": (1280, 900), "phone": (390, 844)}

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium is installed on this machine")


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    return write_report(example(), tmp_path_factory.mktemp("report"), "vi")["report"]


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as tool:
        running = tool.chromium.launch(executable_path=BROWSER, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(params=SIZES)
def opened(request, browser, report):
    width, height = SIZES[request.param]
    context = browser.new_context(viewport={"width": width, "height": height}, java_script_enabled=True)
    tab = context.new_page()
    complaints: list[str] = []
    requests: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("request", lambda asked: requests.append(asked.url))
    tab.goto(report.as_uri())
    yield tab, complaints, requests
    context.close()


def visible(tab, lang: str) -> bool:
    return tab.locator(f".page.{lang} h1").is_visible()


def test_the_page_works_at_every_width_in_both_languages(opened, report):
    tab, complaints, requests = opened
    for lang, other in (("vi", "en"), ("en", "vi")):
        tab.click(f"label[for=lang-{lang}]")
        assert visible(tab, lang)
        assert not visible(tab, other)
        wide, window = tab.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert wide <= window
        # clip paths, hatches and markers of the visible copy still draw: every figure has a painted size
        sizes = tab.evaluate(
            f"[...document.querySelectorAll('.page.{lang} svg.figure')].map(s => s.getBoundingClientRect().width)"
        )
        assert sizes
        assert min(sizes) > 300
    assert complaints == []
    assert requests == [report.as_uri()]


def test_ids_are_unique_and_references_resolve_in_the_browser_s_own_view(opened):
    tab, _, _ = opened
    twice, lost = tab.evaluate(
        """() => {
        const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
        const known = new Set(ids);
        const asked = [...document.querySelectorAll('a[href^="#"], use')].map(e => e.getAttribute('href').slice(1));
        for (const e of document.querySelectorAll('[clip-path], [style*="url("]'))
          for (const m of (e.getAttribute('clip-path') + ' ' + e.getAttribute('style')).matchAll(/url\\("?#([^)"]+)/g))
            asked.push(m[1]);
        return [ids.length - known.size, asked.filter(id => !known.has(id))];
        }"""
    )
    assert twice == 0
    assert lost == []


def test_the_switch_works_from_the_keyboard_and_without_script(browser, report):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(report.as_uri())
    tab.keyboard.press("Tab")
    tab.keyboard.press("ArrowRight")
    assert visible(tab, "en")
    assert not visible(tab, "vi")
    tab.locator(".page.en .contents a").first.click()
    assert tab.url.endswith("#en-rates")
    context.close()


def test_it_prints_on_a4(browser, report):
    context = browser.new_context()
    tab = context.new_page()
    tab.goto(report.as_uri())
    printed = tab.pdf(prefer_css_page_size=True)
    assert printed.startswith(b"%PDF")
    assert b"595" in printed  # 210 mm in points
    tab.emulate_media(media="print")
    assert not tab.locator(".languages").is_visible()
    context.close()
