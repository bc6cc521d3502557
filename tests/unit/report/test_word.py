"""Word documents: numbered tables and figures with sources, a frame that can be replaced, the same bytes each time."""

import io
import zipfile
from pathlib import Path

import docx
import pytest

from cemfa.errors import CemfaError
from cemfa.report import word as module
from cemfa.report.tables import Cell, Column, Table
from cemfa.report.word import Word

COLUMNS = (Column("Chỉ tiêu"), Column("Tỷ lệ", "%", "percent", 1, spread=True), Column("Ghi chú", narrow=False))
TABLE = Table("t", "Kết quả", COLUMNS, ((Cell("Nông thôn\x00"), Cell(0.705, 0.6, 0.8), Cell("dài")),), note="Ước tính")
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000"
    "050001a5f645400000000049454e44ae426082"
)


def read(content: bytes) -> docx.document.Document:
    return docx.Document(io.BytesIO(content))


def texts(content: bytes) -> list[str]:
    return [paragraph.text for paragraph in read(content).paragraphs if paragraph.text]


def test_tables_and_figures_are_numbered_and_name_their_source() -> None:
    word = Word("vi", {"title": "BÁO CÁO"})
    word.heading("Mục tiêu")
    word.table(TABLE, source="Sở Nông nghiệp và Môi trường")
    word.table(TABLE, source="")
    word.figure(PIXEL, "Bản đồ", source="cemfa", alternative="Bản đồ chín huyện")
    assert texts(word.content()) == [
        "BÁO CÁO",
        "Mục tiêu",
        "Bảng 1. Kết quả",
        "Ước tính",
        "Nguồn: Sở Nông nghiệp và Môi trường",
        "Bảng 2. Kết quả",
        "Ước tính",
        "Hình 1. Bản đồ",
        "Nguồn: cemfa",
    ]
    assert 'descr="Bản đồ chín huyện"' in zipfile.ZipFile(io.BytesIO(word.content())).read("word/document.xml").decode()


def test_a_table_shows_what_the_page_shows() -> None:
    word = Word("vi", {})
    word.table(TABLE, source="")
    table = read(word.content()).tables[-1]
    assert [cell.text for cell in table.rows[0].cells] == ["Chỉ tiêu", "Tỷ lệ (%)"]
    assert [cell.text for cell in table.rows[1].cells] == ["Nông thôn", "70,5\n60,0 – 80,0"]
    assert "w:tblHeader" in table.rows[0]._tr.xml


def test_an_empty_table_takes_no_number() -> None:
    word = Word("en", {})
    word.table(Table("t", "Nothing", COLUMNS, ()), source="x")
    word.table(TABLE, source="")
    assert "Table 1. Kết quả" in texts(word.content())


def test_the_same_content_gives_the_same_bytes() -> None:
    def made() -> bytes:
        word = Word("vi", {"title": "BÁO CÁO", "place_date": "..., ngày 25 tháng 11 năm 2026"})
        word.table(TABLE, source="cemfa")
        return word.content()

    assert made() == made()


def test_the_page_is_laid_out_as_the_decree_asks() -> None:
    document = read(Word("vi", {}).content())
    section = document.sections[0]
    assert [round(length.mm) for length in (section.page_width, section.page_height)] == [210, 297]
    assert [round(m.mm) for m in (section.left_margin, section.right_margin, section.top_margin)] == [30, 17, 20]
    assert document.styles["Normal"].font.name == "Times New Roman"
    assert document.styles["Normal"].font.size.pt == 13


def test_a_department_uses_its_own_template(tmp_path: Path) -> None:
    own = docx.Document()
    own.add_paragraph("SỞ NÔNG NGHIỆP VÀ MÔI TRƯỜNG: {{title}} {{unknown}}")
    own.add_paragraph("{{body}}")
    own.add_paragraph("Nơi nhận: như trên")
    own.save(tmp_path / "own.docx")
    word = Word("vi", {"title": "BÁO CÁO"}, tmp_path / "own.docx")
    word.paragraph("Nội dung")
    assert texts(word.content()) == ["SỞ NÔNG NGHIỆP VÀ MÔI TRƯỜNG: BÁO CÁO ", "Nội dung", "Nơi nhận: như trên"]


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def empty(path: Path) -> Path:
    docx.Document().save(path)
    return path


def bomb(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * (module._LARGEST + 1))
    return path


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda folder: folder / "absent.docx", "No such file"),
        (lambda folder: written(folder / "text.docx", b"no archive"), "not a zip file"),
        (lambda folder: empty(folder / "empty.docx"), "it has no paragraph that holds only {{body}}"),
        (lambda folder: bomb(folder / "bomb.docx"), "too large"),
    ],
)
def test_a_template_that_cannot_be_used_says_why(tmp_path: Path, make: object, reason: str) -> None:
    with pytest.raises(CemfaError) as error:
        Word("en", {}, make(tmp_path))  # type: ignore[operator] - one of the functions above
    assert [problem.code for problem in error.value.problems] == ["word-template"]
    assert reason in str(error.value)


def test_the_template_that_comes_with_cemfa_is_the_written_one() -> None:
    import importlib.util

    file = Path(__file__).parents[3] / "docs" / "make_word_template.py"
    spec = importlib.util.spec_from_file_location("make_word_template", file)
    assert spec is not None
    assert spec.loader is not None
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    theirs, ours = (zipfile.ZipFile(io.BytesIO(c)) for c in (maker.written(), maker.FILE.read_bytes()))
    assert theirs.namelist() == ours.namelist()
    assert all(theirs.read(name) == ours.read(name) for name in ours.namelist())
