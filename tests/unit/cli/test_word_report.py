"""`report.docx` from the command line: with a template of one's own, and what is said where it cannot be written."""

import io
from pathlib import Path

import docx
import pytest

from cemfa.cli.entry import run

Captured = pytest.CaptureFixture[str]
QUICK = ["compare", "first_steps_2030", "--replications", "2", "--option", "south_yard", "--workers", "1"]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_template_that_cannot_be_used_is_said_before_anything_is_computed(tmp_path: Path, capsys: Captured) -> None:
    assert run([*QUICK, "--template", "absent.docx", "--out", "made"]) == 2
    assert "[word-template]" in capsys.readouterr().err
    assert not (tmp_path / "made").exists()


def test_a_comparison_and_its_report_again_in_a_template_of_ones_own(tmp_path: Path) -> None:
    own = docx.Document()
    own.add_paragraph("SỞ NÔNG NGHIỆP VÀ MÔI TRƯỜNG")
    own.add_paragraph("{{body}}")
    own.save(tmp_path / "own.docx")
    assert run([*QUICK, "--template", "own.docx", "--out", "made", "--lang", "vi"]) == 0
    assert run(["report", "made", "--template", "own.docx", "--out", "again", "--lang", "vi"]) == 0
    content = (tmp_path / "made" / "report.docx").read_bytes()
    assert content == (tmp_path / "again" / "report.docx").read_bytes()
    found = [paragraph.text for paragraph in docx.Document(io.BytesIO(content)).paragraphs if paragraph.text]
    assert found[0] == "SỞ NÔNG NGHIỆP VÀ MÔI TRƯỜNG"
    assert "I. Tóm tắt" in found


def test_without_the_extra_a_note_says_how_to_get_it(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cemfa.report.write.find_spec", lambda _: None)
    assert run([*QUICK, "--out", "made", "--lang", "en"]) == 0
    assert 'pip install "cemfa[word]"' in capsys.readouterr().err
    assert {"report.html", "tables.xlsx"} <= {file.name for file in (tmp_path / "made").iterdir()}
    assert not (tmp_path / "made" / "report.docx").exists()
