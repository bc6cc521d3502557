"""Word documents: numbered tables and figures with sources, a frame that can be replaced, the same bytes each time."""

import datetime
import io
import zipfile
from pathlib import Path

import docx
import pytest

from cemfa.errors import CemfaError
from cemfa.figures.picture import Picture
from cemfa.report import word as module
from cemfa.report.tables import Cell, Column, Table
from cemfa.report.word import Word, frame

COLUMNS = (Column("Chỉ tiêu"), Column("Tỷ lệ", "%", "percent", 1, spread=True), Column("Ghi chú", narrow=False))
TABLE = Table("t", "Kết quả", COLUMNS, ((Cell("Nông thôn\x00"), Cell(0.705, 0.6, 0.8), Cell("dài")),), note="Ước tính")
MAP = Picture(9.2, 4.0, lang="vi", title="Bản đồ chín huyện", description="Điểm là trung tâm huyện")


def read(content: bytes) -> docx.document.Document:
    return docx.Document(io.BytesIO(content))


def texts(content: bytes) -> list[str]:
    return [paragraph.text for paragraph in read(content).paragraphs if paragraph.text]


def test_tables_and_figures_are_numbered_and_name_their_source() -> None:
    word = Word("vi", {"title": "BÁO CÁO"})
    word.heading("Mục tiêu")
    word.table(TABLE, source="Sở Nông nghiệp và Môi trường")
    word.table(TABLE, source="")
    word.figure(MAP, "Bản đồ", source="cemfa")
    assert texts(word.content()) == [
        "BÁO CÁO",
        "I. Mục tiêu",
        "Bảng 1. Kết quả",
        "Ước tính",
        "Nguồn: Sở Nông nghiệp và Môi trường",
        "Bảng 2. Kết quả",
        "Ước tính",
        "Hình 1. Bản đồ",
        "Nguồn: cemfa",
    ]
    with zipfile.ZipFile(io.BytesIO(word.content())) as packed:
        body = packed.read("word/document.xml").decode()
    assert 'descr="Bản đồ chín huyện. Điểm là trung tâm huyện"' in body


def test_a_table_shows_what_the_page_shows() -> None:
    word = Word("vi", {})
    word.table(TABLE, source="")
    table = read(word.content()).tables[1]  # after the head of the document
    assert [cell.text for cell in table.rows[0].cells] == ["Chỉ tiêu", "Tỷ lệ (%)"]
    assert [cell.text for cell in table.rows[1].cells] == ["Nông thôn", "70,5 (60,0 – 80,0)"]
    assert "w:tblHeader" in table.rows[0]._tr.xml


def test_where_there_is_no_room_the_spread_stands_below_and_the_unit_above() -> None:
    columns = (Column("Phương án"), *(Column(str(y), "tỷ đồng", "number", 0, spread=True) for y in range(2026, 2034)))
    word = Word("vi", {})
    word.table(Table("t", "Kinh phí", columns, ((Cell("A"), *[Cell(1234.5, 1000.0, 2000.0)] * 8),)), source="")
    table = read(word.content()).tables[1]
    assert [cell.text for cell in table.rows[0].cells] == ["Phương án", *map(str, range(2026, 2034))]
    assert table.rows[1].cells[1].text == "1.234\n1.000 – 2.000"
    assert "Đơn vị tính: tỷ đồng" in texts(word.content())


def test_headings_are_numbered_and_listed_with_their_pages_as_fields() -> None:
    word = Word("vi", {})
    word.contents("Nội dung")
    for text, level in (("Mục tiêu", 1), ("Nông thôn", 2), ("Xã", 3), ("Đô thị", 2), ("Rủi ro", 1), ("Giá", 2)):
        word.heading(text, level)
    document = read(word.content())
    headings = [p.text for p in document.paragraphs if p.style.name.startswith("Heading")]
    assert headings == ["I. Mục tiêu", "1. Nông thôn", "a) Xã", "2. Đô thị", "II. Rủi ro", "1. Giá"]
    listed = [p.text.strip() for p in document.paragraphs if p.style.name.startswith("toc")]
    assert listed == ["I. Mục tiêu", "1. Nông thôn", "2. Đô thị", "II. Rủi ro", "1. Giá"]
    xml = document.element.xml
    assert xml.count('w:fldCharType="begin"') == xml.count('w:fldCharType="end"') == 1 + len(listed)
    assert 'TOC \\o "1-2"' in xml
    assert all(f'w:name="_Toc{number:08d}"' in xml for number in range(1, 7))


def test_captions_are_counted_by_fields() -> None:
    word = Word("en", {})
    word.table(TABLE, source="")
    xml = read(word.content()).element.xml
    assert "SEQ Table \\* ARABIC" in xml


def test_pages_lie_down_and_stand_up_again() -> None:
    word = Word("vi", {})
    word.paragraph("đứng")
    word.turn(lying=True)
    word.turn(lying=True)
    word.table(TABLE, source="")
    word.turn(lying=False)
    word.paragraph("đứng")
    sections = read(word.content()).sections
    assert [round(section.page_width.mm) for section in sections] == [210, 297, 210]
    assert [section.different_first_page_header_footer for section in sections] == [True, False, False]


def test_a_wide_table_or_figure_needs_a_lying_page() -> None:
    word = Word("vi", {})
    wide = Table("t", "c", tuple(Column(f"Chỉ tiêu số {n}") for n in range(20)), ((Cell("không xác định"),) * 20,))
    assert (word.needs_lying(TABLE), word.needs_lying(wide)) == (False, True)
    broad = Picture(11.4, 4.0, lang="vi", title="rộng")
    assert (word.needs_lying_for(MAP), word.needs_lying_for(broad)) == (False, True)


def test_words_in_braces_in_a_label_are_not_filled_in() -> None:
    word = Word("vi", {"title": "{{body}}", "subtitle": "{{title}} & <b> =1+1"})
    word.paragraph("{{number}}")
    assert texts(word.content())[:3] == ["{{body}}", "{{title}} & <b> =1+1", "{{number}}"]


def test_what_only_people_know_is_left_open() -> None:
    found = frame("vi", "BÁO CÁO", "Kết quả")
    assert found["agency"] == "[TÊN CƠ QUAN BAN HÀNH]"
    assert found["place_date"] == "…, ngày … tháng … năm …"
    assert frame("vi", "", "", day=datetime.date(2026, 2, 1))["place_date"] == "..., ngày 01 tháng 02 năm 2026"


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
    own.sections[0].footer.paragraphs[0].text = "{{title}}, trang"
    own.add_paragraph("SỞ NÔNG NGHIỆP VÀ MÔI TRƯỜNG: {{title}} {{unknown}}")
    own.add_paragraph("{{body}}")
    own.add_paragraph("Nơi nhận: như trên")
    own.save(tmp_path / "own.docx")
    word = Word("vi", {"title": "BÁO CÁO"}, tmp_path / "own.docx")
    word.paragraph("Nội dung")
    assert texts(word.content()) == ["SỞ NÔNG NGHIỆP VÀ MÔI TRƯỜNG: BÁO CÁO ", "Nội dung", "Nơi nhận: như trên"]
    assert read(word.content()).sections[0].footer.paragraphs[0].text == "BÁO CÁO, trang"


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
